"""An independent judge of minesweeper."""

from itertools import product

from pysat.card import CardEnc
from pysat.solvers import Cadical153

from judges._cells import pairs
from mmhelix_nb.shared.search import square_symmetries, transform

OTHERS = [*map(str, range(10)), "q", "or"]


def judge(state, tokens) -> bool:
    listed = pairs(tokens)
    if listed is None:
        return False
    mines = set(listed)
    cells = set(product(range(state.size), repeat=2))
    if mines - cells:
        return False
    for r, c in cells:
        around = sum(max(abs(r - i), abs(c - j)) == 1 for i, j in mines)
        shown = "mine" if (r, c) in mines else around or None
        hidden = state.covered and state.grid[r][c] is None
        if (None if shown == "mine" or hidden else shown) != state.grid[r][c]:
            return False
    return True


def write(state, tokens) -> str:
    if len(tokens) % 2:
        return " ".join(tokens)
    return ",".join(f"({r}, {c})" for r, c in zip(tokens[::2], tokens[1::2]))


def guise(state, rng):
    return type(state)(transform(state.grid, rng.choice(square_symmetries(state.size))), state.covered)


def count(state, most: int) -> int:
    "By a SAT solver, one variable a blank."
    blanks = {
        (r, c): i
        for i, (r, c) in enumerate(
            ((r, c) for r, row in enumerate(state.grid) for c, value in enumerate(row) if value is None), 1
        )
    }
    top, clauses = len(blanks), []
    for r, c in product(range(state.size), repeat=2):
        near = [variable for (i, j), variable in blanks.items() if max(abs(r - i), abs(c - j)) == 1]
        if (r, c) in blanks:
            if not state.covered:  # a mine beside it makes it a mine, for it shows no number
                clauses += [[blanks[r, c], -other] for other in near]
        elif len(near) < state.grid[r][c]:
            return 0
        else:
            exactly = CardEnc.equals(near, state.grid[r][c], top_id=top)
            top, clauses = max(top, exactly.nv), clauses + exactly.clauses
    found = 0
    with Cadical153(bootstrap_with=clauses) as solver:
        while found < most and solver.solve():
            found += 1
            solver.add_clause([-literal for literal in solver.get_model()[: len(blanks)]])
    return found


def corrupted(row) -> list[str]:
    answer = row["answer"]
    cells = answer.split("),")
    rest = "),".join(cells[1:])
    return [
        rest,
        f"{answer},(99, 99)",
        f"{answer},(0",
        f"{answer},0",
        answer + " or none",
        answer.replace("(", "(-1"),
        "none",
        "(0, 0),(0, 1),(0, 2)",
    ]
