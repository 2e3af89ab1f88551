"""A replay of kukurasu: every sum is made of the open weights in all ways."""

import re
from functools import lru_cache

from . import _search
from ._search import SQUARE, Search, line, square


@lru_cache(maxsize=2_000)
def making(total: int, n: int) -> list[int]:
    "The masks of weights 1 to n that add up to `total`."
    return [mask for mask in range(1 << n) if sum(i + 1 for i in range(n) if mask >> i & 1) == total]


def numbers(text) -> list[int]:
    return list(map(int, re.findall(r"\d+", text or "")))


class Kukurasu(Search):
    TASK, CELL, BOARD, SIGNS = "kukurasu", SQUARE, r"[01.]( [01.])*", "01."
    FACTS = {"is white": 1, "is black": 2}
    CHECK = "The black cells of every row and column add up to its total."
    REASONS = {
        r"(Row|Column) (\d+) has its (\d+) already": "full",
        r"(Row|Column) (\d+) needs (\d+) (more )?from weights? ([\d, ]+): only (.+)": "only",
        r"(Row|Column) (\d+) needs (\d+) (more )?from weights? ([\d, ]+): (?:every way has ([\d, and]+?))?(?: and )?(?:no way has ([\d, or]+))?": "shares",
    }
    BROKEN = {
        r"(Row|Column) (\d+) is (\d+) above its (\d+)\.": "above",
        r"(Row|Column) (\d+) still needs (\d+), but (?:weights? ([\d, ]+) (?:do|does) not make (\d+)|no cell of it is open)\.": "no_way",
    }

    def names(self):
        return square(self.state.size, 1)

    def start(self):
        return dict.fromkeys(self.cells.values(), 3)

    def given(self):
        rows, columns = (", ".join(map(str, totals)) for totals in (self.state.rows, self.state.columns))
        return [
            (f"The rows need {rows} and the columns {columns}; the grid, with . for an open cell, is", self.board())
        ]

    def rows(self):
        return [[self.masks[cell] for cell in line(self.state.size, "row", r)] for r in range(self.state.size)]

    def board(self):
        return "\n".join(" ".join(" 01."[mask] for mask in row) for row in self.rows())

    def answer(self):
        return str([[mask - 1 for mask in row] for row in self.rows()])

    def line(self, name, number):
        "The cells of a line, its total, what it still needs, its open weights."
        n, at = self.state.size, int(number) - 1
        cells, total = line(n, name, at), (self.state.rows if name == "Row" else self.state.columns)[at]
        black, free = ([i + 1 for i, cell in enumerate(cells) if self.masks[cell] == mask] for mask in (2, 3))
        return cells, total, total - sum(black), free

    def full(self, facts, name, number, total):
        cells, wanted, rest, _ = self.line(name, number)
        return (
            "the total is not reached"
            if rest or int(total) != wanted
            else ""
            if all(cell in cells and mask == 1 for cell, mask in facts)
            else "a fact does not follow"
        )

    def wrong_needs(self, name, number, rest, more, weights) -> str:
        _, total, left, free = self.line(name, number)
        return (
            ""
            if int(rest) == left and bool(more) == (left < total) and numbers(weights) == free
            else "the line needs something else"
        )

    def ways_left(self, name, number):
        "The ways to fill a line, as sets of those weights that are open before."
        cells, total, _, free = self.line(name, number)
        return [
            [i + 1 for i in range(len(cells)) if way >> i & 1 and i + 1 in free]
            for way in self.ways(cells, making(total, len(cells)))
        ]

    def only(self, facts, name, number, rest, more, weights, ways):
        cells, total, _, _ = self.line(name, number)
        told = [numbers(way) for way in re.split(", | or ", ways)]
        if sorted(told) != sorted(self.ways_left(name, number)):
            return "the ways are others"
        return self.wrong_needs(name, number, rest, more, weights) or self.forced(
            facts, cells, making(total, len(cells))
        )

    def shares(self, facts, name, number, rest, more, weights, every, none):
        cells, total, _, _ = self.line(name, number)
        for mask, told in ((2, numbers(every)), (1, numbers(none))):
            if [cells.index(cell) + 1 for cell, value in facts if cell in cells and value == mask] != told:
                return "the facts are about other weights"
        return self.wrong_needs(name, number, rest, more, weights) or self.forced(
            facts, cells, making(total, len(cells))
        )

    def above(self, name, number, much, total):
        _, wanted, rest, _ = self.line(name, number)
        return "" if int(total) == wanted and int(much) == -rest > 0 else "the sum is another one"

    def no_way(self, name, number, rest, weights, again):
        _, _, left, free = self.line(name, number)
        if int(rest) != left or numbers(weights) != free or (again or rest) != rest:
            return "the line needs something else"
        return "there is a way" if self.ways_left(name, number) else ""


def replay(state, text):
    return Kukurasu(state).read(text)


def spoil(text, rng):
    return _search.spoil(Kukurasu, text, rng)
