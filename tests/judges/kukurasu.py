"""An independent judge of kukurasu: sums of weights, and SAT for the number of solutions."""

from judges._sat import count_models

OTHERS = ["0", "1", "2", "x"]


def judge(state, tokens) -> bool:
    n = state.size
    if len(tokens) != n * n or set(tokens) - {"0", "1"}:
        return False
    black = [(i // n, i % n) for i, token in enumerate(tokens) if token == "1"]
    rows = all(sum(c + 1 for r, c in black if r == row) == total for row, total in enumerate(state.rows))
    return rows and all(
        sum(r + 1 for r, c in black if c == column) == total for column, total in enumerate(state.columns)
    )


def write(state, tokens) -> str:
    return (
        "[" + ", ".join(f"[{', '.join(tokens[i : i + state.size])}]" for i in range(0, len(tokens), state.size)) + "]"
    )


def guise(state, rng):
    return type(state)(state.columns, state.rows) if rng.random() < 0.7 else state


def count(state, most) -> int:
    "By SAT, with the partial sums of every line as variables."
    from pysat.solvers import Solver

    n = state.size
    with Solver(name="cadical153") as solver:
        top = n * n
        lines = [([r * n + c + 1 for c in range(n)], total) for r, total in enumerate(state.rows)]
        lines += [([r * n + c + 1 for r in range(n)], total) for c, total in enumerate(state.columns)]
        for cells, total in lines:
            top = _add_line(solver, cells, total, top)
        return count_models(solver, most, n * n)


def _add_line(solver, cells, total, top) -> int:
    "Partial sums as variables: reach[s] says that the cells so far add up to s. Returns the last variable used."
    reach = {0: None}  # None: certain
    for weight, cell in enumerate(cells, 1):
        after = {}
        for s in {*reach, *(s + weight for s in reach)}:
            top += 1
            after[s] = top
        for s, name in reach.items():
            known = [] if name is None else [-name]
            solver.add_clause([*known, cell, after[s]])
            solver.add_clause([*known, -cell, after[s + weight]])
        reach = after
    for s, name in reach.items():
        if s != total:
            solver.add_clause([-name])
    if total not in reach:
        solver.add_clause([])
    return top


def corrupted(row) -> list[str]:
    answer = row["answer"]
    places = [i for i, sign in enumerate(answer) if sign in "01"]
    flipped = [
        answer[:at] + "10"[int(answer[at])] + answer[at + 1 :]
        for at in (places[0], places[len(places) // 2], places[-1])
    ]
    return [*flipped, answer[:-1], answer.replace("1", "0"), answer + answer]
