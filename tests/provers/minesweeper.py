"""The prover of minesweeper: the mines among the blanks around a number are counted."""

from itertools import product

from mmhelix_nb.steps import Fact
from provers._cells import Cells, Place, filled, row_facts


def around(n, r, c):
    return [(i, j) for i, j in product(range(n), repeat=2) if max(abs(r - i), abs(c - j)) == 1]


def number(cells, need):
    "A number that `need` of its cells have to meet; a reason may say it, and how many mines there are, or can be, by what is known."

    def fits(domains):
        return sum(1 not in domain or len(domain) > 1 for domain in domains) >= len(domains) - need and (
            sum(domain == {1} for domain in domains) <= need <= sum(1 in domain for domain in domains)
        )

    def claims(more, domains):
        least, most = sum(domain == {1} for domain in domains), sum(1 in domain for domain in domains)
        return more[:1] == (need,) and (len(more) == 1 or more[1] == (least if least > need else most))

    return Place(tuple(cells), fits, claims)


def alike(domains):
    "Whether all cells can be of one kind."
    return any(all(value in domain for domain in domains) for value in (0, 1))


def pieces(blanks, n):
    "The blanks that hang together over edges and corners."
    left = set(blanks)
    while left:
        piece, new = set(), {min(left)}
        while new:
            piece |= new
            new = {one for cell in new for one in around(n, *cell) if one in left} - piece
        left -= piece
        yield sorted(piece)


class Minesweeper(Cells):
    def __init__(self, state):
        n, self.grid = state.size, state.grid
        self.shown = {(r, c): value for r, row in enumerate(state.grid) for c, value in enumerate(row) if value}
        self.blanks = [cell for cell in product(range(n), repeat=2) if cell not in self.shown]
        self.near = {cell: [one for one in around(n, *cell) if one in self.blanks] for cell in self.shown}
        places = {(cell,): number(self.near[cell], value) for cell, value in self.shown.items()}
        if not state.covered:
            places |= {("blanks", piece[0]): Place(tuple(piece), alike) for piece in pieces(self.blanks, n)}
        super().__init__(dict.fromkeys(self.blanks, (0, 1)), places, {})

    def readings(self):
        return [row_facts([[value or 0 for value in row] for row in self.grid])]

    def tally(self, parts):
        return filled(parts)

    def copies(self):
        return [Fact("mine", (cell,)) for cell in self.blanks if self.value(cell)]

    def computed(self, parts):
        mined = [fact.args[0] for fact in parts]
        count = {cell: sum(one in mined for one in near) for cell, near in self.near.items()}
        wrong = [
            Fact("no-number", (cell, self.shown[cell], found))
            for cell, found in count.items()
            if found != self.shown[cell]
        ]
        return wrong[:1] or [Fact("recount", (tuple(count.values()),))]

    def answer(self, parts):
        return ",".join(str(fact.args[0]) for fact in parts)


def prover(state):
    return Minesweeper(state)
