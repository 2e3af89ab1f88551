"""The prover of binairo."""

from functools import cache
from itertools import product

from mmhelix_nb.steps import Fact
from provers._cells import Place, filled, row_facts, table
from provers._shades import Shades, open_ways


@cache
def legal_lines(n):
    "As many 0s as 1s, and no three equal digits side by side."
    return [
        way
        for way in product((0, 1), repeat=n)
        if sum(way) * 2 == n and not any(way[i] == way[i + 1] == way[i + 2] for i in range(n - 2))
    ]


def reads(domains):
    return "".join("_" if len(domain) > 1 else str(min(domain)) for domain in domains)


def line_claims(more, domains):
    "What a reason may say of a line: a digit that it holds, what it reads, and the ways that are left or their number."
    now = reads(domains)
    ways = ["".join(map(str, way)) for way in open_ways(legal_lines(len(domains)), domains)]
    held = [(digit,) for digit in (0, 1) if set(now) - {"_"} == {str(digit)}]
    return more in (*held, (now,), (now, tuple(ways)), (now, len(ways)))


def unequal(cells, n):
    "Two legal lines that differ."

    def fits(domains):
        one, two = (open_ways(legal_lines(n), half) for half in (domains[:n], domains[n:]))
        return bool(one and two and (len(one) > 1 or len(two) > 1 or one != two))

    def claims(more, domains):
        now = reads(domains[:n]), reads(domains[n:])
        return more == now or more == now[:1] == now[1:]

    return Place(tuple(cells), fits, claims)


class Binairo(Shades):
    def __init__(self, state):
        n, self.rows = len(state.grid), [["" if cell is None else str(cell) for cell in row] for row in state.grid]
        lines = {("row", i): [(i, j) for j in range(n)] for i in range(n)}
        lines |= {("column", i): [(j, i) for j in range(n)] for i in range(n)}
        places = {(name,): table(cells, legal_lines(n), line_claims) for name, cells in lines.items()}
        for one, two in product(lines, repeat=2):
            if one[0] == two[0] and one[1] < two[1]:
                places[one, two] = unequal([*lines[one], *lines[two]], n)
        given = {(r, c): int(sign) for r, row in enumerate(self.rows) for c, sign in enumerate(row) if sign}
        super().__init__(n, places, "01", given)

    def readings(self):
        return [row_facts(self.rows)]

    def tally(self, parts):
        return filled(parts)

    def checks(self):
        return [self.balanced, self.all_differ]

    def balanced(self, grid):
        counts = [tuple("".join(line).count("1") for line in lines) for lines in (grid, list(zip(*grid)))]
        for kind, some in zip(("row", "column"), counts):
            for i, count in enumerate(some):
                if count * 2 != self.n:
                    return [Fact("no-ones", ((kind, i), count, self.n // 2))]
        return [Fact("ones", tuple(counts))]

    def all_differ(self, grid):
        lines = {"row": ["".join(line) for line in grid], "column": ["".join(line) for line in zip(*grid)]}
        for kind, some in lines.items():
            for i, line in enumerate(some):
                if "000" in line or "111" in line:
                    return [Fact("no-downwards", ((kind, i), line))]
        for kind, some in lines.items():
            for j, line in enumerate(some):
                if line in some[:j]:
                    return [Fact("no-twins", ((kind, some.index(line)), (kind, j)))]
        return [Fact("downwards", (tuple(lines["column"]),))]

    def answer(self, parts):
        return "\n".join(" ".join(fact.args[1]) for fact in parts)


def prover(state):
    return Binairo(state)
