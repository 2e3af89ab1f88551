"""An independent judge of calcudoku."""

from fractions import Fraction
from functools import reduce
from itertools import product
from operator import add, mul

from judges._latin import OTHERS, are_numbers, corrupted, groups, variable, written
from judges._sat import add_choice, add_one_of_each, count_models
from mmhelix_nb.shared.search import square_symmetries

__all__ = ["OTHERS", "corrupted", "count", "guise", "judge", "write"]


def fits(values, sign, target) -> bool:
    if sign == "+":
        return reduce(add, values) == target
    if sign == "*":
        return reduce(mul, values) == target
    a, b = values
    return target in ((a - b, b - a) if sign == "-" else (Fraction(a, b), Fraction(b, a)))


def judge(state, tokens) -> bool:
    n = state.size
    if not are_numbers(tokens, n):
        return False
    cells = {(1 + i // n, 1 + i % n): int(token) for i, token in enumerate(tokens)}
    if len({(r, v) for (r, _), v in cells.items()}) < n * n or len({(c, v) for (_, c), v in cells.items()}) < n * n:
        return False
    return all(fits([cells[cell] for cell in region], sign, target) for region, sign, target in state.regions)


def write(state, tokens) -> str:
    return written(tokens, state.size)


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

    n, fresh = state.size, state.size**3
    with Cadical153() as solver:
        add_one_of_each(solver, groups(n))
        for cells, sign, target in state.regions:
            fitting = [values for values in product(range(1, n + 1), repeat=len(cells)) if fits(values, sign, target)]
            ways = [[variable(n, r - 1, c - 1, v) for (r, c), v in zip(cells, values)] for values in fitting]
            fresh = add_choice(solver, fresh, ways)
        return count_models(solver, most, n**3)
