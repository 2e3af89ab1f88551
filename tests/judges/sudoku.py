"""An independent judge of sudoku."""

from judges._sat import add_one_of_each, count_models

OTHERS = ["0", "1", "2", "9", ".", "x"]


def judge(state, tokens) -> bool:
    if len(tokens) != 81 or any(token not in set("123456789") for token in tokens):
        return False
    holds = set()
    for i, token in enumerate(tokens):
        r, c = divmod(i, 9)
        if state.grid[r][c] and str(state.grid[r][c]) != token:
            return False
        holds |= {("row", r, token), ("column", c, token), ("box", r // 3, c // 3, token)}
    return len(holds) == 3 * 81  # nothing twice


def guise(state, rng):
    names = [0, *rng.sample(range(1, 10), 9)]
    rows = [3 * band + i for band in rng.sample(range(3), 3) for i in rng.sample(range(3), 3)]
    columns = [3 * stack + i for stack in rng.sample(range(3), 3) for i in rng.sample(range(3), 3)]
    grid = tuple(tuple(names[state.grid[r][c]] for c in columns) for r in rows)
    return type(state)(tuple(zip(*grid)) if rng.random() < 0.5 else grid)


def count(state, most: int) -> int:
    "Solutions by a SAT solver, a variable for each cell and digit."
    from pysat.solvers import Cadical153

    def var(r, c, v):
        return 81 * r + 9 * c + v

    spots = [(r, c) for r in range(9) for c in range(9)]
    groups = [[var(r, c, v) for v in range(1, 10)] for r, c in spots]
    for v in range(1, 10):
        groups += [[var(i, k, v) for k in range(9)] for i in range(9)] + [
            [var(k, i, v) for k in range(9)] for i in range(9)
        ]
        groups += [[var(r, c, v) for r, c in spots if (r // 3, c // 3) == (a, b)] for a in range(3) for b in range(3)]
    with Cadical153() as solver:
        add_one_of_each(solver, groups)
        for r, c in spots:
            if state.grid[r][c]:
                solver.add_clause([var(r, c, state.grid[r][c])])
        return count_models(solver, most, 729)


def corrupted(row) -> list[str]:
    digits = row["answer"].split()
    return [
        " ".join([digits[1], digits[0], *digits[2:]]),
        " ".join(digits[:-1]),
        " ".join([*digits, "1"]),
        " ".join(digits[9:] + digits[:9]),
        " ".join(digits).replace("5", "6"),
        " ".join(digits).replace("5", "."),
        " ".join(digits[::-1]) if digits != digits[::-1] else "x",
    ]
