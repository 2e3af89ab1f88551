"""A replay of campsite: tents are pitched on the places beside trees."""

from itertools import combinations

from . import _search
from ._search import SQUARE, Search, line, sides, square


def tents(number, more) -> str:
    return f"{number} {'more ' if more else ''}tent{'s' if int(number) != 1 else ''}"


class Campsite(Search):
    TASK, CELL, BOARD, SIGNS = "campsite", SQUARE, r"[TA.-]+", "TA.-"
    FACTS = {"is empty": 1, "is a tent": 2}
    CHECK = "Every tent has a tree beside it, no two touch, and all numbers are right."
    REASONS = {
        r"(Row|Column) (\d+) has (?:its (\d+) already|no tent)": "full",
        r"(Row|Column) (\d+) needs (\d+ (?:more )?tents?) and has no more places than that": "all",
        r"(Row|Column) (\d+) needs (\d+ (?:more )?tents?), and its (\d+) open places give room only with gaps": "gaps",
        rf"The tent at ({SQUARE}) must not touch another": "apart",
    }
    BROKEN = {
        r"(Row|Column) (\d+) has (\d+ tents?), not (\d+)\.": "too_many",
        r"(Row|Column) (\d+) needs (\d+ (?:more )?tents?), but (?:its (\d+) open places have no room for that|no place is open)\.": "no_room",
        rf"The tent at ({SQUARE}) touches another\.": "touches",
    }

    def names(self):
        return square(len(self.state.grid), 1)

    def start(self):
        grid = self.state.grid
        trees = {(r, c) for r, row in enumerate(grid) for c, sign in enumerate(row) if sign == "T"}
        return {cell: 3 if cell not in trees and trees & set(sides(cell)) else 1 for cell in self.cells.values()}

    def given(self):
        rows, columns = (", ".join(map(str, numbers)) for numbers in (self.state.rows, self.state.columns))
        last = "With T for a tree, . for such a place and - for any other cell, the grid is"
        says = [
            f"Tents in the rows, top to bottom: {rows}",
            f"Tents in the columns, left to right: {columns}",
            "Only free cells beside a tree can hold a tent.",
        ]
        return [*((one, "") for one in says), (last, self.board())]

    def board(self):
        return "\n".join(
            "".join(sign if sign == "T" else " -A."[self.masks[r, c]] for c, sign in enumerate(row))
            for r, row in enumerate(self.state.grid)
        )

    def answer(self):
        return str([[r + 1, c + 1] for r, c in sorted(self.with_value(self.masks, 2))])

    def line(self, name, number):
        "The cells of a line, its number, the tents that are missing, its open places."
        cells = line(len(self.state.grid), name, int(number) - 1)
        total = (self.state.rows if name == "Row" else self.state.columns)[int(number) - 1]
        return cells, total, total - len(self.with_value(cells, 2)), len(self.with_value(cells, 3))

    def patterns(self, cells, total):
        "All ways to choose `total` cells of a line without neighbours."
        return [
            sum(1 << i for i in chosen)
            for chosen in combinations(range(len(cells)), total)
            if all(b - a > 1 for a, b in zip(chosen, chosen[1:]))
        ]

    def full(self, facts, name, number, told):
        cells, total, rest, _ = self.line(name, number)
        if rest or int(told or 0) != total or (told is None) != (total == 0):
            return "the number is another one"
        return "" if all(cell in cells and mask == 1 for cell, mask in facts) else "a fact does not follow"

    def needs(self, name, number, told, free):
        "What is wrong with the tents and places that are told."
        _, total, rest, places = self.line(name, number)
        return "" if told == tents(rest, rest < total) and int(free or 0) == places else "the line needs something else"

    def all(self, facts, name, number, told):
        cells, _, rest, free = self.line(name, number)
        if rest != free or not all(cell in cells and mask == 2 for cell, mask in facts):
            return "a fact does not follow"
        return self.needs(name, number, told, free)

    def gaps(self, facts, name, number, told, free):
        cells, total, *_ = self.line(name, number)
        return self.needs(name, number, told, free) or self.forced(facts, cells, self.patterns(cells, total))

    def around(self, name):
        "A tent and the eight cells around it."
        r, c = tent = self.cell(name) or (-9, -9)
        return tent, {(y, x) for y in (r - 1, r, r + 1) for x in (c - 1, c, c + 1)} - {tent}

    def apart(self, facts, name):
        tent, near = self.around(name)
        return (
            ""
            if self.masks.get(tent) == 2 and all(cell in near and mask == 1 for cell, mask in facts)
            else "a fact does not follow"
        )

    def too_many(self, name, number, told, wanted):
        _, total, rest, _ = self.line(name, number)
        return (
            "" if rest < 0 and told == tents(total - rest, False) and int(wanted) == total else "the tents are others"
        )

    def no_room(self, name, number, told, free):
        cells, total, *_ = self.line(name, number)
        return self.needs(name, number, told, free) or (
            "there is room" if self.ways(cells, self.patterns(cells, total)) else ""
        )

    def touches(self, name):
        tent, near = self.around(name)
        return "" if self.masks.get(tent) == 2 and any(self.masks.get(cell) == 2 for cell in near) else "it does not"


def replay(state, text):
    return Campsite(state).read(text)


def spoil(text, rng):
    return _search.spoil(Campsite, text, rng)
