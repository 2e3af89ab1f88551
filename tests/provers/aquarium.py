"""The prover of aquariums: what is known is known of parts, the cells of a tank in a row, named by row and letter."""

from itertools import product

from mmhelix_nb.steps import Fact
from provers._cells import Cells, row_facts, table
from provers._shades import open_ways


def letters_of(regions):
    "The tanks as letters in the order in which they are met."
    order = list(dict.fromkeys(tank for line in regions for tank in line))
    names = {tank: chr(65 + i % 26) + (str(i // 26) if i > 25 else "") for i, tank in enumerate(order)}
    return [[names[tank] for tank in line] for line in regions]


def floats(parts, way):
    "Whether of parts of one tank, from top to bottom, a wet one stands above a dry one."
    wet = dict(zip(parts, way))
    return any(wet[one] and not wet[two] for one in parts for two in parts if one[1] == two[1] and one[0] < two[0])


class Aquarium(Cells):
    inner = (2,)

    def __init__(self, state):
        self.letters, self.counts = letters_of(state.regions), (state.rows, state.columns)
        parts = list(dict.fromkeys((r, tank) for r, line in enumerate(self.letters) for tank in line))
        self.tanks = sorted({tank for _, tank in parts}, key=lambda tank: (len(tank), tank))
        places = {}
        for tank in self.tanks:
            own = [part for part in parts if part[1] == tank]
            places[tank,] = table(own, [way for way in product((0, 1), repeat=len(own)) if not floats(own, way)])
        lines = {("row", r): [(r, tank) for tank in line] for r, line in enumerate(self.letters)}
        lines |= {("column", c): list(enumerate(line)) for c, line in enumerate(zip(*self.letters))}
        for name, cells in lines.items():
            places[name,] = self.line_place(cells, self.counts[name[0] == "column"][name[1]])
        super().__init__(dict.fromkeys(parts, (0, 1)), places, {})

    def line_place(self, cells, total):
        parts = sorted(dict.fromkeys(cells), key=cells.index)
        weights = [cells.count(part) for part in parts]
        sums = {way: sum(a * b for a, b in zip(weights, way)) for way in product((0, 1), repeat=len(parts))}
        ways = [way for way, found in sums.items() if found == total and not floats(parts, way)]

        def terms(way):
            return tuple((part, weight) for part, weight, wet in zip(parts, weights, way) if wet)

        def claims(more, domains):
            left = open_ways(ways, domains)
            if more[:1] != (total,) or len(more) > 2:
                return False
            if more[1:] in ((), (len(left),)):
                return True
            bounds = [terms([pick(domain) for domain in domains]) for pick in (min, max)]  # what is wet, what can be
            if not isinstance(more[1], tuple) or set(more[1]) in map(set, bounds):
                return isinstance(more[1], tuple)
            return {frozenset(way) for way in more[1]} == {frozenset(terms(way)) for way in left}

        return table(parts, ways, claims)

    def readings(self):
        clues = [Fact("clues", (lines, counts)) for lines, counts in zip(("rows", "columns"), self.counts)]
        return [row_facts(self.letters), clues]

    def tally(self, parts):
        if parts[0].kind == "clues":
            return [Fact("totals", tuple(fact.args[1] for fact in parts))]
        cells = [tank for fact in parts for tank in fact.args[1]]
        tanks = tuple(sorted(set(cells), key=lambda tank: (len(tank), tank)))
        return [Fact("sizes", (tanks, tuple(cells.count(tank) for tank in tanks)))]

    def copies(self):
        grid = [["-~"[self.value((r, tank))] for tank in line] for r, line in enumerate(self.letters)]
        return row_facts(grid, "copy")

    def computed(self, parts):
        grid = [fact.args[1] for fact in parts]
        counts = [tuple(line.count("~") for line in lines) for lines in (grid, list(zip(*grid)))]
        for kind, found, wanted in zip(("row", "column"), counts, self.counts):
            for i, (count, total) in enumerate(zip(found, wanted)):
                if count != total:
                    return [Fact("no-tally", ((kind, i), count, total))]
        return [Fact("tallies", tuple(counts)), *self.levels(grid)]

    def levels(self, grid):
        depth = dict.fromkeys(self.tanks, 0)
        for r in range(len(grid) - 1, -1, -1):
            for tank in sorted(set(self.letters[r])):
                signs = {grid[r][c] for c, own in enumerate(self.letters[r]) if own == tank}
                lower = sum(tank in line for line in self.letters[r + 1 :])
                if len(signs) > 1 or "~" in signs and depth[tank] < lower:
                    return [Fact("no-levels", (tank, r))]
                depth[tank] += "~" in signs
        return [Fact("levels", (tuple(self.tanks), tuple(depth.values())))]

    def answer(self, parts):
        grid = [fact.args[1] for fact in parts]
        return str([(c, r) for r, line in enumerate(grid) for c, sign in enumerate(line) if sign == "~"])


def prover(state):
    return Aquarium(state)
