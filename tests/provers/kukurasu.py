"""The prover of kukurasu."""

from itertools import product

from mmhelix_nb.steps import Fact
from provers._cells import Cells, Place, row_facts


def makes(total):
    "Whether black cells, each counting its place in the line, can add up to `total`."

    def fits(domains):
        sums = {0}
        for weight, domain in enumerate(domains, 1):
            sums = {one + weight * value for one in sums for value in domain}
        return total in sums

    return fits


def claims(total):
    "Whether what is said of a line is true: its sum, what is missing, the ways to make that."

    def true(more, domains):
        black = sum(weight for weight, domain in enumerate(domains, 1) if domain == {1})
        free = [weight for weight, domain in enumerate(domains, 1) if len(domain) == 2]
        chosen = (tuple(w for w, used in zip(free, uses) if used) for uses in product((0, 1), repeat=len(free)))
        ways = [way for way in chosen if sum(way) == total - black]
        if len(more) == 3:
            return more[:2] == (total - black, len(ways)) and more[2] in ways
        if len(more) == 1:
            return more == (total,) and black == total
        if isinstance(more[1], int):
            return more == (black, total)
        return more[0] == total - black and (sorted(more[1]) == sorted(ways) if ways else more[1] == tuple(free))

    return true


class Kukurasu(Cells):
    inner = (1,)

    def __init__(self, state):
        self.state, n = state, len(state.rows)
        cells = [(r, c) for r in range(n) for c in range(n)]
        places = {}
        for i, (row, column) in enumerate(zip(state.rows, state.columns)):
            places[("row", i),] = Place(tuple((i, c) for c in range(n)), makes(row), claims(row))
            places[("column", i),] = Place(tuple((r, i) for r in range(n)), makes(column), claims(column))
        super().__init__(dict.fromkeys(cells, (0, 1)), places, {})

    def readings(self):
        return [[Fact("clues", ("rows", self.state.rows)), Fact("clues", ("columns", self.state.columns))]]

    def tally(self, parts):
        return [Fact("weighted", tuple(tuple((i + 1) * one for i, one in enumerate(fact.args[1])) for fact in parts))]

    def copies(self):
        n = len(self.state.rows)
        return row_facts([[self.value((r, c)) for c in range(n)] for r in range(n)], "copy")

    def computed(self, parts):
        rows, found = [fact.args[1] for fact in parts], []
        columns = [[line[c] for line in rows] for c in range(len(rows))]
        for kind, lines, totals in (("row", rows, self.state.rows), ("column", columns, self.state.columns)):
            for i, (line, total) in enumerate(zip(lines, totals)):
                weights = tuple(w for w, black in enumerate(line, 1) if black)
                if sum(weights) != total:
                    return [*found, Fact("no-sum", ((kind, i), weights, total))]
                found.append(Fact("sum", ((kind, i), weights)))
        return found

    def answer(self, parts):
        return str([list(fact.args[1]) for fact in parts])


def prover(state):
    return Kukurasu(state)
