"""Puzzles of cells: a fact leaves a cell some values, and a reason is a place of the puzzle with facts about its cells.

A value is excluded where the place cannot be filled with it, whatever the cells hold of which nothing is named."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from mmhelix_nb.steps import Fact, Reason, Step
from provers._proof import Proof, expect

Domains = tuple[frozenset, ...]  # what each cell of a place may hold


def no_claims(more: tuple, domains: Domains) -> bool:
    "That a reason says nothing more than its place."
    return not more


@dataclass(frozen=True)
class Place:
    "Some cells, whether they can be filled from domains, and whether what a reason says besides its place is true."

    cells: tuple
    fits: Callable[[Domains], bool]
    claims: Callable[[tuple, Domains], bool] = no_claims


@cache
def matched(domains: Domains) -> bool:
    "Whether every cell can have a value of its own."
    taken: dict = {}

    def seat(cell: int, tried: set) -> bool:
        for value in domains[cell] - tried:
            tried.add(value)
            if value not in taken or seat(taken[value], tried):
                taken[value] = cell
                return True
        return False

    return all(seat(cell, set()) for cell in range(len(domains)))


def names_value(more: tuple, domains: Domains) -> bool:
    "That a number which a reason names is held by a cell, or by no cell that it names something about."
    return all(any(value in domain for domain in domains) for value in more) if more else True


def distinct(cells: Iterable) -> Place:
    "As many cells as values, all different."
    return Place(tuple(cells), matched, lambda more, domains: len(more) <= 1)


def table(cells: Iterable, ways: Iterable[tuple], claims=no_claims) -> Place:
    "Cells that hold one of the `ways`."
    ways = tuple(ways)

    @cache
    def fits(domains: Domains) -> bool:
        return any(all(value in domain for value, domain in zip(way, domains)) for way in ways)

    return Place(tuple(cells), fits, claims)


def few_ways(cells: Iterable, ways: Iterable[tuple]) -> Place:
    "A table of ways of which a reason lists those that are left, or says how many they are and one of them, and what they have in a cell, if that is not the same, or what none of them has in a cell."
    ways = tuple(ways)

    def true(more: tuple, domains: Domains) -> bool:
        left = [way for way in ways if all(value in domain for value, domain in zip(way, domains))]
        held = {tuple(sorted(set(values))) for values in zip(*left)}
        if len(more) in (2, 3):
            same = more[2] in held if len(more) == 3 else any(len(values) == 1 for values in held)
            return more[0] == len(left) and more[1] in left and same
        if more and type(more[0][0]) is int:
            return any(not set(more[0]) & set(values) for values in held)
        return not more or sorted(more[0]) == sorted(left)

    return table(cells, ways, true)


class Cells(Proof):
    "A puzzle whose `blank` holds what each cell may be, and whose `places` are its rules, by the first parts of a reason; `given` cells are known when they are read."

    def __init__(self, blank: dict[Hashable, Iterable], places: dict[tuple, Place], given: dict[Hashable, int]):
        super().__init__()
        self.blank = {cell: frozenset(values) for cell, values in blank.items()}
        self.places = places
        self.know(Fact("is", item) for item in given.items())

    def left(self, fact: Fact) -> frozenset:
        "What a fact leaves a cell."
        cell, said = fact.args
        if fact.kind == "is":
            return frozenset([said])
        return self.blank[cell] - set(said) if fact.kind == "not" else frozenset(said)

    def domains(self, cells: Sequence, facts: Iterable[Fact]) -> dict:
        "What the facts leave the cells."
        found = {cell: self.blank[cell] for cell in cells}
        for fact in facts:
            expect(fact.args[0] in found, f"{fact} is not about a cell of the place")
            found[fact.args[0]] &= self.left(fact)
        return found

    def place(self, args: tuple) -> tuple[Place, tuple]:
        "The place that a reason names, and what it says besides."
        for length in range(len(args), 0, -1):
            if args[:length] in self.places:
                return self.places[args[:length]], args[length:]
        expect(False, f"{args} is no place of the puzzle")
        raise AssertionError

    def excludes(self, reason: Reason, cell: Hashable, value: int) -> bool:
        "Whether a reason shows that a cell does not hold a value."
        if reason.rule == "left":
            return any(fact.args[0] == cell and value not in self.left(fact) for fact in reason.facts)
        place, more = self.place(reason.args)
        if cell not in place.cells:
            return False
        domains = self.domains(place.cells, reason.facts)
        expect(place.claims(more, tuple(domains.values())), f"{more} is not true of {reason.args}")
        if value not in domains[cell]:
            return True
        return not place.fits(tuple(frozenset([value]) if one == cell else domain for one, domain in domains.items()))

    def follows(self, step: Step) -> None:
        for fact in step.facts:
            expect(fact.kind in ("is", "not", "among") and fact.args[0] in self.blank, f"{fact} is about no cell")
            values = {fact.args[1]} if fact.kind == "is" else set(fact.args[1])
            expect(values <= self.blank[fact.args[0]], f"{fact} names a value that no such cell has")
            gone = self.blank[fact.args[0]] - self.left(fact)
            expect(gone, f"{fact} says nothing")
            for value in gone:
                shown = any(self.excludes(reason, fact.args[0], value) for reason in step.reasons)
                expect(shown, f"{fact} does not follow: it could be {value}")

    def breaks(self, reason: Reason) -> bool:
        if reason.rule == "left":
            (cell,) = reason.args
            return not self.domains([cell], reason.facts)[cell]
        place, more = self.place(reason.args)
        domains = self.domains(place.cells, reason.facts)
        expect(place.claims(more, tuple(domains.values())), f"{more} is not true of {reason.args}")
        return not place.fits(tuple(domains.values()))

    def known(self, cell: Hashable) -> frozenset:
        "What everything that was said and still holds leaves a cell."
        said = [fact for frame in self.frames for fact in frame if fact.args[:1] == (cell,)]
        return self.blank[cell].intersection(*(self.left(fact) for fact in said if fact.kind in ("is", "not", "among")))

    def on_hypothesise(self, step: Step) -> None:
        for fact in step.facts:
            expect(self.left(fact) <= self.known(fact.args[0]), f"{fact} was shown to be wrong before it is tried")
        super().on_hypothesise(step)

    def on_backtrack(self, step: Step) -> None:
        expect(self.broken == set(step.reasons[0].facts), "the contradiction rests on other tries than are named")
        super().on_backtrack(step)

    def denies(self, fact: Fact, tried: Fact) -> bool:
        return fact.args[0] == tried.args[0] and self.left(fact) == self.blank[fact.args[0]] - {tried.args[1]}

    def value(self, cell: Hashable) -> int:
        "What is known of a cell in the end."
        found = {fact.args[1] for frame in self.frames for fact in frame if fact.kind == "is" and fact.args[0] == cell}
        expect(len(found) == 1, f"it was not said what {cell} is")
        return found.pop()


# Squares of numbers


def square_blank(n: int, most: int = 0) -> dict:
    return {(r, c): range(1, (most or n) + 1) for r in range(n) for c in range(n)}


def square_lines(n: int) -> dict[tuple, Place]:
    "The rows and columns of a square, each with all numbers."
    rows = {(("row", r),): distinct((r, c) for c in range(n)) for r in range(n)}
    return rows | {(("column", c),): distinct((r, c) for r in range(n)) for c in range(n)}


def square_given(grid) -> dict:
    return {(r, c): value for r, line in enumerate(grid) for c, value in enumerate(line) if value}


def row_facts(grid, kind: str = "line") -> list[Fact]:
    return [Fact(kind, (("row", r), tuple(line))) for r, line in enumerate(grid)]


def filled(parts: list[Fact]) -> list[Fact]:
    "How many cells of each column are filled."
    grid = [fact.args[1] for fact in parts]
    return [Fact("filled", (tuple(sum(1 for line in grid if line[c]) for c in range(len(grid[0]))),))]


class Square(Cells):
    "A square of numbers that is read and copied row by row."

    def __init__(self, grid, more: dict[tuple, Place], most: int = 0):
        n = self.n = len(grid)
        self.grid = grid
        super().__init__(square_blank(n, most), square_lines(n) | more, square_given(grid))

    def readings(self) -> list[list[Fact]]:
        return [row_facts(self.grid)]

    def tally(self, parts: list[Fact]) -> list[Fact]:
        return filled(parts)

    def copies(self) -> list[Fact]:
        return row_facts([[self.value((r, c)) for c in range(self.n)] for r in range(self.n)], "copy")

    def computed(self, parts: list[Fact]) -> list[Fact]:
        grid = [fact.args[1] for fact in parts]
        columns = tuple(tuple(line[c] for line in grid) for c in range(self.n))
        for kind, lines in (("row", grid), ("column", columns)):
            for i, line in enumerate(lines):
                for value in line:
                    if line.count(value) > 1:
                        return [Fact("once")] * (kind == "column") + [Fact("no-once", ((kind, i), line, value))]
        return [Fact("once"), Fact("columns", (columns,)), *self.more_checks(grid)]

    def more_checks(self, grid) -> list[Fact]:
        "The checks that a task adds."
        return []

    def answer(self, parts: list[Fact]) -> str:
        return str([list(fact.args[1]) for fact in parts])
