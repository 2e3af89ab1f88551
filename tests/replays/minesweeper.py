"""A replay of minesweeper: every count around a number, every group settled, every supposition taken back."""

import re

import networkx as nx

from ._steps import CELL, Follower, falsified, need, reader

GROUPS = r"[A-Za-z](?: with \d+ cells)?(?: and [A-Za-z](?: with \d+ cells)?)*"
SOME = r"[A-Za-z](?: and [A-Za-z])*"
IS = r"(?:is|are) (a mine|all mines|mines|empty)"
SO = rf"so ({SOME}) {IS}(?:, ({SOME}) {IS})?\."
FORMS = {
    "rule": r"Blanks that touch each other, even at a corner, are all mines or all empty, because an empty blank has no mine around it\.",
    "groups": r"A letter stands for each group of touching blanks:",
    "full": rf"The (\d) at {CELL} has all its mines and still touches ({GROUPS}), {SO}",
    "needs": rf"The (\d) at {CELL} needs (\d) more of ({GROUPS}), {SO}",
    "open": r"The numbers around group ([A-Za-z]), ((?:\(\d+, \d+\) ?)+)(?:and (\d+) more cells)?, leave it open\.",
    "suppose": r"I assume that it is (a mine|all mines)\.",
    "back": r"([A-Za-z]) holds no mine, it is empty\.",
    "broken": rf"The (\d) at {CELL} has (\d) mines? now and (no open blank beside it|only ({GROUPS}) left to choose from), which cannot be\.",
    "end": r"With (?:these )?(\d+) mines? each of the (\d+) numbers counts right, and no empty blank touches a mine\.",
    "list": r"The mines are",
}


class Field:
    "The numbers, the blanks by their group's letter, and what is `known` of each letter (True for mines); `tried` keeps what was known before a try."

    def __init__(self, state):
        self.size, self.tried, self.known = state.size, [], {}
        self.need = {(r, c): value for r, row in enumerate(state.grid) for c, value in enumerate(row) if value}
        self.blanks = [(r, c) for r, row in enumerate(state.grid) for c, value in enumerate(row) if not value]
        self.letter = {}

    def touched(self, cell) -> list[tuple[int, int]]:
        return [other for other in self.blanks if max(abs(other[0] - cell[0]), abs(other[1] - cell[1])) == 1]

    def learn(self, board: str) -> None:
        "Take the letters from the opening board, where touching blanks share a letter and others do not."
        graph = nx.Graph((cell, other) for cell in self.blanks for other in [cell, *self.touched(cell)])
        rows = board.split("\n")
        need([len(row) for row in rows] == [self.size] * self.size, "the board has another size")
        self.letter = {(r, c): rows[r][c] for r, c in self.blanks}
        need(all(sign.isalpha() for sign in self.letter.values()), "a blank has no letter")
        parts = [{self.letter[cell] for cell in part} for part in nx.connected_components(graph)]
        need(
            all(len(part) == 1 for part in parts) and len(set().union(*parts)) == len(parts),
            "the letters are not the groups of touching blanks",
        )

    def shown(self, board: str) -> None:
        signs = {cell: str(value) for cell, value in self.need.items()}
        signs |= {
            cell: {True: "*", False: "."}.get(self.known.get(letter), letter) for cell, letter in self.letter.items()
        }
        right = "\n".join("".join(signs[r, c] for c in range(self.size)) for r in range(self.size))
        need(board == right, f"the board is\n{right}\nnot\n{board}")

    def around(self, cell) -> tuple[int, dict[str, int]]:
        "The mines known around a number, and its open letters with their cells."
        near = [self.letter[other] for other in self.touched(cell)]
        return sum(self.known.get(letter, False) for letter in near), {
            letter: near.count(letter) for letter in near if letter not in self.known
        }


def counted(text: str) -> dict[str, int]:
    "The letters with their numbers of cells, as told."
    return {one[0]: int(one.split()[2]) if " " in one else 1 for one in text.split(" and ")}


def settle(field: Field, cell, value: int, more: int, groups: str, settled: dict[str, bool]) -> None:
    "Check a deduction from the number in `cell`: in all ways to choose, each letter settled has that value."
    need(field.need.get(cell) == value, f"{cell} does not show {value}")
    has, left = field.around(cell)
    need(value - has == more, f"{cell} lacks {value - has} mines, not {more}")
    need(counted(groups) == left, f"the open groups around {cell} are {left}")
    letters = list(left)
    sums = [
        choice
        for choice in range(2 ** len(letters))
        if sum(left[letter] for i, letter in enumerate(letters) if choice >> i & 1) == more
    ]
    for letter, mined in settled.items():
        need(
            letter in left and sums and all(choice >> letters.index(letter) & 1 == mined for choice in sums),
            f"{cell} does not settle {letter}",
        )
    field.known |= settled


def broken(field: Field, cell, value: int, has: int, rest: str, groups: str | None) -> None:
    "Check that the number in `cell` cannot be reached."
    mines, left = field.around(cell)
    need(field.need.get(cell) == value and mines == has, f"{cell} shows {field.need.get(cell)} and has {mines} mines")
    need(counted(groups) == left if groups else not left, f"the open groups around {cell} are {left}")
    sums = {0}
    for count in left.values():
        sums |= {total + count for total in sums}
    need(value - has not in sums, f"{cell} can be reached")


def settled(groups: tuple) -> dict[str, bool]:
    "What is settled, from (letters, what, letters, what)."
    return {
        letter: what != "empty"
        for letters, what in zip(groups[::2], groups[1::2])
        if letters
        for letter in letters.split(" and ")
    }


def called(field: Field, letters: str | None, what: str | None) -> None:
    "Groups are called mines, one group all mines, and one cell a mine."
    cells = sum(letter == letters for letter in field.letter.values())  # of one group
    if what not in (None, "empty"):
        need(
            what == ("mines" if " and " in letters else "a mine" if cells == 1 else "all mines"),
            f"{letters} is called {what}",
        )


class Minesweeper(Follower):
    "The sentences about a field."

    FORMS, ONCE = FORMS, "rule groups end list"
    LINKS = "rule>groups open>suppose broken>back end>list"

    def __init__(self, state):
        self.field, self.trying, self.mines = Field(state), "", []

    def is_board(self, line):
        return " " not in line or line[0] == "("

    def on_board(self, name):
        if self.board and name != "list":
            self.field.shown(self.board)
        need(self.board or name not in ("groups", "suppose", "back", "end"), f"no board after {name}")

    def on_groups(self):
        self.field.learn(self.board)

    def on_full(self, value, r, c, groups, *facts):
        self.deduce((int(r), int(c)), int(value), 0, groups, facts)

    def on_needs(self, value, r, c, more, groups, *facts):
        self.deduce((int(r), int(c)), int(value), int(more), groups, facts)

    def deduce(self, cell, value: int, more: int, groups: str, facts: tuple) -> None:
        for letters, what in zip(facts[::2], facts[1::2]):
            called(self.field, letters, what)
        settle(self.field, cell, value, more, groups, settled(facts))

    def on_open(self, letter, listed, more):
        field = self.field
        cells = [str(cell) for cell in sorted(cell for cell, one in field.letter.items() if one == letter)]
        said = re.findall(r"\(\d+, \d+\)", listed)
        whole = said == cells[: len(said)] and len(cells) == len(said) + int(more or 0)
        need(whole and letter not in field.known, f"group {letter} is {cells}")
        for cell in field.need:
            check_open(field, cell, letter)
        self.trying = letter

    def on_suppose(self, what):
        called(self.field, self.trying, what)
        self.field.tried.append((self.trying, dict(self.field.known)))
        self.field.known[self.trying] = True

    def on_broken(self, value, r, c, has, rest, groups):
        broken(self.field, (int(r), int(c)), int(value), int(has), rest, groups)

    def on_back(self, letter):
        need(self.field.tried and self.field.tried[-1][0] == letter, f"{letter} is not what failed")
        self.field.known = {**self.field.tried.pop()[1], letter: False}

    def on_end(self, *counts):
        field = self.field
        self.mines = [cell for cell, letter in field.letter.items() if field.known.get(letter)]
        right = [len(self.mines), len(field.need)]
        need(list(map(int, counts)) == right, f"there are {right[0]} mines and {right[1]} numbers")
        need(set(field.letter.values()) == set(field.known), "not all groups are settled")
        fits = all(field.around(cell)[0] == value for cell, value in field.need.items())
        need(fits, "a number does not count right")

    def on_list(self):
        self.on_answer(self.board)

    def on_answer(self, answer):
        mines = sorted(self.mines)
        need(answer == (",".join(map(str, mines)) or "none"), f"the mines are {mines}")


@reader
def replay(state, text):
    Minesweeper(state).follow(text)


def check_open(field: Field, cell, letter: str) -> None:
    "The number in `cell` must leave the group `letter` open."
    has, left = field.around(cell)
    if letter not in left:
        return
    sums = {(0, False)}
    for one, count in left.items():
        sums |= {(total + count, taken or one == letter) for total, taken in sums}
    found = {taken for total, taken in sums if total == field.need[cell] - has}
    need(found == {True, False}, f"{cell} does not leave {letter} open")


def spoil(text, rng):  # not the cell of a number: the same may be true of the one beside it
    def choices(piece):
        return (
            "ABCDEFG"
            if piece.isalpha()
            else "*.23"
            if piece in "*."
            else [str(int(piece) + 1), str(max(0, int(piece) - 1))]
        )

    return falsified(text, rng, r"(?<!at \()(?<!at \(\d, )\d+|[*.](?=[*.\dA-Z])|(?<=so )[A-Z]\b", choices)
