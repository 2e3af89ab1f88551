"""A replay of wordsearch: every first letter in reading order, and the letters in every direction from it."""

import re

from ._steps import CELL, falsified, need, numbers, reader, told

WAYS = {
    way: (("E" in way) - ("W" in way), ("S" in way) - ("N" in way)) for way in "E SE S SW W NW N NE".split()
}  # (right, down)
WAY = "([NS]?[EW]|[NS])"
BEGUN = rf"{CELL}(?: with ([A-Z]+) towards ([NSEW, ]+) but no ([A-Z]))?"
FORMS = {
    "look": r"I look for ([A-Z]+): at each ([A-Z]) I follow the letters around it\.",
    "none": r"No ([A-Z]) in rows? (\d+(?:, \d+)*)\.",
    "quiet": rf"([A-Z]) at ({BEGUN}(?:, {BEGUN})*): no direction with room goes on to ([A-Z]+)\.",
    "begins": rf"From {CELL} towards {WAY} it begins with ([A-Z]+)\.",
    "next": r"The next letter is ([A-Z]), not ([A-Z])\.",
    "fails": rf"The word does not run from {CELL} towards {WAY}\.",
    "reads": rf"Towards {WAY} I read (.*): the whole word\.",
    "stands": rf"The answer is ([A-Z]+ {WAY} @ {CELL})\.",
}

ONCE, LINKS = "look reads stands", "begins~next next>fails begins~reads reads>stands"


class Grid:
    "The grid, the word, and what is still to be told: `starts` in reading order with the directions in which much of the word is there."

    def __init__(self, state):
        self.grid, self.word, self.size = state.grid, state.word, len(state.grid)
        self.deep = 2 if len(self.word) < 5 else 3
        self.starts = [
            (c + 1, r + 1) for r, row in enumerate(self.grid) for c, letter in enumerate(row) if letter == self.word[0]
        ]
        self.fits = {start: {way: fit for way in WAYS if (fit := self.fit(start, way))} for start in self.starts}
        self.far = [(start, way) for start in self.starts for way, fit in self.fits[start].items() if fit >= self.deep]
        self.quiet = [start for start in self.starts if max(self.fits[start].values(), default=0) < self.deep]

    def letters(self, start, way: str) -> list[str]:
        "The letters from a cell in a direction, as many as the word has or the grid holds."
        spots = [(start[0] - 1 + i * WAYS[way][0], start[1] - 1 + i * WAYS[way][1]) for i in range(len(self.word))]
        return [self.grid[y][x] for x, y in spots if 0 <= x < self.size and 0 <= y < self.size]

    def fit(self, start, way: str) -> int:
        "How many letters of the word are there; 0 where the grid ends too early."
        letters = self.letters(start, way)
        if len(letters) < len(self.word):
            return 0
        return next((i for i, (one, other) in enumerate(zip(letters, self.word)) if one != other), len(self.word))


def check_quiet(grid: Grid, first: str, text: str, deep: str) -> None:
    "Each cell told must be the next first letter from which nothing much comes."
    need(first == grid.word[0] and deep == grid.word[: grid.deep], f"the word begins with {grid.word[: grid.deep]}")
    for x, y, begun, ways, no in re.findall(BEGUN, text):
        need(grid.quiet[:1] == [(int(x), int(y))], f"the next {first} is at {grid.quiet[:1]}")
        right = [way for way, fit in grid.fits[grid.quiet.pop(0)].items() if fit == 2 and grid.deep == 3]
        need(
            (begun, ways, no) == ((grid.word[:2], ", ".join(right), grid.word[2]) if right else ("", "", "")),
            f"{grid.word[:2]} is there towards {right}",
        )


def check_begin(grid: Grid, at, way: str, part: str) -> None:
    "The next try of those with enough letters."
    need(grid.far[:1] == [(at, way)], f"the next try is {grid.far[:1]}")
    grid.far.pop(0)
    fit = grid.fits[at][way]
    need(
        part == grid.word[: grid.deep if fit == len(grid.word) else fit], f"the letters that fit are {grid.word[:fit]}"
    )
    need(not [start for start in grid.quiet if start[::-1] < at[::-1]], f"left out: {grid.quiet[:1]}")


def is_board(line: str) -> bool:
    "Whether a line holds a row of the grid or the letters that fit."
    return bool(re.fullmatch(r"[A-Z](?: [A-Z])+|[A-Z]+\.*", line))


@reader
def replay(state, text):
    grid, at, way, bare = Grid(state), None, "", set()
    word = state.word
    empty = {row for row, letters in enumerate(state.grid, 1) if word[0] not in letters}
    for name, groups, board in told(text, FORMS, ONCE, LINKS, is_board):
        cell = tuple(int(group) for group in groups if group and group.isdecimal())
        if name == "look":
            need(
                groups == (word, word[0]) and board == "\n".join(map(" ".join, state.grid)),
                "the word or the grid is another",
            )
        elif name == "none":
            rows = set(map(int, groups[1].split(", ")))
            need(
                groups[0] == word[0] and rows <= empty and not rows & bare,
                f"the rows without {word[0]} are {sorted(empty)}",
            )
            bare |= rows
        elif name == "quiet":
            check_quiet(grid, groups[0], groups[1], groups[-1])
        elif name == "begins":
            at, way = cell, groups[2]
            check_begin(grid, at, way, groups[3])
            fit = grid.fits[at][way]
            need(board == word[:fit] + "." * (len(word) - fit), f"the letters that fit are {word[:fit]}")
        elif name == "next":
            fit = grid.fits[at][way] if at else 0
            need(fit < len(word) and groups == (grid.letters(at, way)[fit], word[fit]), "the next letter is another")
        elif name == "fails":
            need(
                (cell, groups[2]) == (at, way)
                and grid.fits[at][way] < len(word)
                and board == word[0] + "." * (len(word) - 1),
                "another direction was tried",
            )
        elif name == "reads":
            spots = [(at[0] + i * WAYS[way][0], at[1] + i * WAYS[way][1]) for i in range(len(word))]
            need(
                groups == (way, ", ".join(f"{letter} at {spot}" for letter, spot in zip(grid.letters(at, way), spots))),
                "the letters are others",
            )
            need(
                grid.fits[at][way] == len(word) and bare == {row for row in empty if row < at[1]},
                "the word is not there, or rows were left out",
            )
        elif name in ("stands", "answer"):
            need(groups[0] == f"{word} {way} @ {at}", f"the word stands at {at} towards {way}")
        need(not board or name in ("look", "begins", "fails"), f"unexpected board: {board}")


def spoil(text, rng):
    def choices(piece):
        return "ABCDEFGHI" if len(piece) == 1 and piece.isalpha() else numbers(piece)

    return falsified(text, rng, r"\d+|^[A-Z](?= )|(?<= )[A-Z](?=,|\.? [A-Z]\b|$)", choices)
