"""The prover of skyscrapers."""

from functools import cache
from itertools import permutations

from mmhelix_nb.steps import Fact
from provers._cells import Square, few_ways

SIDES = ("top", "bottom", "left", "right")


def visible(line):
    "How many towers are seen from the first one."
    return sum(height == max(line[: i + 1]) for i, height in enumerate(line))


@cache
def orders(n, near, far):
    "The orders of heights that show two numbers from their ends."
    return tuple(line for line in permutations(range(1, n + 1)) if (visible(line), visible(line[::-1])) == (near, far))


class Skyscrapers(Square):
    def __init__(self, state):
        self.state, n = state, state.n
        places = {}
        for i in range(n):
            row, column = [(i, c) for c in range(n)], [(r, i) for r in range(n)]
            for line, cells, near, far in (
                (("row", i), row, state.left[i], state.right[i]),
                (("column", i), column, state.top[i], state.bottom[i]),
            ):
                places[line, near, far] = few_ways(cells, orders(n, near, far))
        super().__init__([(0,) * n] * n, places)

    def readings(self):
        return [[Fact("border", (side, getattr(self.state, side))) for side in SIDES]]

    def tally(self, parts):
        return [Fact("sums", tuple(sum(fact.args[1]) for fact in parts))]

    def more_checks(self, grid):
        found, columns = [], [tuple(line[c] for line in grid) for c in range(self.n)]
        for side, lines, turn in (("top", columns, 1), ("bottom", columns, -1), ("left", grid, 1), ("right", grid, -1)):
            counts, wanted = tuple(visible(line[::turn]) for line in lines), getattr(self.state, side)
            if counts != wanted:
                return [*found, Fact("no-seen", (side, counts, wanted))]
            found.append(Fact("seen", (side, counts)))
        return found


def prover(state):
    return Skyscrapers(state)
