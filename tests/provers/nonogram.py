"""The prover of nonograms."""

from functools import cache
from itertools import groupby, product

from mmhelix_nb.steps import Fact
from provers._cells import table
from provers._shades import Shades, open_ways


def runs_of(line):
    return tuple(len(list(some)) for value, some in groupby(line) if value)


@cache
def fillings(clue, n):
    "The ways to fill a line, as tuples of 0 and 1, the runs as far left as they go first."
    found = [way for way in product((0, 1), repeat=n) if runs_of(way) == clue]
    return sorted(found, key=lambda way: [i for i in range(n) if way[i] and (i == 0 or not way[i - 1])])


class Nonogram(Shades):
    inner = (1,)

    def __init__(self, state):
        n, self.clues = len(state.rows), {"row": state.rows, "column": state.columns}
        places = {}
        for kind, clues in self.clues.items():
            for i, clue in enumerate(clues):
                cells = [(i, j) if kind == "row" else (j, i) for j in range(n)]
                places[(kind, i),] = self.line_place(cells, clue)
        super().__init__(n, places, "-X")

    def line_place(self, cells, clue):
        ways = fillings(clue, len(cells))

        def claims(more, domains):
            left = ["".join("-X"[value] for value in way) for way in open_ways(ways, domains)]
            now = "".join("_" if len(domain) > 1 else "-X"[min(domain)] for domain in domains)
            seen = () if set(now) == {"_"} else (now,)
            return more in ((clue, *seen), (clue, *seen, tuple(left)), (clue, *seen, len(left)))

        return table(cells, ways, claims)

    def readings(self):
        rows, columns = (tuple(clue or (0,) for clue in self.clues[kind]) for kind in ("row", "column"))
        return [[Fact("clues", ("rows", rows)), Fact("clues", ("columns", columns))]]

    def tally(self, parts):
        return [Fact("totals", tuple(tuple(map(sum, fact.args[1])) for fact in parts))]

    def checks(self):
        return [self.runs]

    def runs(self, grid):
        found = {"row": [], "column": []}
        for kind, lines in (("row", grid), ("column", zip(*grid))):
            for i, line in enumerate(lines):
                runs = runs_of([sign == "X" for sign in line])
                if runs != self.clues[kind][i]:
                    return [Fact("no-runs", ((kind, i), runs, self.clues[kind][i]))]
                found[kind].append(runs)
        return [Fact("runs", (tuple(found["row"]), tuple(found["column"])))]

    def answer(self, parts):
        return "\n".join("".join(fact.args[1]) for fact in parts).replace("-", ".")


def prover(state):
    return Nonogram(state)
