"""The prover of eulero: letters are 11, 12, ..., digits 1, 2, ..., and a cell is (row, column, half)."""

from mmhelix_nb.steps import Fact
from provers._cells import Cells, Place, distinct, filled, row_facts


def sign(value):
    return chr(54 + value) if value > 10 else str(value)


def number(sign):
    return ord(sign) - 54 if sign.isalpha() else int(sign)


class Eulero(Cells):
    def __init__(self, state):
        self.grid, n = state.grid, len(state.grid)
        self.n, cells = n, [(r, c) for r in range(n) for c in range(n)]
        blank = {(*cell, half): range(11 - 10 * half, 11 - 10 * half + n) for half in (0, 1) for cell in cells}
        places = {}
        for half, name in enumerate(("letters", "digits")):
            for i in range(n):
                places[(("row", i, name),)] = distinct((i, c, half) for c in range(n))
                places[(("column", i, name),)] = distinct((r, i, half) for r in range(n))
        given = {(r, c, half): number(state.grid[r][c][half]) for r, c in cells for half in (0, 1) if state.grid[r][c]}
        self.cells = cells
        super().__init__(blank, places, given)

    def place(self, args):
        if args[0] in [key[0] for key in self.places]:
            return super().place(args)
        both = [(*cell, half) for half in (0, 1) for cell in self.cells]
        return Place(tuple(both), self.unique, self.stand), args

    def pairs(self, domains):
        half = len(self.cells)
        return {
            cell: (min(letter), min(digit))
            for cell, letter, digit in zip(self.cells, domains, domains[half:])
            if len(letter) == len(digit) == 1
        }

    def unique(self, domains):
        pairs = [*self.pairs(domains).values()]
        if len(set(pairs)) < len(pairs):
            return False
        half = len(self.cells)
        for letter, digit in zip(domains, domains[half:]):
            if len(letter) * len(digit) > 1 and all((a, b) in pairs for a in letter for b in digit):
                return False
        return True

    def stand(self, more, domains):
        pairs = self.pairs(domains)
        if len(more) == 2 and more[0] in self.cells:  # a cell for which no pair is left
            here = self.cells.index(more[0])
            mine = {(a, b) for a in domains[here] for b in domains[here + len(self.cells)]}
            return mine <= {pair for _, pair in more[1]} and all(pairs.get(cell) == pair for cell, pair in more[1])
        if len(more) == 2:  # cells that share a pair
            return len(set(more[0])) == 2 and all(pairs.get(cell) == more[1] for cell in more[0])
        return all(pairs.get(cell) == pair for cell, pair in more[0])

    def readings(self):
        return [row_facts(self.grid)]

    def tally(self, parts):
        return filled(parts)

    def copies(self):
        return row_facts(
            [
                tuple(sign(self.value((r, c, 0))) + sign(self.value((r, c, 1))) for c in range(self.n))
                for r in range(self.n)
            ],
            "copy",
        )

    def computed(self, parts):
        grid = [fact.args[1] for fact in parts]
        columns = [tuple(line[c] for line in grid) for c in range(self.n)]
        for kind, lines in (("row", grid), ("column", columns)):
            for i, line in enumerate(lines):
                for half in (0, 1):
                    signs = [pair[half] for pair in line]
                    for one in signs:
                        if signs.count(one) > 1:
                            return [Fact("no-once", ((kind, i), tuple(line), one))]
        pairs = [pair for line in grid for pair in line]
        for pair in pairs:
            if pairs.count(pair) > 1:
                return [Fact("once"), Fact("no-partners", (pair,))]
        letters = [sign(11 + k) for k in range(self.n)]
        return [
            Fact("once"),
            Fact(
                "partners", (tuple(tuple(int(pair[1]) for pair in pairs if pair[0] == letter) for letter in letters),)
            ),
        ]

    def answer(self, parts):
        return "\n".join("|".join(fact.args[1]) for fact in parts)


def prover(state):
    return Eulero(state)
