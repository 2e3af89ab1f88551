"""A replay of bridges: what an island needs, crossings and cut-off islands, looked at anew for every fact."""

import re
from itertools import product

from . import _search
from ._search import Search, Wrong

SPAN = r"\(\d+,\d+\)-\(\d+,\d+\)"
ISLAND = r"\((\d+),(\d+)\)"


class Bridges(Search):
    TASK, CELL, BOARD, SIGNS = "bridges", SPAN, rf"laid: .+|empty: .+|{SPAN}:\d|[\d.]( [\d.])*", "0123456789"
    FACTS = {
        "is no bridge": 1,
        "is a single bridge": 2,
        "is a double bridge": 4,
        "carries one bridge at most": 3,
        "carries no bridge or two": 5,
        "carries a bridge, single or double": 6,
    }
    END = "These are all bridges:"
    REASONS = {
        rf"Island {ISLAND} has its (\d)": "full",
        rf"Island {ISLAND} needs (\d) (more )?on (\d) ways?": "needs",
        rf"There is a bridge on ({SPAN})": "crossing",
    }
    BROKEN = {
        rf"Island {ISLAND} cannot have exactly (\d) any more\.": "not_exactly",
        rf"Bridges on ({SPAN}) and ({SPAN}) would cross\.": "cross",
        r"The islands? ([\d,() ]+) would be cut off from the others\.": "cut_off",
    }

    def __init__(self, state):
        self.numbers = {(x, y): number for x, y, number in state.islands}
        self.CHECK = f"All {len(self.numbers)} islands have as many bridges as they say, no bridges cross, and all islands are connected."
        super().__init__(state)
        self.at = {island: [span for span in self.masks if island in span] for island in self.numbers}

    def names(self):
        found = []
        for x, y in self.numbers:
            right, below = (
                min((p for p, q in self.numbers if q == y and p > x), default=None),
                min((q for p, q in self.numbers if p == x and q > y), default=None),
            )
            found += [((x, y), end) for end in ((x, below), (right, y)) if None not in end]
        return {f"({a},{b})-({c},{d})": ((a, b), (c, d)) for (a, b), (c, d) in sorted(found)}

    def start(self):
        return dict.fromkeys(self.cells.values(), 7)

    def given(self):
        width, height = (max(numbers) + 1 for numbers in zip(*self.numbers))
        return [
            (
                "The map, with . for water, is",
                "\n".join(" ".join(str(self.numbers.get((x, y), ".")) for x in range(width)) for y in range(height)),
            )
        ]

    def board(self):
        laid = [f"{name}:{self.masks[span] // 2}" for name, span in self.cells.items() if self.masks[span] in (2, 4)]
        empty = [name for name, span in self.cells.items() if self.masks[span] == 1]
        return f"laid: {' '.join(laid) or 'nothing'}" + (f"\nempty: {' '.join(empty)}" if empty else "")

    def answer(self):
        return "\n".join(
            f"{name}:{self.masks[span] // 2}" for name, span in self.cells.items() if self.masks[span] != 1
        )

    def island(self, x, y):
        "The spans of an island, its number, the bridges that are missing, its open ways."
        place = int(x), int(y)
        if place not in self.numbers:
            raise Wrong("there is no such island")
        known = [self.masks[span] // 2 for span in self.at[place] if self.masks[span] in (1, 2, 4)]
        return self.at[place], self.numbers[place], self.numbers[place] - sum(known), len(self.at[place]) - len(known)

    def fillings(self, spans, number) -> list[tuple]:
        "All ways to give an island its bridges."
        return [
            way
            for way in product(*([value for value in range(3) if self.masks[span] >> value & 1] for span in spans))
            if sum(way) == number
        ]

    def follow(self, facts, spans, number):
        ways = list(zip(*self.fillings(spans, number)))  # by span
        fine = ways and all(
            span in spans and mask == sum(1 << value for value in set(ways[spans.index(span)])) for span, mask in facts
        )
        return "" if fine else "a fact does not follow"

    def full(self, facts, x, y, told):
        spans, number, rest, _ = self.island(x, y)
        return self.follow(facts, spans, number) if not rest and int(told) == number else "the number is another one"

    def needs(self, facts, x, y, told, more, count):
        spans, number, rest, free = self.island(x, y)
        if (int(told), bool(more), int(count)) != (rest, rest < number, free):
            return "the island needs something else"
        return self.follow(facts, spans, number)

    def crosses(self, one, other) -> bool:
        "Whether two spans cross, whichever way they run."
        for ((a, b), (c, d)), ((p, q), (r, s)) in ((one, other), (other, one)):
            if b == d and p == r and a < p < c and q < b < s:
                return True
        return False

    def crossing(self, facts, name):
        laid = self.cell(name)
        if laid is None or self.masks[laid] & 1:
            return "there is none for sure"
        return "" if all(mask == 1 and self.crosses(laid, span) for span, mask in facts) else "a fact does not follow"

    def go_back(self, part, name, words, other):
        return super().go_back(part, name or other, words or "no bridge")

    def not_exactly(self, x, y, told):
        spans, number, *_ = self.island(x, y)
        return (
            "the number is another one"
            if int(told) != number
            else "there is a way"
            if self.fillings(spans, number)
            else ""
        )

    def cross(self, *names):
        spans = [self.cell(name) for name in names]
        if None in spans or not self.crosses(*spans):
            return "they do not"
        return "there is a way" if any(self.masks[span] & 1 for span in spans) else ""

    def cut_off(self, names):
        told = {tuple(map(int, name.strip("()").split(","))) for name in names.split()}
        if not told <= self.numbers.keys() or told == self.numbers.keys():
            return "these are no islands, or all"
        joined = any(mask & 6 and len(told & set(span)) == 1 for span, mask in self.masks.items())
        return "a bridge may join them to others" if joined else ""


Bridges.denied = re.compile(rf"(?:({SPAN}) is not (a .+)|There is a bridge on ({SPAN}))\.")


def replay(state, text):
    return Bridges(state).read(text)


def spoil(text, rng):
    return _search.spoil(Bridges, text, rng)
