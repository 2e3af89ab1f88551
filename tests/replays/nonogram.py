"""A replay of nonogram: every line is filled in all ways."""

from functools import lru_cache
from itertools import combinations

from . import _search
from ._search import SQUARE, Search, Wrong, line, square


@lru_cache(maxsize=5_000)
def fillings(clue: tuple, n: int) -> list[int]:
    "The masks of all ways to place the runs: each takes one cell more than its length, of n + 1."
    gaps, found = n + 1 - sum(clue) - len(clue), []
    for starts in combinations(range(gaps + len(clue)), len(clue)):
        at = [start + sum(clue[:i]) for i, start in enumerate(starts)]
        found.append(sum(((1 << run) - 1) << begin for begin, run in zip(at, clue)))
    return found


def runs(clue) -> str:
    return "no run" if not clue else f"one run of {clue[0]}" if len(clue) == 1 else "runs " + ", ".join(map(str, clue))


class Nonogram(Search):
    TASK, CELL, BOARD, SIGNS = "nonogram", SQUARE, r"[X.?]+", "X.?"
    FACTS = {"is empty": 1, "is filled": 2}
    CHECK = "The runs of every row and column have the lengths wanted."
    REASONS = {
        r"(Row|Column) (\d+) has no run": "no_run",
        r"(Row|Column) (\d+) has (.+?)(?: and reads ([X.?]+))?; every way to place (?:it|them) agrees": "agree",
    }
    BROKEN = {r"(Row|Column) (\d+) reads ([X.?]+), where (.+) cannot be placed\.": "no_place"}

    def names(self):
        return square(self.state.size, 1)

    def start(self):
        return dict.fromkeys(self.cells.values(), 3)

    def given(self):
        clues = [
            f"{name} {i} {runs(clue)}"
            for name, lines in (("row", self.state.rows), ("column", self.state.columns))
            for i, clue in enumerate(lines, 1)
        ]
        return [(f"The numbers say: {'; '.join(clues)}.", self.board())]

    def board(self):
        return "\n".join(self.seen("row", r) for r in range(self.state.size))

    def seen(self, name, number):
        return "".join(" .X?"[self.masks[cell]] for cell in line(self.state.size, name, number))

    def line(self, name, number, told, seen):
        "The cells of a line and all its fillings, if it has the runs that are told and reads as told."
        n, at = self.state.size, int(number) - 1
        cells, clue = line(n, name, at), (self.state.rows if name == "Row" else self.state.columns)[at]
        if told != runs(clue):
            raise Wrong("the numbers are others")
        if self.seen(name, at) != (seen or "?" * n):
            raise Wrong("the line reads otherwise")
        return cells, fillings(clue, n)

    def no_run(self, facts, name, number):
        return self.forced(facts, *self.line(name, number, "no run", self.seen(name, int(number) - 1)))

    def agree(self, facts, name, number, clue, seen):
        return self.forced(facts, *self.line(name, number, clue, seen))

    def no_place(self, name, number, seen, clue):
        return "the runs can be placed" if self.ways(*self.line(name, number, clue, seen)) else ""


def replay(state, text):
    return Nonogram(state).read(text)


def spoil(text, rng):
    return _search.spoil(Nonogram, text, rng)
