"""The replay of numbrix."""

import re
from functools import cache

from replays._grids import GridReader, Wrong, expect, spoil_number

PATIENCE = 3_000  # steps of a search for a way, beyond which a claim that there is none is believed


@cache
def near(n: int) -> list:
    "The neighbours of each cell."
    return [
        [n * y + x for y, x in ((r - 1, c), (r, c - 1), (r, c + 1), (r + 1, c)) if 0 <= y < n and 0 <= x < n]
        for r in range(n)
        for c in range(n)
    ]


class Path(GridReader):
    "The grid as a list of numbers, 0 for an empty cell, and where each number stands."

    cell_of = r"row (\d+), column (\d+)"
    forms = [
        (r"The numbers go from 1 to (\d+); the grid, with \. for an empty cell, is", "given"),
        (r"(?:B|b)etween (\d+) and (\d+) there is no other way: (.+)\.", "between"),
        (r"(?:B|b)elow (\d+) there is no other way: (.+)\.", "below"),
        (rf"Suppose {cell_of} is (\d+)\.", "suppose"),
        (r"(?:R|r)ow (\d+), column (\d+) is not (\d+)\.", "back"),
        (r"(?:R|r)ow (\d+), column (\d+) cannot be both entered and left, and it must be filled\.", "fail_cell"),
        (
            r"(?:R|r)ow (\d+), column (\d+) is the second cell that cannot be both entered and left, and only one of them can hold 1\.",
            "fail_second",
        ),
        (r"No way from (\d+) to (\d+) is left through empty cells\.", "fail_way"),
        (r"There is no way left for the numbers below (\d+)\.", "fail_below"),
        (r"From 1 to (\d+), each number is a neighbour of the next\.", "check"),
        (r"The path is complete:", "end"),
    ]
    forms = [(re.compile(pattern), method) for pattern, method in forms]
    shows = ("given", "suppose", "back", "end")

    def __init__(self, state):
        super().__init__()
        self.n, self.grid = len(state.grid), [number for row in state.grid for number in row]
        self.at = {number: cell for cell, number in enumerate(self.grid) if number}
        self.top, self.near = max(self.at), near(self.n)

    def board(self, method: str = "") -> str:
        blank = " " if method == "end" else "."
        return "\n".join(
            "|" + "|".join([str(number or blank) for number in self.grid[r : r + self.n]]) + "|"
            for r in range(0, self.n**2, self.n)
        )

    def cell(self, row: str, column: str) -> int:
        expect(
            1 <= int(row) <= self.n and 1 <= int(column) <= self.n, f"row {row}, column {column} lies outside the grid"
        )
        return self.n * (int(row) - 1) + int(column) - 1

    def write(self, number: int, cell: int) -> None:
        expect(not self.grid[cell], f"the cell for {number} is not empty")
        expect(number not in self.at and 1 <= number <= self.top, f"{number} stands already or is none of the numbers")
        self.grid[cell], self.at[number] = number, cell

    def way(self, cell: int, steps: int, goal: int | None) -> bool:
        "Whether a path of `steps` steps leads from `cell`, empty or not, to `goal` (None: anywhere) through empty cells; False only where that is sure."
        n, grid, closed, left = self.n, self.grid, {cell}, PATIENCE
        gr, gc = divmod(goal, n) if goal is not None else (0, 0)

        def walk(here, steps):
            nonlocal left
            left -= 1
            if left < 0:
                return None
            if goal is None:
                if not steps:
                    return True
            else:
                far = abs(here // n - gr) + abs(here % n - gc)
                if far > steps or (steps - far) % 2:
                    return False
                if far == 1 and steps == 1:
                    return True
            for other in self.near[here]:
                if grid[other] or other in closed:
                    continue
                closed.add(other)
                found = walk(other, steps - 1)
                if found is None or found:
                    return found
                closed.discard(other)
            return False

        return walk(cell, steps)

    def others(self, number: int, from_: int, goal: int | None) -> list:
        "The empty cells beside number `from_` in which `number` could stand on the way to number `goal` (None: to 1), by what can be seen."
        steps, target = (abs(goal - number), self.at[goal]) if goal else (number - 1, None)
        found = []
        for cell in self.near[self.at[from_]]:
            if self.grid[cell]:
                continue
            self.grid[cell] = number
            if self.way(cell, steps, target) is not False:
                found.append(cell)
            self.grid[cell] = 0
        return found

    def facts(self, text: str) -> list:
        found = re.findall(self.cell_of + r" is (\d+)", text)
        expect(
            found and "; ".join(f"row {r}, column {c} is {number}" for r, c, number in found) == text,
            f"unknown facts: {text}",
        )
        return [(int(number), self.cell(r, c)) for r, c, number in found]

    def between(self, low, high, text):
        low, high = int(low), int(high)
        expect(high - low > 1, f"nothing is missing between {low} and {high}")
        self.gap(low, high)
        self.fill(low, high, self.facts(text))

    def gap(self, low: int, high: int) -> None:
        expect(
            low in self.at and high in self.at and not any(number in self.at for number in range(low + 1, high)),
            f"{low} and {high} are no ends of a gap",
        )

    def below(self, high, text):
        expect(int(high) == min(self.at) > 1, f"{high} is not the smallest number")
        self.fill(0, int(high), self.facts(text))

    def fill(self, low: int, high: int, facts: list) -> None:
        "Each of the `facts` is the only place left, from one end of the gap or from the other."
        expect(
            [number for number, _ in facts] == sorted({number for number, _ in facts}),
            "the numbers are not in order",
        )
        todo, first, last = dict(facts), low, high
        while todo:
            for number, end, goal in ((first + 1, first, last), (last - 1, last, first)):
                if number not in todo or not end:
                    continue
                if last - first > 2 or not first:
                    able = self.others(number, end, goal or None)
                else:
                    able = [
                        cell
                        for cell in self.near[self.at[first]]
                        if not self.grid[cell] and cell in self.near[self.at[last]]
                    ]
                if set(able) <= {todo[number]}:
                    break
            else:
                raise Wrong(f"this is not forced between {low} and {high}: {todo}")
            expect(todo[number] in self.near[self.at[end]], f"{number} is no neighbour of {end}")
            self.write(number, todo.pop(number))
            first, last = (number, last) if end == first else (first, number)
        for number in range(low or 1, high):
            if number in self.at and number + 1 in self.at:
                expect(
                    self.at[number + 1] in self.near[self.at[number]], f"{number} and {number + 1} are no neighbours"
                )

    def suppose(self, row, column, number):
        cell, number = self.cell(row, column), int(number)
        beside = [other for other in (number - 1, number + 1) if other in self.at]
        expect(
            beside and all(self.at[other] in self.near[cell] for other in beside),
            f"{number} cannot stand in row {row}, column {column}",
        )
        expect((number, cell) not in self.refuted, f"{number} was ruled out in row {row}, column {column}")
        self.stack.append(((number, cell), self.grid[:], dict(self.at), self.refuted))
        self.refuted = set()
        self.write(number, cell)

    def back(self, row, column, number):
        expect(self.stack, "a step back without a try")
        expect(self.broken or self.exhausted(), f"the try of {number} is taken back without a contradiction")
        tried, self.grid, self.at, self.refuted = self.stack.pop()
        expect(
            tried == (int(number), self.cell(row, column)),
            f"the last try was not {number} in row {row}, column {column}",
        )
        self.refuted, self.broken = self.refuted | {tried}, False

    def exhausted(self) -> bool:
        "Whether some number beside a known one was tried in all its places."
        for number in {number for number, _ in self.refuted}:
            for end, way in ((number - 1, 1), (number + 1, -1)):
                if end not in self.at:
                    continue
                goal = next(
                    (other for other in range(number, 0 if way < 0 else self.top + 1, way) if other in self.at), None
                )
                if all((number, cell) in self.refuted for cell in self.others(number, end, goal)):
                    return True
        return False

    def links(self, cell: int) -> int:
        "The neighbours from which a path can come to an empty cell: empty ones, and numbers whose next or last number is missing."

        def loose(number):
            return (
                not number
                or number < self.top
                and number + 1 not in self.at
                or number > 1
                and number - 1 not in self.at
            )

        return sum(loose(self.grid[other]) for other in self.near[cell])

    def lone(self, row, column) -> int:
        cell = self.cell(row, column)
        expect(self.top == self.n**2 and not self.grid[cell], f"row {row}, column {column} need not be filled")
        self.broken = True
        return cell

    def fail_cell(self, row, column):
        links = self.links(self.lone(row, column))
        expect(links < 2 and (not links or 1 in self.at), f"row {row}, column {column} can be entered and left")

    def fail_second(self, row, column):
        dead_ends = [cell for cell in range(self.n**2) if not self.grid[cell] and self.links(cell) == 1]
        expect(
            self.lone(row, column) in dead_ends and len(dead_ends) > 1 and 1 not in self.at,
            f"row {row}, column {column} can be entered and left, or hold 1",
        )

    def fail_way(self, low, high):
        low, high = int(low), int(high)
        self.gap(low, high)
        expect(not self.way(self.at[low], high - low, self.at[high]), f"there is a way from {low} to {high}")
        self.broken = True

    def fail_below(self, high):
        expect(int(high) == min(self.at) > 1, f"{high} is not the smallest number")
        expect(not self.way(self.at[int(high)], int(high) - 1, None), f"there is a way below {high}")
        self.broken = True

    def given(self, top):
        expect(int(top) == self.top, f"the numbers do not go to {top}")

    def check(self, top):
        expect(int(top) == self.top and len(self.at) == self.top, "a number is missing")
        expect(
            all(self.at[number + 1] in self.near[self.at[number]] for number in range(1, self.top)),
            "the path is broken",
        )
        self.checked = True

    def end(self):
        self.ended = True


def replay(state, text: str) -> str:
    return Path(state).follow(text)


def spoil(text: str, rng):
    return spoil_number(text, rng)
