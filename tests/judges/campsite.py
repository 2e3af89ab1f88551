"""An independent judge of campsite: rules written out cell by cell, and SAT for the number of solutions."""

import re
from itertools import combinations

from judges._cells import OTHERS, pairs, split
from judges._sat import add_totals, count_models, grid_lines
from mmhelix_nb.shared.search import square_symmetries, transform

__all__ = ["OTHERS", "corrupted", "count", "guise", "judge", "split", "write"]


def judge(state, tokens) -> bool:
    cells = pairs(tokens)
    if cells is None:
        return False
    tents = {(r - 1, c - 1) for r, c in cells}
    board = {(r, c): cell for r, line in enumerate(state.grid) for c, cell in enumerate(line)}
    if any(board.get(tent) != "X" for tent in tents):
        return False
    if any(max(abs(a - c), abs(b - d)) == 1 for (a, b), (c, d) in combinations(tents, 2)):
        return False
    if not all(
        any(board.get((r + dr, c + dc)) == "T" for dr in (-1, 0, 1) for dc in (-1, 0, 1) if dr * dc == 0)
        for r, c in tents
    ):
        return False
    n = len(state.grid)
    rows, columns = ([[tent[axis] for tent in tents].count(i) for i in range(n)] for axis in (0, 1))
    return (tuple(rows), tuple(columns)) == (state.rows, state.columns)


def write(state, tokens) -> str:
    return "[" + ", ".join(f"[{', '.join(tokens[i : i + 2])}]" for i in range(0, len(tokens), 2)) + "]"


def guise(state, rng):
    n, move = len(state.grid), rng.choice(square_symmetries(len(state.grid)))
    rows = [0] * n, [0] * n
    for axis, counts in ((0, state.rows), (1, state.columns)):
        for i, number in enumerate(counts):
            ends = [move(i, j) if axis == 0 else move(j, i) for j in (0, 1)]
            new = 0 if ends[0][0] == ends[1][0] else 1  # rows stay rows where both cells lie in one row
            rows[new][ends[0][new]] = number
    return type(state)(tuple(map("".join, transform(tuple(map(tuple, state.grid)), move))), *map(tuple, rows))


def count(state, most) -> int:
    from pysat.solvers import Solver

    n = len(state.grid)
    var = {(r, c): r * n + c + 1 for r in range(n) for c in range(n)}
    with Solver(name="cadical153") as solver:
        for (r, c), one in var.items():
            near = any(state.grid[y][x] == "T" for y, x in var if abs(y - r) + abs(x - c) == 1)
            if state.grid[r][c] == "T" or not near:
                solver.add_clause([-one])
            for (y, x), other in var.items():
                if other > one and abs(y - r) < 2 and abs(x - c) < 2:
                    solver.add_clause([-one, -other])
        grid = [[var[r, c] for c in range(n)] for r in range(n)]
        add_totals(solver, zip(grid_lines(grid), state.rows + state.columns), n * n)
        return count_models(solver, most, n * n)


def corrupted(row) -> list[str]:
    cells = [list(map(int, pair)) for pair in re.findall(r"\[(\d+), (\d+)\]", row["answer"])]
    return [
        str(cells[1:]),
        str(cells[:-1]),
        row["answer"][:-1],
        str([*cells, [99, 1]]),
        str([[r - 1, c - 1] for r, c in cells]),
        str([*cells[:-1], [cells[-1][0], cells[-1][1] + 1]]),
    ]
