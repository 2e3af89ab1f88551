"""The replay of kakuro."""

import re
from functools import cache, lru_cache
from itertools import combinations

from replays._grids import Facts, Reader, expect, joined, spoil_number, values_in


@cache
def sets(size: int, total: int) -> list:
    "The sets of `size` digits with this `total`, as masks in ascending order of their digits."
    return [sum(1 << digit for digit in digits) for digits in combinations(range(1, 10), size) if sum(digits) == total]


def fills(masks: tuple, digits: int) -> list:
    "What the cells may hold if the run holds exactly `digits`; empty where that cannot be."
    able = [{0}]  # the digits that the first cells may use up together
    for mask in masks:
        able.append({used | 1 << digit for used in able[-1] for digit in values_in(mask & digits & ~used)})
    if digits not in able[-1]:
        return []
    rest, found = {digits}, []
    for i in range(len(masks) - 1, -1, -1):
        pairs = [
            (used, bit)
            for used in rest
            for bit in (1 << digit for digit in values_in(used & masks[i]))
            if used ^ bit in able[i]
        ]
        found.append(sum({bit for _, bit in pairs}))
        rest = {used ^ bit for used, bit in pairs}
    return found[::-1]


@lru_cache(maxsize=50_000)
def narrowed(masks: tuple, total: int) -> tuple:
    "The sets that still fit a run, and what its cells may hold."
    fitting = {digits: left for digits in sets(len(masks), total) if (left := fills(masks, digits))}
    union = [0] * len(masks)
    for left in fitting.values():
        union = [a | b for a, b in zip(union, left)]
    return tuple(fitting), tuple(union)


class Run:
    "The digits in `cells` are different and make `total`."

    def __init__(self, cells, total):
        self.cells, self.total = cells, total

    def fitting(self, can):
        return narrowed(tuple([can[cell] for cell in self.cells]), self.total)

    def narrow(self, can, memory):
        union = self.fitting(can)[1]
        return [(cell, new) for cell, new in zip(self.cells, union) if new != can[cell]] if all(union) else None


class Runs(Reader):
    "A reader that knows the runs; cells are numbered row by row, the white ones only."

    place = r"\((\d+),(\d+)\)"
    equal = False
    title = r"the (row|column) run from \((\d+),(\d+)\) to \((\d+),(\d+)\)"
    own = [
        (r"the white cells are dots, the grey ones are #\.", "on_given"),
        (rf"{title} adds up to (\d+)(?: by ([\d+, or]+))?, so (.+)\.", "on_run"),
        (rf"{title} is one cell with sum (\d+), so (.+)\.", "on_single"),
        (rf"{title} cannot add up to (\d+) any more\.", "fail_run"),
        (r"all (\d+) sums are right, and no run holds a digit twice\.", "on_check"),
        (r"the board is full:", "whole_end"),
    ]

    def __init__(self, state):
        self.grid, self.white = (
            state.grid,
            [(r, c) for r, row in enumerate(state.grid) for c, cell in enumerate(row) if cell is None],
        )
        self.number, self.runs = {cell: i for i, cell in enumerate(self.white)}, {}
        for r, row in enumerate(state.grid):
            for c, clues in enumerate(row):
                for total, kind, (down, right) in zip(clues or (), ("row", "column"), ((0, 1), (1, 0))):
                    cells = [(r + down, c + right)]
                    while (cells[-1][0] + down, cells[-1][1] + right) in self.number:
                        cells.append((cells[-1][0] + down, cells[-1][1] + right))
                    if total:
                        self.runs[kind, cells[0], cells[-1]] = Run([self.number[cell] for cell in cells], total)
        super().__init__(Facts([1022] * len(self.white), list(self.runs.values())), 9)

    def cell(self, row, column):
        expect((int(row), int(column)) in self.number, f"({row},{column}) is no white cell")
        return self.number[int(row), int(column)]

    def board(self):
        digits = {cell: str(self.facts.known.get(i, ".")) for i, cell in enumerate(self.white)}
        return "\n".join(" ".join(digits.get((r, c), "#") for c in range(len(row))) for r, row in enumerate(self.grid))

    def run(self, kind, a, b, c, d, total):
        name = kind, (int(a), int(b)), (int(c), int(d))
        expect(name in self.runs, f"there is no {kind} run from ({a},{b}) to ({c},{d})")
        expect(
            self.runs[name].total == int(total),
            f"the {kind} run from ({a},{b}) to ({c},{d}) has another sum than {total}",
        )
        return self.runs[name]

    def on_given(self):
        pass

    def on_run(self, *words):
        run, (ways, text) = self.run(*words[:6]), words[6:]
        held = {self.facts.known[cell] for cell in run.cells if cell in self.facts.known}
        possible = [digits for digits in sets(len(run.cells), run.total) if held <= set(values_in(digits))]
        if ways is None:
            expect(len(possible) > 3, f"just {len(possible)} sets are left: {text}")
        else:
            named = [sum(1 << int(digit) for digit in way.split("+")) for way in re.split(", | or ", ways)]
            expect(
                joined(["+".join(map(str, values_in(digits))) for digits in named], "or") == ways,
                f"the sets {ways} are not in order",
            )
            expect(
                len(named) <= 3 and named == [digits for digits in possible if digits in named],
                f"a set cannot be: {ways}",
            )
            expect(
                self.facts.follows(lambda: set(named).issuperset(run.fitting(self.facts.can)[0])),
                f"other sets are left than {ways}",
            )
        left = 0
        for digits in possible if ways is None else named:
            left |= digits
        self.deduce(text, run, dict.fromkeys(run.cells, left))

    def on_single(self, *words):
        run = self.run(*words[:6])
        expect(len(run.cells) == 1, "the run has more cells than one")
        self.deduce(words[6], run)

    def fail_run(self, *words):
        self.run(*words)
        self.fail(True, f"the {words[0]} run from ({words[1]},{words[2]}) cannot add up any more")

    def on_check(self, sums):
        expect(int(sums) == len(self.runs), f"there are {len(self.runs)} sums")
        expect(len(self.facts.known) == len(self.white), "the board is not full")
        for (kind, (r, c), _), run in self.runs.items():
            digits = [self.facts.known[cell] for cell in run.cells]
            expect(
                sum(digits) == run.total and len(set(digits)) == len(digits), f"the {kind} run from ({r},{c}) is wrong"
            )
        self.checked = True

    def whole_end(self, part):
        digits = " ".join(f"({r},{c}):{self.facts.known.get(i)}" for i, (r, c) in enumerate(self.white))
        expect(
            digits == self.answer and part.board == f"{self.board()}\n{digits}",
            "the board at the end does not agree with what was said",
        )
        self.ended = True


def replay(state, text: str) -> str:
    return Runs(state).follow(text)


def spoil(text: str, rng):
    return spoil_number(text, rng)
