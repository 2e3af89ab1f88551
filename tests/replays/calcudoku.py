"""The replay of calcudoku."""

from functools import cache
from math import prod

from replays._grids import CountsWays, Facts, Latin, Table, expect, latin_lines, spoil_number

WRITTEN = {"*": "x", "÷": "/"}


def makes(sign: str, values) -> int:
    "What `values` make with `sign`; 0 where a quotient is not whole."
    low, high = min(values), max(values)
    return {"+": sum(values), "*": prod(values), "-": high - low, "÷": 0 if high % low else high // low}[sign]


@cache
def ways(n: int, cells: tuple, sign: str, target: int) -> list:
    "The fillings of `cells` as masks, in ascending order of the values."
    found = [()]
    for i, (r, c) in enumerate(cells):
        last, rivals = i == len(cells) - 1, [k for k in range(i) if r == cells[k][0] or c == cells[k][1]]
        fresh = ((*way, value) for way in found for value in range(1, n + 1) if all(way[k] != value for k in rivals))
        found = [
            way
            for way in fresh
            if (makes(sign, way) == target if last else sign not in "+*" or makes(sign, way) <= target)
        ]
    return [tuple(1 << value for value in way) for way in found]


class Cages(CountsWays, Latin):
    "A reader that knows the cages."

    title = r"the cage (\S+) at row (\d+), column (\d+)"
    own = [
        (r"the cages are", "whole_cages"),
        (r"(\S+: [(\d, )]+); the grid, with \. for an empty cell, is", "whole_last"),
        (rf"{title} is one cell, so (.+)\.", "on_single"),
        (rf"{title} (has \d+ ways left|can only be [\d or]+), so (.+)\.", "on_cage"),
        (rf"{title} cannot be filled any more\.", "fail_cage"),
        (r"every row and column holds 1 to (\d+) once, and all (\d+) cages make their targets\.", "on_check"),
        *Latin.own,
    ]

    def __init__(self, state):
        n, self.state = state.size, state
        self.lines, self.cages = latin_lines(n), {}
        for cells, sign, target in state.regions:
            cells = sorted(cells)
            label = f"{target}{WRITTEN.get(sign, sign)}" if len(cells) > 1 else str(target)
            top, left = cells[0][0], min(c for _, c in cells)
            table = Table(
                [n * (r - 1) + c - 1 for r, c in cells],
                ways(n, tuple((r - top, c - left) for r, c in cells), sign, target),
            )
            self.cages[label, cells[0]] = table
        super().__init__(Facts([(1 << n + 1) - 2] * (n * n), [*self.lines.values(), *self.cages.values()]), n)

    def whole_cages(self, part):
        self.listing = part.board

    def whole_last(self, last, part):
        lines = [
            f"{label}: {' '.join(f'({cell // self.n + 1}, {cell % self.n + 1})' for cell in table.cells)}"
            for (label, _), table in self.cages.items()
        ]
        expect(f"{self.listing}\n{last}".split("\n") == lines, "the cages are not those of the puzzle")
        expect(part.board == self.board(), "the grid is not empty at first")

    def cage(self, label, row, column):
        expect(
            (label, (int(row), int(column))) in self.cages, f"there is no cage {label} at row {row}, column {column}"
        )
        return self.cages[label, (int(row), int(column))]

    def on_single(self, *words):
        cage = self.cage(*words[:3])
        expect(len(cage.cells) == 1, "this cage has more cells than one")
        self.deduce(words[3], cage)

    def on_cage(self, label, row, column, words, text):
        cage = self.cage(label, row, column)
        self.deduce(text, cage, self.ways_left(cage, words, "ways"))

    def fail_cage(self, *names):
        self.cage(*names)
        self.fail(True, f"the cage {names[0]} cannot be filled any more")

    def on_check(self, n, cages):
        expect(int(n) == self.n and int(cages) == len(self.cages), "the counts at the end are wrong")
        for cells, sign, target in self.state.regions:
            expect(
                makes(sign, [self.facts.known[self.n * (r - 1) + c - 1] for r, c in cells]) == target,
                f"a cage does not make {target}",
            )
        self.full_lines()


def replay(state, text: str) -> str:
    return Cages(state).follow(text)


def spoil(text: str, rng):
    return spoil_number(text, rng)
