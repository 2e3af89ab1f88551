"""An independent judge of futoshiki."""

from judges._latin import OTHERS, are_numbers, corrupted, groups, variable, written
from judges._sat import add_one_of_each, count_models
from mmhelix_nb.shared.search import square_symmetries, transform

__all__ = ["OTHERS", "corrupted", "count", "guise", "judge", "write"]


def judge(state, tokens) -> bool:
    n = len(state.grid)
    if not are_numbers(tokens, n):
        return False
    cells = {(i // n, i % n): int(token) for i, token in enumerate(tokens)}
    for (r, c), value in cells.items():
        if state.grid[r][c] and state.grid[r][c] != value:
            return False
        if any(cells[r, k] == value for k in range(n) if k != c) or any(
            cells[k, c] == value for k in range(n) if k != r
        ):
            return False
    return all((cells[a] < cells[b]) == (sign == "<") for a, b, sign in state.inequalities)


def write(state, tokens) -> str:
    return written(tokens, len(state.grid))


def guise(state, rng):
    n, move, flip = len(state.grid), rng.choice(square_symmetries(len(state.grid))), rng.random() < 0.5
    grid = transform(state.grid, move)
    signs = []
    for a, b, sign in rng.sample(state.inequalities, len(state.inequalities)):
        sign = sign if not flip else "<>"[sign == "<"]
        signs.append((move(*a), move(*b), sign) if rng.random() < 0.5 else (move(*b), move(*a), "<>"[sign == "<"]))
    if flip:
        grid = tuple(tuple(n + 1 - value if value else 0 for value in row) for row in grid)
    return type(state)(grid, tuple(signs))


def count(state, most: int) -> int:
    "Solutions by a SAT solver, a variable for each cell and value."
    from pysat.solvers import Cadical153

    n = len(state.grid)
    with Cadical153() as solver:
        add_one_of_each(solver, groups(n))
        for r, row in enumerate(state.grid):
            for c, value in enumerate(row):
                if value:
                    solver.add_clause([variable(n, r, c, value)])
        for a, b, sign in state.inequalities:
            if sign == ">":
                a, b = b, a
            for v in range(1, n + 1):
                for w in range(1, v + 1):
                    solver.add_clause([-variable(n, *a, v), -variable(n, *b, w)])
        return count_models(solver, most, n**3)
