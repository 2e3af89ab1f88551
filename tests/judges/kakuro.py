"""An independent judge of kakuro."""

import re
from itertools import combinations, product

from judges._sat import add_choice, count_models

OTHERS = [*map(str, range(11))]


def entries(state) -> list[tuple[list, int]]:
    "The runs as (cells, sum), found by scanning lines of the board as text."
    rows = ["".join("." if cell is None else "#" for cell in row) for row in state.grid]
    found = []
    for across, texts in ((True, rows), (False, ["".join(column) for column in zip(*rows)])):
        for i, text in enumerate(texts):
            for run in re.finditer(r"\.+", text):
                cells = [(i, j) if across else (j, i) for j in range(*run.span())]
                j = run.start() - 1
                black = (state.grid[i][j] if across else state.grid[j][i]) if j >= 0 else (0, 0)
                if black[not across]:
                    found.append((cells, black[not across]))
    return found


def judge(state, tokens) -> bool:
    if len(tokens) % 3 or not all(token.isdecimal() for token in tokens):
        return False
    digits = {}
    for r, c, digit in zip(*[iter(map(int, tokens))] * 3):
        if digits.get((r, c), digit) != digit or not 0 < digit < 10:
            return False
        digits[r, c] = digit
    if set(digits) != {(r, c) for r, row in enumerate(state.grid) for c, cell in enumerate(row) if cell is None}:
        return False
    return all(
        len({digits[cell] for cell in cells}) == len(cells) and sum(digits[cell] for cell in cells) == total
        for cells, total in entries(state)
    )


def write(state, tokens) -> str:
    parts = [tokens[i : i + 3] for i in range(0, len(tokens), 3)]
    return " ".join(f"({part[0]},{part[1]}):{part[2]}" if len(part) == 3 else " ".join(part) for part in parts)


def guise(state, rng):
    "The white part turned or mirrored, the clues set anew; in one of two cases all digits d become 10 - d."
    side, swap = len(state.grid), rng.random() < 0.5
    turns, mirror = rng.randrange(4), rng.random() < 0.5

    def moved(cell):
        r, c = cell[0] - 1, cell[1] - 1
        for _ in range(turns):
            r, c = c, side - 2 - r
        return (r + 1, side - 2 - c + 1) if mirror else (r + 1, c + 1)

    grid = {cell: [0, 0] for cell in product(range(side), repeat=2)}
    for r, c in [moved((r, c)) for r, row in enumerate(state.grid) for c, cell in enumerate(row) if cell is None]:
        grid[r, c] = None
    for cells, total in entries(state):
        (r, c), (row, column) = sorted(map(moved, cells))[:2]
        sum_ = 10 * len(cells) - total if swap else total
        if r == row:
            grid[r, c - 1][0] = sum_
        else:
            grid[r - 1, c][1] = sum_
    return type(state)(tuple(tuple(grid[r, c] and tuple(grid[r, c]) for c in range(side)) for r in range(side)))


def count(state, most) -> int:
    "The number of solutions up to `most`, by a SAT solver: a run holds one of the sets of digits with its sum."
    from pysat.solvers import Cadical153

    white = [(r, c) for r, row in enumerate(state.grid) for c, cell in enumerate(row) if cell is None]
    name = {(cell, digit): 9 * i + digit for i, cell in enumerate(white) for digit in range(1, 10)}
    fresh = 9 * len(white)
    with Cadical153() as solver:
        for cell in white:
            solver.add_clause([name[cell, digit] for digit in range(1, 10)])
        for cell, (a, b) in product(white, combinations(range(1, 10), 2)):
            solver.add_clause([-name[cell, a], -name[cell, b]])
        for cells, total in entries(state):
            for (one, other), digit in product(combinations(cells, 2), range(1, 10)):
                solver.add_clause([-name[one, digit], -name[other, digit]])
            sets = [digits for digits in combinations(range(1, 10), len(cells)) if sum(digits) == total]
            others = (product(cells, set(range(1, 10)) - set(digits)) for digits in sets)
            fresh = add_choice(solver, fresh, ([-name[one] for one in excluded] for excluded in others))
        return count_models(solver, most, 9 * len(white))


def corrupted(row) -> list[str]:
    parts = row["answer"].split()
    (place, digit), rest = parts[0].split(":"), parts[1:]
    other = " ".join([f"{place}:{int(digit) % 9 + 1}", *rest])
    return [
        " ".join(rest),
        other,
        f"{row['answer']} (0,99):1",
        row["answer"][:-1],
        f"{place}:{digit}{digit} {' '.join(rest)}",
        f"{row['answer']} {place}:{int(digit) % 9 + 1}",
    ]
