"""The replay of sudoku."""

from replays._grids import Facts, Latin, Line, expect, latin_lines, spoil_number


class Boxes(Latin):
    "A reader that knows the boxes."

    own = [
        (r"the boxes are numbered from 1 to 9, row by row; the grid, with \. for an empty cell, is", "on_given"),
        (r"every other digit stands in its row, column or box, so (.+)\.", "on_only"),
        (r"every row, column and box holds 1 to 9 once, and the givens stand where they stood\.", "on_check"),
        *Latin.own,
    ]

    def __init__(self, state):
        cells = [value for row in state.grid for value in row]
        boxes = {
            ("box", i + 1): Line([9 * (i // 3 * 3 + r) + i % 3 * 3 + c for r in range(3) for c in range(3)], 1022)
            for i in range(9)
        }
        self.lines, self.given = latin_lines(9) | boxes, {cell: value for cell, value in enumerate(cells) if value}
        facts = Facts([1 << value if value else 1022 for value in cells], list(self.lines.values()))
        facts.known = dict(self.given)
        super().__init__(facts, 9)

    def on_given(self):
        pass

    def on_only(self, text):
        "All other digits stand near each cell; after a try that fails, its own digit may stand there too."
        for cell, mask in self.said(text):
            near = {other for line in self.lines.values() if cell in line.cells for other in line.cells}
            stand = {self.facts.known[other] for other in near if other in self.facts.known}
            expect(
                {1 << value for value in range(1, 10) if value not in stand} <= {mask}, f"another digit is left: {text}"
            )
            self.take(cell, mask, text)

    def on_check(self):
        self.full_lines()
        expect(self.given.items() <= self.facts.known.items(), "a given has changed")

    def shown(self):
        return self.board().replace("\n", " ")


def replay(state, text: str) -> str:
    return Boxes(state).follow(text)


def spoil(text: str, rng):
    return spoil_number(text, rng)
