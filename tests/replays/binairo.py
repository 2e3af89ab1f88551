"""The replay of binairo."""

import re
from functools import cache, lru_cache
from itertools import product

from replays._grids import GridReader, expect, spoil_number, spoil_sign


@cache
def legal(n: int) -> list:
    return [
        "".join(signs)
        for signs in product("01", repeat=n)
        if signs.count("0") * 2 == n and not re.search("000|111", "".join(signs))
    ]


@lru_cache(maxsize=50_000)
def shared(line: str) -> str | None:
    "What all legal fillings of `line` have in common, `.` where they differ; None where there is none."
    able = [full for full in legal(len(line)) if all(a in (b, ".") for a, b in zip(line, full))]
    return "".join(column[0] if len(set(column)) == 1 else "." for column in zip(*able)) or None


class Binairo(GridReader):
    "The grid as texts of `.`, 0 and 1, row by row."

    forms = [
        (r"The grid, with \. for an empty cell, is", "given"),
        (r"(Row|Column) (\d+) is ([01. ]+); all its legal fillings share ([01. ]+)\.", "share"),
        (r"(Row|Column) (\d+) is ([01. ]+); it holds all its ([01])s already, so it becomes ([01 ]+)\.", "full"),
        (r"Put ([01]) into row (\d+), column (\d+)\.", "suppose"),
        (r"(?:R|r)ow (\d+), column (\d+) is not ([01])\.", "back"),
        (r"Only ([01]) is left for row (\d+), column (\d+)\.", "last"),
        (r"(Row|Column) (\d+) and (row|column) (\d+) would be equal\.", "fail_equal"),
        (r"(Row|Column) (\d+) cannot be filled any more\.", "fail_line"),
        (r"Every line is balanced, none has three equal digits in a row, and no two lines are alike\.", "check"),
        (r"The grid is full\.", "end"),
    ]
    forms = [(re.compile(pattern), method) for pattern, method in forms]

    def __init__(self, state):
        self.grid = [["." if value is None else str(value) for value in row] for row in state.grid]
        self.n = len(self.grid)
        super().__init__()

    def board(self, method: str = "") -> str:
        return "\n".join(map(" ".join, self.grid))

    def line(self, kind: str, number: str) -> str:
        expect(1 <= int(number) <= self.n, f"there is no {kind.lower()} {number}")
        return "".join(
            self.grid[int(number) - 1] if kind.lower() == "row" else [row[int(number) - 1] for row in self.grid]
        )

    def write(self, kind: str, number: str, signs: str) -> None:
        for i, sign in enumerate(signs):
            r, c = (int(number) - 1, i) if kind == "Row" else (i, int(number) - 1)
            self.grid[r][c] = sign

    def given(self):
        pass

    def share(self, kind, number, before, after):
        line = self.line(kind, number)
        expect(" ".join(line) == before, f"{kind} {number} is not {before}")
        expect(
            " ".join(shared(line) or "") == after and before != after,
            f"the fillings of {kind} {number} share {shared(line)}, not {after}",
        )
        self.write(kind, number, after.split())

    def full(self, kind, number, before, digit, after):
        expect(before.count(digit) * 2 == self.n, f"{kind} {number} does not hold all its {digit}s")
        self.share(kind, number, before, after)

    def suppose(self, value, row, column):
        r, c = int(row) - 1, int(column) - 1
        expect(
            max(r, c) < self.n and self.grid[r][c] == "." and not {(r, c, "0"), (r, c, "1")} & self.refuted,
            f"{value} cannot be tried in row {row}, column {column}",
        )
        self.stack.append(((r, c, value), [row[:] for row in self.grid], self.refuted))
        self.grid[r][c], self.refuted = value, set()

    def back(self, row, column, value):
        expect(self.stack, "a step back without a try")
        expect(self.broken, "the try is taken back without a contradiction")
        tried, self.grid, self.refuted = self.stack.pop()
        expect(
            tried == (int(row) - 1, int(column) - 1, value),
            f"the last try was not {value} in row {row}, column {column}",
        )
        self.refuted, self.broken = self.refuted | {tried}, False

    def last(self, value, row, column):
        r, c = int(row) - 1, int(column) - 1
        expect(
            (r, c, "10"[int(value)]) in self.refuted and self.grid[r][c] == ".",
            f"the other digit was not ruled out in row {row}, column {column}",
        )
        self.grid[r][c] = value

    def fail_equal(self, kind, one, other, two):
        lines = self.line(kind, one), self.line(other, two)
        expect(
            kind.lower() == other and one != two and lines[0] == lines[1] and "." not in lines[0],
            f"{kind} {one} and {other} {two} are not equal",
        )
        self.broken = True

    def fail_line(self, kind, number):
        expect(shared(self.line(kind, number)) is None, f"{kind} {number} can be filled")
        self.broken = True

    def check(self):
        for kind in ("row", "column"):
            lines = [self.line(kind, number) for number in range(1, self.n + 1)]
            expect(len(set(lines)) == self.n and set(lines) <= set(legal(self.n)), f"the {kind}s are not in order")
        self.checked = True

    def end(self):
        self.ended = True


def replay(state, text: str) -> str:
    return Binairo(state).follow(text)


def spoil(text: str, rng):
    "Half of the time a digit becomes the other one."
    if rng.random() < 0.5:
        return spoil_number(text, rng)
    return spoil_sign(text, rng, r"(?<=[ \n])[01](?=[ \n;.])", "01")
