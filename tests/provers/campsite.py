"""The prover of campsites."""

from itertools import product

from mmhelix_nb.steps import Fact
from provers._cells import filled, row_facts, table
from provers._proof import expect
from provers._shades import Shades, around, beside, open_ways, subsets


def spaced_out(cells):
    "Whether no two cells of a line stand side by side."
    return all(abs(a - c) + abs(b - d) != 1 for a, b in cells for c, d in cells)


class Campsite(Shades):
    quiet = True

    inner = (2,)

    def __init__(self, state):
        n, self.grid, self.wanted = len(state.grid), state.grid, (state.rows, state.columns)
        cells = [(r, c) for r in range(n) for c in range(n)]
        self.trees = [cell for cell in cells if state.grid[cell[0]][cell[1]] == "T"]
        spots = [cell for cell in cells if cell not in self.trees and set(beside(n, cell)) & set(self.trees)]
        places = {}
        for axis, kind in enumerate(("row", "column")):
            for i, total in enumerate(self.wanted[axis]):
                places[(kind, i),] = self.line_place([cell for cell in spots if cell[axis] == i], total)
        for cell in spots:
            near = [cell, *(other for other in around(n, cell) if other in spots)]
            ways = [way for way in product((0, 1), repeat=len(near)) if not way[0] or sum(way) == 1]
            places[cell,] = table(near, ways)
        super().__init__(n, places, "-A", fixed=dict.fromkeys(self.trees, "T"))
        self.spots = spots
        self.blank |= {cell: frozenset([0]) for cell in cells if cell not in spots}

    def line_place(self, cells, total):
        ways = subsets(cells, [total], spaced_out)

        def claims(more, domains):
            left = open_ways(ways, domains)
            named = {tuple(cell for cell, value in zip(cells, way) if value) for way in left}
            said = more[:1] == (total,) and len(more) == 2 and isinstance(more[1], tuple)
            return said and set(more[1]) == named or more in ((total,), (total, len(left)))

        return table(cells, ways, claims)

    def readings(self):
        trees = [["T" if sign == "T" else "" for sign in line] for line in self.grid]
        clues = [Fact("clues", (lines, counts)) for lines, counts in zip(("rows", "columns"), self.wanted)]
        return [row_facts(trees), clues]

    def tally(self, parts):
        return filled(parts) if parts[0].kind == "line" else [Fact("totals", tuple(fact.args[1] for fact in parts))]

    def follows(self, step):
        if step.facts[0].kind != "places":
            super().follows(step)
            return
        (reason,) = step.reasons
        expect(reason.rule == "beside" and list(reason.facts) == self.readings()[0], "the trees are not named")
        signs = dict.fromkeys(self.trees, "T") | dict.fromkeys(self.spots, "?")
        rows = [[signs.get((r, c), "-") for c in range(self.n)] for r in range(self.n)]
        expect(list(step.facts) == row_facts(rows, "places"), "these are not the places beside a tree")

    def checks(self):
        return [self.tallies(*self.wanted), self.apart, self.by_trees]

    def apart(self, grid):
        tents = self.ones(grid)
        touching = [(cell, other) for cell in tents for other in around(self.n, cell) if other in tents]
        return [Fact("no-apart", touching[0])] if touching else [Fact("apart", (len(tents),))]

    def by_trees(self, grid):
        tents = self.ones(grid)
        near = [[other for other in beside(self.n, cell) if grid[other[0]][other[1]] == "T"] for cell in tents]
        for cell, trees in zip(tents, near):
            if not trees:
                return [Fact("no-by-trees", (cell,))]
        return [Fact("by-trees", (tuple(tents), tuple(trees[0] for trees in near)))]

    def answer(self, parts):
        return str([[r + 1, c + 1] for r, c in self.ones([fact.args[1] for fact in parts])])


def prover(state):
    return Campsite(state)
