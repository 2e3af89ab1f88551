"""The prover of kakuro: a run is its way and its first cell."""

from itertools import permutations

from mmhelix_nb.steps import Fact
from provers._cells import Cells, Place, filled, matched, row_facts


def word(cell):
    if cell is None:
        return ""
    across, down = cell
    return f"{down or '-'}\\{across or '-'}" if across or down else "#"


def run_at(grid, r, c, dr, dc):
    "The white cells from one on."
    found = []
    while r < len(grid) and c < len(grid) and grid[r][c] is None:
        found.append((r, c))
        r, c = r + dr, c + dc
    return tuple(found)


def reaches(domains, total, used=frozenset()):
    "Whether different digits of the domains add up to a total."
    if not domains:
        return total == 0
    at = min(range(len(domains)), key=lambda cell: len(domains[cell]))
    rest = domains[:at] + domains[at + 1 :]
    return any(reaches(rest, total - digit, used | {digit}) for digit in domains[at] - used if digit <= total)


def sets_of(domains, total, least=1, digits=()):
    "The sets of digits that the cells can hold and that make a total, ascending."
    if len(digits) == len(domains):
        fits = total == 0 and any(
            all(digit in domain for digit, domain in zip(order, domains)) for order in permutations(digits)
        )
        return [digits] if fits else []
    return [
        found
        for digit in range(least, min(9, total) + 1)
        for found in sets_of(domains, total - digit, digit + 1, (*digits, digit))
    ]


class Kakuro(Cells):
    def __init__(self, state):
        self.grid, self.runs = state.grid, {}
        for way, (dr, dc), at in (("across", (0, 1), 0), ("down", (1, 0), 1)):
            for r, line in enumerate(state.grid):
                for c, cell in enumerate(line):
                    if cell is not None and cell[at]:
                        cells = run_at(state.grid, r + dr, c + dc, dr, dc)
                        self.runs[way, cells[0]] = cells, cell[at]
        white = [(r, c) for r, line in enumerate(state.grid) for c, cell in enumerate(line) if cell is None]
        super().__init__(
            {cell: range(1, 10) for cell in white},
            {(run,): self.place_of(*found) for run, found in self.runs.items()},
            {},
        )

    def place_of(self, cells, total):
        def claims(more, domains):
            return more[0] == total and (len(more) == 1 or [*more[1]] == sets_of(domains, total))

        return Place(cells, lambda domains: matched(domains) and reaches(domains, total), claims)

    def readings(self):
        return [row_facts([[word(cell) for cell in line] for line in self.grid])]

    def tally(self, parts):
        return filled(parts)

    def copies(self):
        rows = [
            ["#" if cell is not None else str(self.value((r, c))) for c, cell in enumerate(line)]
            for r, line in enumerate(self.grid)
        ]
        return row_facts(rows, "copy")

    def in_order(self):
        "The runs across, then down, by their first cells."
        return sorted(self.runs.items(), key=lambda item: item[0])

    def computed(self, parts):
        found = []
        for run, (cells, total) in self.in_order():
            digits = tuple(int(parts[r].args[1][c]) for r, c in cells)
            for digit in digits:
                if digits.count(digit) > 1:
                    return [Fact("double", (run, digit))]
            if sum(digits) != total:
                return [Fact("no-added", (run, digits, total))]
            found.append(digits)
        return [Fact("once"), Fact("added", (tuple(found),))]

    def answer(self, parts):
        return " ".join(
            f"({r},{c}):{sign}" for r, part in enumerate(parts) for c, sign in enumerate(part.args[1]) if sign != "#"
        )


def prover(state):
    return Kakuro(state)
