"""An independent judge of calcudoku."""

import re
from fractions import Fraction
from functools import reduce
from itertools import product
from operator import add, mul

from mmhelix_nb.shared.search import square_symmetries

OTHERS = ["0", "1", "2", "3", "9", "x"]


def fits(values, sign, target) -> bool:
    if sign == "+":
        return reduce(add, values) == target
    if sign == "*":
        return reduce(mul, values) == target
    a, b = values
    return target in ((a - b, b - a) if sign == "-" else (Fraction(a, b), Fraction(b, a)))


def judge(state, tokens) -> bool:
    n = state.size
    if len(tokens) != n * n or any(token not in set("123456789"[:n]) for token in tokens):
        return False
    cells = {(1 + i // n, 1 + i % n): int(token) for i, token in enumerate(tokens)}
    if len({(r, v) for (r, _), v in cells.items()}) < n * n or len({(c, v) for (_, c), v in cells.items()}) < n * n:
        return False
    return all(fits([cells[cell] for cell in region], sign, target) for region, sign, target in state.regions)


def write(state, tokens) -> str:
    return str([tokens[i : i + state.size] for i in range(0, len(tokens), state.size)]).replace("'", "")


def guise(state, rng):
    move = rng.choice(square_symmetries(state.size))

    def moved(cell):
        return tuple(k + 1 for k in move(cell[0] - 1, cell[1] - 1))

    regions = [
        (tuple(map(moved, rng.sample(cells, len(cells)))), sign, target) for cells, sign, target in state.regions
    ]
    return type(state)(state.size, tuple(rng.sample(regions, len(regions))))


def count(state, most: int) -> int:
    "Solutions by a SAT solver: a variable for each cell and value, and one for each way to fill a cage."
    from pysat.solvers import Cadical153

    n = state.size
    fresh = n**3

    def var(cell, v):
        return ((cell[0] - 1) * n + cell[1] - 1) * n + v

    spots = list(product(range(1, n + 1), repeat=2))
    with Cadical153() as solver:
        for a, b in spots:
            for group in (
                [var((a, b), v) for v in range(1, n + 1)],
                [var((a, k), b) for k in range(1, n + 1)],
                [var((k, a), b) for k in range(1, n + 1)],
            ):
                solver.add_clause(group)
                for i, one in enumerate(group):
                    for two in group[:i]:
                        solver.add_clause([-one, -two])
        for cells, sign, target in state.regions:
            chosen = []
            for values in product(range(1, n + 1), repeat=len(cells)):
                if not fits(values, sign, target):
                    continue
                fresh += 1
                chosen.append(fresh)
                for cell, v in zip(cells, values):
                    solver.add_clause([-fresh, var(cell, v)])
            solver.add_clause(chosen)
        found = 0
        while found < most and solver.solve():
            found += 1
            solver.add_clause([-x for x in solver.get_model() if 0 < x <= n**3])
        return found


def corrupted(row) -> list[str]:
    answer = row["answer"]
    digits = [match.start() for match in re.finditer(r"\d", answer)]
    swapped = list(answer)
    swapped[digits[0]], swapped[digits[1]] = swapped[digits[1]], swapped[digits[0]]
    return [
        "".join(swapped),
        answer[: answer.rfind("[")].rstrip(", ") + "]",
        answer.replace("1", "2"),
        answer.replace("1", "0"),
    ]
