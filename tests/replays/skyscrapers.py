"""The replay of skyscrapers."""

from functools import cache
from itertools import permutations

from replays._grids import CountsWays, Facts, Latin, Table, expect, latin_lines, spoil_number

ENDS = {"row": ("left", "right"), "column": ("top", "bottom")}


def seen(line) -> int:
    "How many towers are seen along `line`."
    return sum(height == max(line[: i + 1]) for i, height in enumerate(line))


@cache
def orders(n: int) -> dict:
    "The orders of `n` towers, as masks, by what is seen from the two ends."
    found = {}
    for line in permutations(range(1, n + 1)):
        found.setdefault((seen(line), seen(line[::-1])), []).append(tuple(1 << height for height in line))
    return found


class Views(CountsWays, Latin):
    "A reader that knows what is seen from the border."

    own = [
        (
            r"numbers at the (top|bottom|left|right), from (left to right|top to bottom): ([\d ]+)(; the grid, with \. for an empty cell, is)?",
            "on_given",
        ),
        (
            r"(row|column) (\d+) shows (\d+) from the (\w+) and (\d+) from the (\w+) and (has \d+ orders left|can only be [\d or]+), so (.+)\.",
            "on_view",
        ),
        (r"(row|column) (\d+) cannot show (\d+) from the (\w+) and (\d+) from the (\w+) any more\.", "fail_view"),
        (
            r"every row and column holds 1 to (\d+) once, and from each side as many towers are seen as the border says\.",
            "on_check",
        ),
        *Latin.own,
    ]

    def __init__(self, state):
        n, self.state = state.n, state
        self.lines = latin_lines(n)
        self.views = {name: Table(line.cells, orders(n)[self.clues(*name)]) for name, line in self.lines.items()}
        super().__init__(Facts([(1 << n + 1) - 2] * (n * n), [*self.lines.values(), *self.views.values()]), n)

    def clues(self, kind, number):
        return tuple(getattr(self.state, end)[number - 1] for end in ENDS[kind])

    def on_given(self, side, way, numbers, last):
        expect(
            way == ("left to right" if side in ENDS["column"] else "top to bottom"),
            f"the numbers at the {side} do not run from {way}",
        )
        expect(
            numbers == " ".join(map(str, getattr(self.state, side))),
            f"the numbers at the {side} are not those of the puzzle",
        )

    def view(self, kind, number, near, one, far, two):
        self.line(kind, number)
        expect(
            (one, two) == ENDS[kind] and (int(near), int(far)) == self.clues(kind, int(number)),
            f"{kind} {number} has other numbers at its ends",
        )
        return self.views[kind, int(number)]

    def on_view(self, kind, number, near, one, far, two, words, text):
        view = self.view(kind, number, near, one, far, two)
        self.deduce(text, view, self.ways_left(view, words, "orders"))

    def fail_view(self, *names):
        self.view(*names)
        self.fail(True, f"{names[0]} {names[1]} cannot show its numbers any more")

    def on_check(self, n):
        expect(int(n) == self.n, "the numbers do not go that far")
        self.full_lines()
        for name, line in self.lines.items():
            heights = [self.facts.known[cell] for cell in line.cells]
            expect(
                (seen(heights), seen(heights[::-1])) == self.clues(*name),
                f"{name[0]} {name[1]} does not show its numbers",
            )


def replay(state, text: str) -> str:
    return Views(state).follow(text)


def spoil(text: str, rng):
    return spoil_number(text, rng)
