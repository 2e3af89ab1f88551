"""A replay of hitori: equal numbers, shaded neighbours and what hangs together, looked at anew for every fact."""

from . import _search
from ._search import SQUARE, OneFigure, line, sides, square


class Hitori(OneFigure):
    TASK, CELL, BOARD, SIGNS = "hitori", SQUARE, r"[#o.]+", "#o."
    FIGURE = 1
    FACTS = {"is unshaded": 1, "is shaded": 2}
    CHECK = "No line holds a number twice, no shaded cells touch, and the unshaded cells hang together."
    REASONS = {
        r"(Row|Column) (\d+) has its (\d+)": "has",
        r"Of the (\d+)s side by side in (row|column) (\d+) one stays": "one_stays",
        rf"One of the equal numbers on both sides of ({SQUARE}) gets shaded": "between",
        rf"({SQUARE}) is shaded and its neighbours must not be": "apart",
        r"Otherwise unshaded cells would be cut off from each other": "needed",
        r"No unshaded cell can reach (?:it|them)": "out_of_reach",
    }
    BROKEN = {
        r"(Row|Column) (\d+) would hold (\d+) twice\.": "twice",
        r"The (\d+)s side by side in (row|column) (\d+) cannot all be shaded, nor two of them stay\.": "none_stays",
        rf"The shaded cell of ({SQUARE}) would leave two equal numbers beside it\.": "leaves_two",
        rf"({SQUARE}) is shaded next to a shaded cell\.": "touches",
        r"Unshaded cells are cut off from each other\.": "cut_off",
    }

    def names(self):
        return square(self.state.size, 0)

    def start(self):
        return dict.fromkeys(self.cells.values(), 3)

    def given(self):
        numbers = "\n".join(" ".join(map(str, row)) for row in self.state.grid)
        return [
            ("Rows and columns count from 0.", ""),
            ("The numbers are", numbers),
            ("Cells (# shaded, o unshaded, . open):", self.board()),
        ]

    def board(self):
        return "\n".join(
            "".join(" o#."[self.masks[cell]] for cell in line(self.state.size, "row", r))
            for r in range(self.state.size)
        )

    def answer(self):
        return "{" + ", ".join(map(str, sorted(self.with_value(self.masks, 2)))) + "}"

    def equal(self, name, number, value):
        "The cells of a line that hold `value`."
        return [(r, c) for r, c in line(self.state.size, name, int(number)) if self.state.grid[r][c] == int(value)]

    def stays(self, cells):
        "All ways to shade equal numbers of a line so that at most one stays and no neighbours are shaded."
        ways = [(1 << len(cells)) - 1 & ~(1 << i if i >= 0 else 0) for i in range(-1, len(cells))]
        touching = [3 << i for i, (one, other) in enumerate(zip(cells, cells[1:])) if other in sides(one)]
        return [way for way in ways if all(way & pair != pair for pair in touching)]

    def has(self, facts, name, number, value):
        cells = self.equal(name, number, value)
        return (
            ""
            if self.with_value(cells, 1) and all(cell in cells and mask == 2 for cell, mask in facts)
            else "a fact does not follow"
        )

    def one_stays(self, facts, value, name, number):
        cells = self.equal(name, number, value)
        if not any(other in sides(one) for one, other in zip(cells, cells[1:])):
            return "they are not side by side"
        return self.forced(facts, cells, self.stays(cells))

    def pairs(self, name):
        "A cell and the numbers on both sides of it, across and down, where there are two."
        r, c = cell = self.cell(name) or (-9, -9)
        ways = [((r, c - 1), (r, c + 1)), ((r - 1, c), (r + 1, c))]
        return cell, [
            tuple(self.state.grid[y][x] for y, x in way) for way in ways if all(one in self.masks for one in way)
        ]

    def between(self, facts, name):
        cell, pairs = self.pairs(name)
        return "" if facts == [(cell, 1)] and any(one == other for one, other in pairs) else "a fact does not follow"

    def apart(self, facts, name):
        shaded = self.cell(name)
        return (
            ""
            if self.masks.get(shaded) == 2 and all(cell in sides(shaded) and mask == 1 for cell, mask in facts)
            else "a fact does not follow"
        )

    def twice(self, name, number, value):
        return "" if len(self.with_value(self.equal(name, number, value), 1)) > 1 else "it does not"

    def none_stays(self, value, name, number):
        cells = self.equal(name, number, value)
        return "there is a way" if self.ways(cells, self.stays(cells)) else ""

    def leaves_two(self, name):
        cell, pairs = self.pairs(name)
        return "" if self.masks.get(cell) == 2 and any(one == other for one, other in pairs) else "it does not"

    def touches(self, name):
        shaded = self.cell(name)
        return (
            ""
            if self.masks.get(shaded) == 2 and any(self.masks.get(cell) == 2 for cell in sides(shaded))
            else "it is not"
        )


def replay(state, text):
    return Hitori(state).read(text)


def spoil(text, rng):
    return _search.spoil(Hitori, text, rng)
