"""The prover of snake."""

from itertools import product

from mmhelix_nb.steps import Fact
from provers._cells import Place
from provers._shades import Shades, beside, count_place, together_place


def links_place(near, links):
    "A first cell that has `links` of its neighbours with it, if it belongs to the snake; a reason names the number and neighbours that are in, or out."
    own, *others = near

    def fits(domains):
        inside = sum(domain == {1} for domain in domains[1:])
        able = sum(1 in domain for domain in domains[1:])
        return all(domains) and (0 in domains[0] or inside <= links <= able)

    def claims(more, domains):
        named = [tuple(cell for cell, domain in zip(others, domains[1:]) if domain == {value}) for value in (1, 0)]
        return more in ((links,), *((links, cells) for cells in named))

    return Place(tuple(near), fits, claims)


def touches(square):
    "Whether of 2 x 2 cells all are in, or two that meet at a corner alone."
    return square in ((1, 1, 1, 1), (1, 0, 0, 1), (0, 1, 1, 0))


def square_place(r, c):
    cells = [(r, c), (r, c + 1), (r + 1, c), (r + 1, c + 1)]
    ways = [way for way in product((0, 1), repeat=4) if not touches(way)]

    def fits(domains):
        return any(all(value in domain for value, domain in zip(way, domains)) for way in ways)

    return Place(tuple(cells), fits)


class Snake(Shades):
    inner = (2,)

    def __init__(self, state):
        self.n = n = state.size
        self.ends, self.counts = (state.start, state.end), (state.row_counts, state.column_counts)
        places: dict = {(): together_place(n, 1)}
        for i in range(n):
            places[("row", i),] = count_place([(i, j) for j in range(n)], self.counts[0][i])
            places[("column", i),] = count_place([(j, i) for j in range(n)], self.counts[1][i])
        for cell in product(range(n), repeat=2):
            places[cell,] = links_place([cell, *beside(n, cell)], 1 if cell in self.ends else 2)
        for r, c in product(range(n - 1), repeat=2):
            places[(r, c), (r + 1, c + 1)] = square_place(r, c)
        super().__init__(n, places, "-#", dict.fromkeys(self.ends, 1))

    def readings(self):
        ends = [Fact("end", (name, cell)) for name, cell in zip("SE", self.ends)]
        return [ends, [Fact("clues", (lines, counts)) for lines, counts in zip(("rows", "columns"), self.counts)]]

    def tally(self, parts):
        if parts[0].kind == "clues":
            return [Fact("totals", tuple(fact.args[1] for fact in parts))]
        (r, c), (i, j) = (fact.args[1] for fact in parts)
        return [Fact("span", (abs(r - i), abs(c - j)))]

    def checks(self):
        return [self.tallies(*self.counts), self.neighbours, self.corners, self.connection(1)]

    def neighbours(self, grid):
        cells = self.ones(grid)
        for cell in cells:
            near = len(set(beside(self.n, cell)) & set(cells))
            if near != 2 - (cell in self.ends):
                return [Fact("no-path", (cell, near))]
        return [Fact("path", (len(cells) - 2,))]

    def corners(self, grid):
        for r, c in product(range(self.n - 1), repeat=2):
            if touches(tuple(int(grid[y][x] == "#") for y in (r, r + 1) for x in (c, c + 1))):
                return [Fact("no-corners", ((r, c), (r + 1, c + 1)))]
        return [Fact("corners", ((self.n - 1) ** 2,))]

    def answer(self, parts):
        cells, path = self.ones([fact.args[1] for fact in parts]), [self.ends[0]]
        while more := [cell for cell in beside(self.n, path[-1]) if cell in cells and cell not in path]:
            path.append(more[0])
        return " ".join(f"({r},{c})" for r, c in path)


def prover(state):
    return Snake(state)
