"""An independent judge of skyscrapers."""

from itertools import permutations

from judges._latin import OTHERS, are_numbers, corrupted, variable, written
from judges._sat import add_choice, count_models

__all__ = ["OTHERS", "corrupted", "count", "guise", "judge", "write"]


def lines_of(state, grid):
    "Each line of `grid` as its border sees it, with the number there."
    n = state.n
    for i in range(n):
        yield [grid[k][i] for k in range(n)], state.top[i]
        yield [grid[n - 1 - k][i] for k in range(n)], state.bottom[i]
        yield [grid[i][k] for k in range(n)], state.left[i]
        yield [grid[i][n - 1 - k] for k in range(n)], state.right[i]


def judge(state, tokens) -> bool:
    n = state.n
    if not are_numbers(tokens, n):
        return False
    grid = [[int(token) for token in tokens[i : i + n]] for i in range(0, n * n, n)]
    for line, clue in lines_of(state, grid):
        if sorted(line) != list(range(1, n + 1)):
            return False
        if sum(all(line[k] > line[j] for j in range(k)) for k in range(n)) != clue:
            return False
    return True


def write(state, tokens) -> str:
    return written(tokens, state.n)


def guise(state, rng):
    kind, n = type(state), state.n
    if rng.random() < 0.5:
        state = kind(n, state.left, state.right, state.top, state.bottom)  # mirrored at the diagonal
    if rng.random() < 0.5:
        state = kind(n, state.bottom, state.top, state.left[::-1], state.right[::-1])
    if rng.random() < 0.5:
        state = kind(n, state.top[::-1], state.bottom[::-1], state.right, state.left)
    return state


def count(state, most: int) -> int:
    "Solutions by a SAT solver: every row and column is one of the orders that its two numbers allow."
    from pysat.solvers import Cadical153

    n, fresh = state.n, state.n**3

    def sees(line):
        return sum(all(line[k] > line[j] for j in range(k)) for k in range(n))

    every = [(order, sees(order), sees(order[::-1])) for order in permutations(range(1, n + 1))]
    with Cadical153() as solver:
        lines = [([(i, k) for k in range(n)], state.left[i], state.right[i]) for i in range(n)]
        for cells, near, far in lines + [([(k, i) for k in range(n)], state.top[i], state.bottom[i]) for i in range(n)]:
            orders = [order for order, a, b in every if (a, b) == (near, far)]
            ways = [[variable(n, *cell, v) for cell, v in zip(cells, order)] for order in orders]
            fresh = add_choice(solver, fresh, ways)
        for r in range(n):
            for c in range(n):
                for v in range(1, n + 1):
                    for w in range(1, v):
                        solver.add_clause([-variable(n, r, c, v), -variable(n, r, c, w)])
        return count_models(solver, most, n**3)
