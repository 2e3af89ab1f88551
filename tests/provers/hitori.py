"""The prover of hitori."""

from itertools import product

from mmhelix_nb.steps import Fact
from provers._cells import row_facts, table
from provers._shades import Shades, beside, together_place


class Hitori(Shades):
    quiet = True

    def __init__(self, state):
        self.grid, n = state.grid, len(state.grid)
        places: dict = {(): together_place(n, 0)}
        for kind in ("row", "column"):
            for i in range(n):
                places |= self.line_places((kind, i), [(i, j) if kind == "row" else (j, i) for j in range(n)])
        for cell in [(r, c) for r in range(n) for c in range(n)]:
            near = [cell, *beside(n, cell)]
            places[cell,] = table(
                near, [way for way in product((0, 1), repeat=len(near)) if not way[0] or sum(way) == 1]
            )
        super().__init__(n, places, "o#")

    def line_places(self, line, cells):
        "The equal numbers of a line, and the cells between two equal ones."
        numbers, found = [self.grid[r][c] for r, c in cells], {}
        for number in sorted(set(numbers)):
            spots = [cell for cell, one in zip(cells, numbers) if one == number]
            ways = [way for way in product((0, 1), repeat=len(spots)) if way.count(0) <= 1 and self.apart(spots, way)]

            def claims(more, domains, spots=tuple(spots)):
                return more in ((), (spots,))

            if len(spots) > 1:
                found[line, number] = table(spots, ways, claims)
        for i in range(1, len(cells) - 1):
            if numbers[i - 1] == numbers[i + 1]:
                ways = [way for way in product((0, 1), repeat=3) if way[::2] != (0, 0) and self.apart(cells[:3], way)]
                found[line, cells[i]] = table(cells[i - 1 : i + 2], ways)
        return found

    def apart(self, cells, way):
        "Whether no two shaded cells share an edge."
        dark = [cell for cell, value in zip(cells, way) if value]
        return not any(abs(a - c) + abs(b - d) == 1 for a, b in dark for c, d in dark)

    def readings(self):
        return [row_facts(self.grid)]

    def tally(self, parts):
        return [Fact("sums", (tuple(map(sum, zip(*(fact.args[1] for fact in parts)))),))]

    def checks(self):
        return [self.keeps, self.spread, self.connection(0)]

    def keeps(self, grid):
        lines = {"row": [], "column": []}
        for i in range(self.n):
            lines["row"].append(tuple(self.grid[i][j] for j in range(self.n) if grid[i][j] == "o"))
            lines["column"].append(tuple(self.grid[j][i] for j in range(self.n) if grid[j][i] == "o"))
        for kind in lines:
            for i, line in enumerate(lines[kind]):
                for number in line:
                    if line.count(number) > 1:
                        return [Fact("no-keeps", ((kind, i), line, number))]
        return [Fact("keeps", (tuple(lines["row"]), tuple(lines["column"])))]

    def spread(self, grid):
        dark = self.ones(grid)
        touching = [(cell, other) for cell in dark for other in beside(self.n, cell) if other in dark]
        return [Fact("no-spread", touching[0])] if touching else [Fact("spread", (len(dark),))]

    def answer(self, parts):
        return "{" + ", ".join(map(str, self.ones([fact.args[1] for fact in parts]))) + "}"


def prover(state):
    return Hitori(state)
