"""A replay of aquarium: the water of every line is poured in all ways that stand level in its tanks."""

import re
from itertools import product

from . import _search
from ._search import Search, Wrong

AMOUNTS = r"[A-Z]\d* \d+(?:, [A-Z]\d* \d+)*"


class Aquarium(Search):
    TASK, CELL, BOARD, SIGNS = "aquarium", r"[Tt]ank [A-Z]\d* in row \d+", r"[~.-]+", "~-."
    FACTS = {"is dry": 1, "is wet": 2}
    CHECK = "Water stands level in every tank, and all counts are right."
    REASONS = {
        r"(Row|Column) (\d+) has (?:all its wet cells \((\d+)\)|no wet cell)": "full",
        rf"(Row|Column) (\d+) needs (\d+) (more )?wet cells? from ({AMOUNTS}): (?:only (.+)|all ways agree)": "needs",
        r"What lies below a wet part of tank ([A-Z]\d*) is wet too": "below",
        r"What lies above a dry part of tank ([A-Z]\d*) is dry too": "above",
        r"The water in tank ([A-Z]\d*) stands level": "level_water",
    }
    BROKEN = {
        r"(Row|Column) (\d+) has (\d+) wet cells?, not (\d+)\.": "too_many",
        rf"(Row|Column) (\d+) needs (\d+) more wet cells?, which (?:({AMOUNTS}) cannot|no open cell can) give\.": "no_way",
        r"Tank ([A-Z]\d*) would be wet above a dry part\.": "unlevel",
    }

    def __init__(self, state):
        names = {}
        for tank in (tank for row in state.regions for tank in row):
            names.setdefault(tank, chr(65 + len(names) % 26) + str(len(names) // 26 or ""))
        self.tanks, self.fills = [[names[tank] for tank in row] for row in state.regions], {}
        super().__init__(state)

    def names(self):
        return {f"tank {tank} in row {r}": (r, tank) for r, row in enumerate(self.tanks) for tank in row}

    def start(self):
        return dict.fromkeys(self.cells.values(), 3)

    def given(self):
        grid, state = "\n".join(" ".join(row) for row in self.tanks), self.state
        rows, columns = (", ".join(map(str, numbers)) for numbers in (state.rows, state.columns))
        return [
            ("Rows and columns count from 0.", ""),
            ("With a letter for each tank, the grid is", grid),
            (f"Wet cells in the rows, top to bottom: {rows}", ""),
            (f"Wet cells in the columns, left to right: {columns}", ""),
            ("Water (~ wet, - dry, . open):", self.board()),
        ]

    def board(self):
        return "\n".join("".join(" -~."[self.masks[r, tank]] for tank in row) for r, row in enumerate(self.tanks))

    def answer(self):
        return str(
            [(c, r) for r, row in enumerate(self.tanks) for c, tank in enumerate(row) if self.masks[r, tank] == 2]
        )

    def line(self, name, number):
        "The parts in a line, the cells of each, the number of wet cells, and all ways to fill them."
        at, (lines, totals) = (
            int(number),
            (self.tanks, self.state.rows) if name == "Row" else (list(zip(*self.tanks)), self.state.columns),
        )
        if at >= len(lines):
            raise Wrong("there is no such line")
        cells = [(at if name == "Row" else i, tank) for i, tank in enumerate(lines[at])]
        parts = list(dict.fromkeys(cells))
        sizes = [cells.count(part) for part in parts]
        if (name, at) not in self.fills:
            self.fills[name, at] = list(self.level(parts, sizes, totals[at]))
        return parts, sizes, totals[at], self.fills[name, at]

    def level(self, parts, sizes, total):
        "All ways to fill `total` cells so that no tank is wet above a dry part."
        pairs = [
            (i, j) for j in range(len(parts)) for i in range(j) if parts[i][1] == parts[j][1]
        ]  # the upper part first
        for bits in product((0, 1), repeat=len(parts)):
            if sum(size * wet for size, wet in zip(sizes, bits)) == total and all(bits[i] <= bits[j] for i, j in pairs):
                yield sum(wet << i for i, wet in enumerate(bits))

    def amounts(self, parts, sizes, chosen):
        "The cells of the chosen parts by tank, sorted."
        found = {}
        for i in chosen:
            found[parts[i][1]] = found.get(parts[i][1], 0) + sizes[i]
        return sorted(f"{tank} {cells}" for tank, cells in found.items())

    def missing(self, name, number):
        "How many wet cells are missing, whether there is one, and the amounts that are open."
        parts, sizes, total, _ = self.line(name, number)
        wet, free = ([i for i, part in enumerate(parts) if self.masks[part] == mask] for mask in (2, 3))
        return total - sum(sizes[i] for i in wet), bool(wet), self.amounts(parts, sizes, free)

    def full(self, facts, name, number, told):
        parts, _, total, _ = self.line(name, number)
        if self.missing(name, number)[0] or int(told or 0) != total or (told is None) != (total == 0):
            return "the number is another one"
        return "" if all(part in parts and mask == 1 for part, mask in facts) else "a fact does not follow"

    def needs(self, facts, name, number, told, more, amounts, ways):
        parts, sizes, _, fills = self.line(name, number)
        if self.missing(name, number) != (int(told), bool(more), sorted(amounts.split(", "))):
            return "the line needs something else"
        left = [
            [i for i in range(len(parts)) if way >> i & 1 and self.masks[parts[i]] == 3]
            for way in self.ways(parts, fills)
        ]
        if ways and sorted(sorted(way.split(" + ")) for way in re.split(", | or ", ways)) != sorted(
            self.amounts(parts, sizes, way) for way in left
        ):
            return "the ways are others"
        return self.forced(facts, parts, fills)

    def parts(self, tank):
        return sorted((part for part in self.masks if part[1] == tank), key=lambda part: part[0])

    def sides(self, tank, facts):
        "For each fact the masks above and below that part; a fact about another tank is wrong."
        parts = self.parts(tank)
        if any(part not in parts for part, _ in facts):
            raise Wrong("a fact is about another tank")
        for part, mask in facts:
            at = parts.index(part)
            yield mask, {self.masks[one] for one in parts[:at]}, {self.masks[one] for one in parts[at + 1 :]}

    def below(self, facts, tank):
        return "" if all(mask == 2 in above for mask, above, _ in self.sides(tank, facts)) else "a fact does not follow"

    def above(self, facts, tank):
        return "" if all(mask == 1 in below for mask, _, below in self.sides(tank, facts)) else "a fact does not follow"

    def level_water(self, facts, tank):
        return (
            ""
            if all(mask in (above if mask == 2 else below) for mask, above, below in self.sides(tank, facts))
            else "a fact does not follow"
        )

    def too_many(self, name, number, told, wanted):
        _, _, total, _ = self.line(name, number)
        return (
            ""
            if int(wanted) == total < int(told) == total - self.missing(name, number)[0]
            else "the numbers are others"
        )

    def no_way(self, name, number, told, amounts):
        parts, _, _, fills = self.line(name, number)
        rest, _, free = self.missing(name, number)
        if rest != int(told) or free != sorted(amounts.split(", ") if amounts else []):
            return "the line needs something else"
        return "there is a way" if self.ways(parts, fills) else ""

    def unlevel(self, tank):
        masks = [self.masks[part] for part in self.parts(tank)]
        return "" if 2 in masks and 1 in masks[masks.index(2) :] else "it is not"


def replay(state, text):
    return Aquarium(state).read(text)


def spoil(text, rng):
    return _search.spoil(Aquarium, text, rng)
