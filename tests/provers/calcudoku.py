"""The prover of calcudoku."""

from itertools import product
from math import prod

from mmhelix_nb.steps import Fact
from provers._cells import Square, few_ways

PRINTED = {"*": "x", "÷": "/"}


def makes(sign, numbers):
    "What numbers make with an operator; None for a quotient that is not whole."
    low, high = min(numbers), max(numbers)
    if sign in "+*":
        return sum(numbers) if sign == "+" else prod(numbers)
    return high - low if sign == "-" else high // low if high % low == 0 else None


def fillings(n, cells, sign, target):
    "All ways to fill the cells, those in a line with different numbers."
    pairs = [(i, k) for k in range(len(cells)) for i in range(k) if any(a == b for a, b in zip(cells[i], cells[k]))]
    ways = [()]
    for k in range(len(cells)):
        ways = [(*way, value) for way, value in product(ways, range(1, n + 1))]
        ways = [way for way in ways if all(way[i] != way[j] for i, j in pairs if j == k)]
        if sign in "+*":
            ways = [way for way in ways if makes(sign, way) <= target]
    return [way for way in ways if len(way) == 1 and way[0] == target or len(way) > 1 and makes(sign, way) == target]


class Calcudoku(Square):
    inner = (1,)

    def __init__(self, state):
        self.cages = [
            (tuple(sorted((r - 1, c - 1) for r, c in cells)), sign, target) for cells, sign, target in state.regions
        ]
        places = {
            (cells, self.label(cells, sign, target)): few_ways(cells, fillings(state.size, cells, sign, target))
            for cells, sign, target in self.cages
        }
        super().__init__([(0,) * state.size] * state.size, places)

    @staticmethod
    def label(cells, sign, target):
        return f"{target}{PRINTED.get(sign, sign)}" if len(cells) > 1 else str(target)

    def readings(self):
        return [[Fact("cage", (cells, self.label(cells, sign, target))) for cells, sign, target in self.cages]]

    def tally(self, parts):
        return [Fact("covered", (tuple(len(fact.args[0]) for fact in parts), self.n**2))]

    def more_checks(self, grid):
        found = []
        for cells, sign, target in self.cages:
            numbers = tuple(grid[r][c] for r, c in cells)
            if (numbers[0] if len(cells) == 1 else makes(sign, numbers)) != target:
                return [Fact("no-made", (self.label(cells, sign, target), numbers))]
            if len(cells) > 1:
                ordered = numbers if sign in "+*" else tuple(sorted(numbers, reverse=True))
                found.append((PRINTED.get(sign, sign), ordered, target))
        return [Fact("made", (tuple(found),))]


def prover(state):
    return Calcudoku(state)
