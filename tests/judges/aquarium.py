"""An independent judge of aquarium: water poured cell by cell, and SAT for the number of solutions."""

import re

from judges._cells import OTHERS, pairs, split
from judges._sat import add_totals, count_models, grid_lines

__all__ = ["OTHERS", "corrupted", "count", "guise", "judge", "split", "write"]


def judge(state, tokens) -> bool:
    cells = pairs(tokens)
    if cells is None:
        return False
    wet = {(y, x) for x, y in cells}
    height, width = len(state.regions), len(state.regions[0])
    if not all(y < height and x < width for y, x in wet):
        return False
    for y, x in wet:  # from every wet cell water flows to all cells of the tank in this row and below
        for r in range(y, height):
            if any(state.regions[r][c] == state.regions[y][x] and (r, c) not in wet for c in range(width)):
                return False
    rows = [sum((r, c) in wet for c in range(width)) for r in range(height)]
    return rows == list(state.rows) and [sum((r, c) in wet for r in range(height)) for c in range(width)] == list(
        state.columns
    )


def write(state, tokens) -> str:
    return "[" + ", ".join(f"({', '.join(tokens[i : i + 2])})" for i in range(0, len(tokens), 2)) + "]"


def guise(state, rng):
    tanks = sorted({tank for line in state.regions for tank in line})
    names = dict(zip(tanks, rng.sample(range(100), len(tanks))))
    turn = rng.choice((1, -1))
    return type(state)(
        tuple(tuple(names[tank] for tank in line[::turn]) for line in state.regions), state.rows, state.columns[::turn]
    )


def count(state, most) -> int:
    from pysat.solvers import Solver

    height, width = len(state.regions), len(state.regions[0])
    cells = [(r, c) for r in range(height) for c in range(width)]
    var = {cell: i for i, cell in enumerate(cells, 1)}
    with Solver(name="cadical153") as solver:
        for r, c in cells:
            for row, column in cells:
                if row >= r and state.regions[row][column] == state.regions[r][c]:
                    solver.add_clause([-var[r, c], var[row, column]])
        grid = [[var[r, c] for c in range(width)] for r in range(height)]
        add_totals(solver, zip(grid_lines(grid), state.rows + state.columns), len(cells))
        return count_models(solver, most, len(cells))


def corrupted(row) -> list[str]:
    answer = row["answer"]
    cells = re.findall(r"\(\d+, \d+\)", answer)
    swapped = [(x, y) for x, y in re.findall(r"\((\d+), (\d+)\)", answer)]
    wrong = [str(cells[1:]).replace("'", ""), str(cells[:-1]).replace("'", ""), answer[:-1], answer[:-1] + ", (99, 0)]"]
    return wrong + [", ".join(f"({x}, {int(y) + 1})" for x, y in swapped)]
