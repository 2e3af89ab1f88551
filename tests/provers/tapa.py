"""The prover of tapa."""

from itertools import product

from mmhelix_nb.steps import Fact
from provers._cells import filled, row_facts, table
from provers._shades import Shades, around, open_ways, subsets, together_place


def one_group(cells):
    "Whether cells touch, by edges or corners, so that they are one group."
    seen = list(cells[:1])
    for r, c in seen:
        seen += [cell for cell in cells if abs(cell[0] - r) < 2 and abs(cell[1] - c) < 2 and cell not in seen]
    return len(seen) == len(cells)


class Tapa(Shades):
    quiet = True

    def __init__(self, state):
        n, self.rows = len(state.grid), [[0 if sign == "." else int(sign) for sign in line] for line in state.grid]
        self.clues = {(r, c): self.rows[r][c] for r in range(n) for c in range(n) if self.rows[r][c]}
        places: dict = {(): together_place(n, 1)}
        for cell, number in self.clues.items():
            places[cell,] = self.group_place(n, cell, number)
        full = [way for way in product((0, 1), repeat=4) if sum(way) < 4]
        for r, c in product(range(n - 1), repeat=2):
            places[(r, c), (r + 1, c + 1)] = table([(r, c), (r, c + 1), (r + 1, c), (r + 1, c + 1)], full)
        super().__init__(n, places, "o#", fixed={cell: str(number) for cell, number in self.clues.items()})

    def group_place(self, n, cell, number):
        near = [other for other in around(n, cell) if other not in self.clues]
        ways = subsets(near, [number], one_group)

        def claims(more, domains):
            left = open_ways(ways, domains)
            named = tuple(tuple(one for one, value in zip(near, way) if value) for way in left)
            return more in ((number,), (number, named), (number, len(left)))

        return table(near, ways, claims)

    def readings(self):
        return [row_facts(self.rows)]

    def tally(self, parts):
        return filled(parts)

    def checks(self):
        return [self.around_clues, self.blocks, self.connection(1)]

    def around_clues(self, grid):
        for cell, number in self.clues.items():
            near = [(r, c) for r, c in around(self.n, cell) if grid[r][c] == "#"]
            if len(near) != number:
                return [Fact("no-around", (cell, len(near), number))]
            if not one_group(near):
                return [Fact("no-group", (cell, number))]
        return [Fact("around", (tuple(self.clues), tuple(self.clues.values())))]

    def blocks(self, grid):
        for r, c in product(range(self.n - 1), repeat=2):
            if all(grid[y][x] == "#" for y in (r, r + 1) for x in (c, c + 1)):
                return [Fact("no-blocks", ((r, c), (r + 1, c + 1)))]
        return [Fact("blocks", ((self.n - 1) ** 2,))]

    def answer(self, parts):
        return ", ".join(f"({r},{c})" for r, c in self.ones([fact.args[1] for fact in parts])) or "none"


def prover(state):
    return Tapa(state)
