"""The replay of futoshiki."""

from replays._grids import Facts, Latin, Table, expect, latin_lines, spoil_number


class Signs(Latin):
    "A reader that knows the signs."

    own = [
        (
            r"the signs, a cell as its row and column, are ([\d<, ]+); the grid, with \. for an empty cell, is",
            "on_given",
        ),
        (r"row (\d+), column (\d+) < row (\d+), column (\d+), so (.+)\.", "on_sign"),
        (r"row (\d+), column (\d+) < row (\d+), column (\d+) cannot hold any more\.", "fail_sign"),
        (r"every row and column holds 1 to (\d+) once, and all (\d+) signs hold\.", "on_check"),
        *Latin.own,
    ]

    def __init__(self, state):
        n = len(state.grid)
        cells = [value for row in state.grid for value in row]
        less = [(one, two) if sign == "<" else (two, one) for one, two, sign in state.inequalities]
        self.signs = {(n * a[0] + a[1], n * b[0] + b[1]): None for a, b in less}
        pairs = [(1 << low, 1 << high) for high in range(1, n + 1) for low in range(1, high)]
        for pair in self.signs:
            self.signs[pair] = Table(pair, pairs)
        self.lines, self.written = (
            latin_lines(n),
            ", ".join(f"{a[0] + 1}{a[1] + 1}<{b[0] + 1}{b[1] + 1}" for a, b in less),
        )
        facts = Facts(
            [1 << value if value else (1 << n + 1) - 2 for value in cells], [*self.lines.values(), *self.signs.values()]
        )
        facts.known = {cell: value for cell, value in enumerate(cells) if value}
        super().__init__(facts, n)

    def on_given(self, signs):
        expect(signs == self.written, "the signs are not those of the puzzle")

    def sign(self, a, b, c, d):
        pair = self.cell(a, b), self.cell(c, d)
        expect(pair in self.signs, f"no sign stands between row {a}, column {b} and row {c}, column {d}")
        return self.signs[pair]

    def on_sign(self, a, b, c, d, text):
        self.deduce(text, self.sign(a, b, c, d))

    def fail_sign(self, a, b, c, d):
        sign = self.sign(a, b, c, d)
        low, high = (self.facts.known.get(cell) for cell in sign.cells)
        self.fail(
            low is None or high is None or low >= high,
            f"row {a}, column {b} < row {c}, column {d} cannot hold any more",
        )

    def on_check(self, n, signs):
        expect(int(n) == self.n and int(signs) == len(self.signs), "the counts at the end are wrong")
        expect(all(self.facts.known[a] < self.facts.known[b] for a, b in self.signs), "a sign does not hold")
        self.full_lines()


def replay(state, text: str) -> str:
    return Signs(state).follow(text)


def spoil(text: str, rng):
    return spoil_number(text, rng)
