"""An independent judge of snake."""

from itertools import combinations, product

from pysat.card import CardEnc
from pysat.solvers import Cadical153

from judges._cells import pairs

OTHERS = [*map(str, range(13)), "q", "or"]


def far(a, b):
    return tuple(sorted((abs(a[0] - b[0]), abs(a[1] - b[1]))))


def judge(state, tokens) -> bool:
    listed = pairs(tokens)
    if listed is None:
        return False
    cells = set(listed)
    if not {state.start, state.end} <= cells:
        return False
    for axis, counts in enumerate((state.row_counts, state.column_counts)):
        if [sum(cell[axis] == line for cell in cells) for line in range(state.size)] != list(counts):
            return False
    path, rest = [state.start], cells - {state.start}
    while rest:  # walk along, only one way at a time
        ways = [cell for cell in rest if far(cell, path[-1]) == (0, 1)]
        if len(ways) != 1:
            return False
        path.append(ways[0])
        rest.remove(ways[0])
    apart = {1: [(0, 1)], 2: [(1, 1), (0, 2)]}
    for (i, a), (j, b) in combinations(enumerate(path), 2):
        if j - i in apart and far(a, b) not in apart[j - i] or j - i > 2 and max(far(a, b)) < 2:
            return False
    return path[-1] == state.end and all(max(cell) < state.size for cell in path)


def write(state, tokens) -> str:
    if len(tokens) % 2:
        return " ".join(tokens)
    return " ".join(f"({r},{c})" for r, c in zip(tokens[::2], tokens[1::2]))


def guise(state, rng):
    n, rows, columns, ends = state.size, state.row_counts, state.column_counts, [state.start, state.end]
    for _ in range(rng.randrange(4)):
        rows, columns, ends = columns, rows[::-1], [(c, n - 1 - r) for r, c in ends]
    if rng.random() < 0.5:
        columns, ends = columns[::-1], [(r, n - 1 - c) for r, c in ends]
    return type(state)(n, *rng.sample(ends, 2), rows, columns)


def count(state, most: int) -> int:
    "By a SAT solver: degrees, corners and counts as clauses; rings apart from the path are forbidden as they turn up."
    n = state.size
    number = {cell: i for i, cell in enumerate(product(range(n), repeat=2), 1)}
    clauses, top = [[number[state.start]], [number[state.end]]], n * n
    for a in number:
        near = [number[b] for b in number if far(a, b) == (0, 1)]
        wanted = 1 if a in (state.start, state.end) else 2
        clauses += [[-number[a], *(v for v in near if v not in out)] for out in combinations(near, wanted - 1)]
        clauses += [[-number[a], *(-v for v in some)] for some in combinations(near, wanted + 1)]
        for b in number:
            if far(a, b) == (1, 1) and a < b:
                clauses.append([-number[a], -number[b], number[a[0], b[1]], number[b[0], a[1]]])
    for axis, counts in enumerate((state.row_counts, state.column_counts)):
        for line, amount in enumerate(counts):
            exactly = CardEnc.equals([number[cell] for cell in number if cell[axis] == line], amount, top_id=top)
            top, clauses = max(top, exactly.nv), clauses + exactly.clauses
    found = 0
    with Cadical153(bootstrap_with=clauses) as solver:
        while found < most and solver.solve():
            cells = {cell for cell, i in number.items() if solver.get_model()[i - 1] > 0}
            path = [state.start]
            for cell in path:
                path += [other for other in cells if far(cell, other) == (0, 1) and other not in path]
            loose = cells - set(path)
            found += not loose
            solver.add_clause([-number[cell] for cell in loose or cells])
    return found


def corrupted(row) -> list[str]:
    cells = row["answer"].split()
    middle = len(cells) // 2
    return [
        " ".join(cells[1:]),
        " ".join(cells[:-1]),
        " ".join(cells[:middle] + cells[middle + 1 :]),
        row["answer"] + " (99,99)",
        row["answer"] + " (0",
        row["answer"] + " or none",
        "none",
        " ".join([*cells[:middle], "(0,0)", *cells[middle + 1 :]]) if "(0,0)" not in cells else "[]",
    ]
