"""An independent judge of futoshiki."""

import re

from mmhelix_nb.shared.search import square_symmetries, transform

OTHERS = ["0", "1", "2", "3", "9", "x"]


def judge(state, tokens) -> bool:
    n = len(state.grid)
    if len(tokens) != n * n or any(token not in set("123456789"[:n]) for token in tokens):
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
    n = len(state.grid)
    return str([tokens[i : i + n] for i in range(0, len(tokens), n)]).replace("'", "")


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

    def var(r, c, v):
        return (r * n + c) * n + v

    with Cadical153() as solver:
        for a in range(n):
            for b in range(n):
                for triples in (
                    [(a, b, v) for v in range(1, n + 1)],
                    [(a, k, b + 1) for k in range(n)],
                    [(k, a, b + 1) for k in range(n)],
                ):
                    solver.add_clause([var(*t) for t in triples])
                    for i, one in enumerate(triples):
                        for two in triples[:i]:
                            solver.add_clause([-var(*one), -var(*two)])
                if state.grid[a][b]:
                    solver.add_clause([var(a, b, state.grid[a][b])])
        for a, b, sign in state.inequalities:
            if sign == ">":
                a, b = b, a
            for v in range(1, n + 1):
                for w in range(1, v + 1):
                    solver.add_clause([-var(*a, v), -var(*b, w)])
        found = 0
        while found < most and solver.solve():
            found += 1
            solver.add_clause([-x for x in solver.get_model() if x > 0])
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
