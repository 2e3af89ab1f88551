"""An independent judge of skyscrapers."""

import re
from itertools import permutations

OTHERS = ["0", "1", "2", "3", "9", "x"]


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
    if len(tokens) != n * n or any(token not in set("123456789"[:n]) for token in tokens):
        return False
    grid = [[int(token) for token in tokens[i : i + n]] for i in range(0, n * n, n)]
    for line, clue in lines_of(state, grid):
        if sorted(line) != list(range(1, n + 1)):
            return False
        if sum(all(line[k] > line[j] for j in range(k)) for k in range(n)) != clue:
            return False
    return True


def write(state, tokens) -> str:
    return str([tokens[i : i + state.n] for i in range(0, len(tokens), state.n)]).replace("'", "")


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

    def var(r, c, v):
        return (r * n + c) * n + v

    def sees(line):
        return sum(all(line[k] > line[j] for j in range(k)) for k in range(n))

    every = [(order, sees(order), sees(order[::-1])) for order in permutations(range(1, n + 1))]
    with Cadical153() as solver:
        lines = [([(i, k) for k in range(n)], state.left[i], state.right[i]) for i in range(n)]
        for cells, near, far in lines + [([(k, i) for k in range(n)], state.top[i], state.bottom[i]) for i in range(n)]:
            chosen = []
            for order in (order for order, a, b in every if (a, b) == (near, far)):
                fresh += 1
                chosen.append(fresh)
                for cell, v in zip(cells, order):
                    solver.add_clause([-fresh, var(*cell, v)])
            solver.add_clause(chosen)
        for r in range(n):
            for c in range(n):
                for v in range(1, n + 1):
                    for w in range(1, v):
                        solver.add_clause([-var(r, c, v), -var(r, c, w)])
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
