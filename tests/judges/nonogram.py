"""An independent judge of nonogram: regular expressions for the lines, SAT for the number of solutions."""

import re
from itertools import combinations

from judges._sat import add_choice, count_models, grid_lines
from mmhelix_nb.shared.search import square_symmetries

OTHERS = ["X", ".", "1", "0", "q", "X."]


def split(answer) -> list[str]:
    return [sign for sign in answer if sign in "X."]


def judge(state, tokens) -> bool:
    n, signs = state.size, "".join(tokens).replace("1", "X").replace("0", ".")
    if len(signs) != n * n or set(signs) - set("X."):
        return False
    rows = [signs[i * n : i * n + n] for i in range(n)]

    def fits(line, clue):
        return re.fullmatch(r"\.*" + r"\.+".join("X" * run for run in clue) + r"\.*", line) is not None

    return all(map(fits, rows, state.rows)) and all(
        map(fits, ("".join(column) for column in zip(*rows)), state.columns)
    )


def write(state, tokens) -> str:
    signs = "".join(tokens)
    return "\n".join(signs[i : i + state.size] for i in range(0, len(signs), state.size))


def guise(state, rng):
    move = rng.choice(square_symmetries(state.size))
    lines = {}
    for down, clues in ((False, state.rows), (True, state.columns)):
        for i, clue in enumerate(clues):
            a, b = (move(0, i), move(1, i)) if down else (move(i, 0), move(i, 1))
            turned = a[1] == b[1]  # the line runs down now
            lines[turned, a[1] if turned else a[0]] = clue if b > a else clue[::-1]
    n = state.size
    return type(state)(*(tuple(lines[down, i] for i in range(n)) for down in (False, True)))


def placements(clue, n):
    "The sets of filled places, from the gaps between runs."
    spare = n - sum(clue)
    for gaps in combinations(range(spare + 1), len(clue)):  # number of empty cells before each run
        yield {gap + sum(clue[:k]) + step for k, gap in enumerate(gaps) for step in range(clue[k])}


def count(state, most) -> int:
    from pysat.solvers import Solver

    n = state.size
    grid, fresh = [[r * n + c + 1 for c in range(n)] for r in range(n)], n * n
    with Solver(name="cadical153") as solver:
        for cells, clue in zip(grid_lines(grid), state.rows + state.columns):
            ways = placements(clue, n)
            signed = ([cell if i in filled else -cell for i, cell in enumerate(cells)] for filled in ways)
            fresh = add_choice(solver, fresh, signed)
        return count_models(solver, most, n * n)


def corrupted(row) -> list[str]:
    answer, lines = row["answer"], row["answer"].split("\n")
    flip = {"X": ".", ".": "X"}
    changed = [answer[:at] + flip[answer[at]] + answer[at + 1 :] for at in (0, len(answer) - 1, len(lines[0]) + 1)]
    return [*changed, "\n".join(lines[:-1]), answer + "\nX", "X" * len(lines), answer[:-1]]
