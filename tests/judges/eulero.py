"""An independent judge of eulero."""

import re
from itertools import product

from judges._sat import add_one_of_each, count_models

OTHERS = ["A1", "B2", "C3", "A2", "J1", "A0", "1A", "x"]


def judge(state, tokens) -> bool:
    n = len(state.grid)
    pairs = [a + b for a, b in product("ABCDEFGHI"[:n], "123456789"[:n])]
    if sorted(tokens) != pairs:
        return False  # every pair once
    rows = [tokens[i : i + n] for i in range(0, n * n, n)]
    if any(given and given != pair for line, full in zip(state.grid, rows) for given, pair in zip(line, full)):
        return False
    return all(len({pair[k] for pair in line}) == n for lines in (rows, zip(*rows)) for line in lines for k in (0, 1))


def write(state, tokens) -> str:
    n = len(state.grid)
    return "\n".join("|".join(tokens[i : i + n]) for i in range(0, len(tokens), n))


def guise(state, rng):
    n = len(state.grid)
    rows, columns, letters, digits = (rng.sample(range(n), n) for _ in range(4))

    def renamed(pair):
        return pair and f"{'ABCDEFGHI'[letters['ABCDEFGHI'.index(pair[0])]]}{digits[int(pair[1]) - 1] + 1}"

    def exchanged(pair):
        return pair and f"{'ABCDEFGHI'[int(pair[1]) - 1]}{'ABCDEFGHI'.index(pair[0]) + 1}"

    grid = tuple(tuple(renamed(state.grid[r][c]) for c in columns) for r in rows)
    if rng.random() < 0.5:
        grid = tuple(zip(*grid))
    if rng.random() < 0.5:
        grid = tuple(tuple(map(exchanged, row)) for row in grid)
    return type(state)(grid)


def count(state, most: int) -> int:
    "Solutions by a SAT solver, a variable for each cell and pair."
    from pysat.solvers import Cadical153

    n = len(state.grid)
    size = range(n)

    def var(r, c, a, b):
        return ((r * n + c) * n + a) * n + b + 1

    groups = [[var(r, c, a, b) for a in size for b in size] for r in size for c in size] + [
        [var(r, c, a, b) for r in size for c in size] for a in size for b in size
    ]
    groups += [[var(i, k, v, b) for k in size for b in size] for i in size for v in size] + [
        [var(k, i, v, b) for k in size for b in size] for i in size for v in size
    ]
    groups += [[var(i, k, a, v) for k in size for a in size] for i in size for v in size] + [
        [var(k, i, a, v) for k in size for a in size] for i in size for v in size
    ]
    with Cadical153() as solver:
        add_one_of_each(solver, groups)
        for r, c in product(size, size):
            if state.grid[r][c]:
                solver.add_clause([var(r, c, "ABCDEFGHI".index(state.grid[r][c][0]), int(state.grid[r][c][1]) - 1)])
        return count_models(solver, most, n**4)


def corrupted(row) -> list[str]:
    answer = row["answer"]
    places = [match.start() for match in re.finditer("[A-Z]", answer)]
    swapped = list(answer)
    swapped[places[0]], swapped[places[1]] = swapped[places[1]], swapped[places[0]]
    lines = answer.split("\n")
    return [
        "".join(swapped),
        "\n".join(lines[:-1]),
        "\n".join(lines[1:] + lines[:1]),
        answer.replace("1", "2"),
        answer.split("|")[0],
        "A1",
        answer.replace("A", "B"),
    ]
