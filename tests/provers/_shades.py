"""Squares in which every cell is one of two things, 0 or 1: lines with counts, cells that hang together, a board that is copied out row by row."""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from mmhelix_nb.steps import Fact
from provers._cells import Cells, Domains, Place, row_facts

BOTH = (0, 1)


def beside(n: int, cell: tuple[int, int]) -> list[tuple[int, int]]:
    r, c = cell
    return [(y, x) for y, x in ((r - 1, c), (r, c - 1), (r, c + 1), (r + 1, c)) if 0 <= y < n and 0 <= x < n]


def around(n: int, cell: tuple[int, int]) -> list[tuple[int, int]]:
    r, c = cell
    near = [(y, x) for y in range(r - 1, r + 2) for x in range(c - 1, c + 2)]
    return [(y, x) for y, x in near if (y, x) != cell and 0 <= y < n and 0 <= x < n]


def count_place(cells: Iterable, total: int) -> Place:
    "Cells of which `total` are 1; a reason names the number."

    def fits(domains: Domains) -> bool:
        return sum(domain == {1} for domain in domains) <= total <= sum(1 in domain for domain in domains) and all(
            domains
        )

    return Place(tuple(cells), fits, lambda more, domains: more == (total,))


def reached(n: int, start: tuple[int, int], cells: set) -> set:
    "The cells that hang together with `start`."
    seen, queue = {start}, [start]
    for cell in queue:
        for other in beside(n, cell):
            if other in cells and other not in seen:
                seen.add(other)
                queue.append(other)
    return seen


def together_place(n: int, value: int) -> Place:
    "The cells of `value` hang together; a reason names two cells that would be parted, and those that stand between."
    cells = [(r, c) for r in range(n) for c in range(n)]

    def fits(domains: Domains) -> bool:
        sure = [cell for cell, domain in zip(cells, domains) if domain == {value}]
        able = {cell for cell, domain in zip(cells, domains) if value in domain}
        return not sure or set(sure) <= reached(n, sure[0], able)

    def claims(more: tuple, domains: Domains) -> bool:
        walls = {cell for cell, domain in zip(cells, domains) if value not in domain}
        return len(more) == 3 and walls.issuperset(more[0]) and more[1] in cells and more[2] in cells

    return Place(tuple(cells), fits, claims)


def subsets(
    cells: Sequence, sizes: Iterable[int], allowed: Callable[[tuple], bool] = lambda chosen: True
) -> list[tuple]:
    "The ways to choose as many of the `cells` as `sizes` say, as tuples of 0 and 1."
    chosen = [some for size in sizes for some in combinations(cells, size) if allowed(some)]
    return [tuple(int(cell in some) for cell in cells) for some in chosen]


def open_ways(ways: Iterable[tuple], domains: Domains) -> list[tuple]:
    "The ways that fit the domains."
    return [way for way in ways if all(value in domain for value, domain in zip(way, domains))]


class Shades(Cells):
    "A square that is copied out in `signs` for 0 and 1; `fixed` cells show a sign of their own."

    quiet = False  # whether cells of value 0 on which nothing rests are left untold

    def __init__(
        self, n: int, places: dict[tuple, Place], signs: str, given: dict | None = None, fixed: dict | None = None
    ):
        self.n, self.signs, self.fixed = n, signs, fixed or {}
        super().__init__(
            {(r, c): (0,) if (r, c) in self.fixed else BOTH for r in range(n) for c in range(n)}, places, given or {}
        )

    def place(self, args: tuple) -> tuple[Place, tuple]:
        "Connection has no place of its own: it speaks of the whole square."
        whole = () in self.places and not any(args[:length] in self.places for length in range(1, len(args) + 1))
        return (self.places[()], args) if whole else super().place(args)

    def value(self, cell) -> int:
        "What is known of a cell; some can hold one thing only."
        said = any(fact.kind == "is" and fact.args[0] == cell for frame in self.frames for fact in frame)
        untold = len(self.blank[cell]) == 1 or self.quiet and not said
        return min(self.blank[cell]) if untold else super().value(cell)

    def sign(self, cell) -> str:
        return self.fixed.get(cell) or self.signs[self.value(cell)]

    def copies(self) -> list[Fact]:
        return row_facts([[self.sign((r, c)) for c in range(self.n)] for r in range(self.n)], "copy")

    def computed(self, parts: list[Fact]) -> list[Fact]:
        grid, found = [fact.args[1] for fact in parts], []
        for check in self.checks():
            found += check(grid)
            if found and found[-1].kind.startswith("no-"):
                break
        return found

    def checks(self) -> list[Callable]:
        "The checks of a grid of signs, in order."
        raise NotImplementedError

    def ones(self, grid) -> list[tuple[int, int]]:
        return [(r, c) for r in range(self.n) for c in range(self.n) if grid[r][c] == self.signs[1]]

    def tallies(self, rows: Sequence[int], columns: Sequence[int]) -> Callable:
        "The check that each line has its number of 1s."

        def check(grid) -> list[Fact]:
            ones, found = self.ones(grid), []
            for axis, (kind, wanted) in enumerate((("row", rows), ("column", columns))):
                counts = tuple(sum(cell[axis] == i for cell in ones) for i in range(self.n))
                for i, (count, total) in enumerate(zip(counts, wanted)):
                    if count != total:
                        return [Fact("no-tally", ((kind, i), count, total))]
                found.append(counts)
            return [Fact("tallies", tuple(found))]

        return check

    def connection(self, value: int) -> Callable:
        "The check that the cells of `value` hang together."

        def check(grid) -> list[Fact]:
            cells = [(r, c) for r in range(self.n) for c in range(self.n) if grid[r][c] == self.signs[value]]
            if cells and len(reached(self.n, cells[0], set(cells))) < len(cells):
                return [Fact("no-together", (cells[0], value))]
            return [Fact("together", (len(cells), value))]

        return check
