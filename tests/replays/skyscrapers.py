"""The replay of skyscrapers."""

from functools import cache
from itertools import permutations

from replays._grids import Facts, Latin, Table, expect, latin_lines, spoil_number

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


class Counted:
    "What sentences about the ways that a table still has share."

    def ways_left(self, table, words: str, noun: str) -> dict:
        """Check `can only be 12 or 21`, or `has 5 ways left`, and return what they leave to the cells.

        The search may have narrowed more or less at that moment than the reader, so the number lies between the ways that all narrowing leaves and
        those that the values said allow."""
        at = self.facts.known
        allowed = [
            way
            for way in table.ways
            if all(way[i] == 1 << at[cell] for i, cell in enumerate(table.cells) if cell in at)
        ]
        if words.startswith("has "):
            number, end = words[4:].split(" ", 1)
            expect(end == f"{noun} left" and 4 <= int(number) <= len(allowed), f"this is not so: {words}")
            if len(table.left(self.facts.can, table.ways)) > int(number):
                whole = self.facts.copy()
                expect(
                    whole.is_dead() or len(table.left(whole.can, table.ways)) <= int(number), f"more are left: {words}"
                )
            return self.union(table, allowed)
        allowed = {"".join(str(mask.bit_length() - 1) for mask in way): way for way in allowed}
        listed = words.removeprefix("can only be ").split(" or ")
        expect(listed == [text for text in allowed if text in listed] and len(listed) <= 3, f"this is not so: {words}")
        ways = [allowed[text] for text in listed]
        expect(
            self.facts.follows(lambda: set(ways).issuperset(table.left(self.facts.can, table.ways))),
            f"more are left: {words}",
        )
        self.facts.memory[table] = ways
        self.facts.waiting.appendleft(self.facts.rules.index(table))
        return self.union(table, ways)

    def union(self, table, ways) -> dict:
        return {cell: sum(set(masks)) for cell, masks in zip(table.cells, zip(*ways))}


class Views(Counted, Latin):
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
