"""An independent judge of numbrix."""

import re
from itertools import combinations

from mmhelix_nb.shared.search import square_symmetries, transform

OTHERS = [*map(str, range(40))]


def split(answer) -> list[str]:
    return re.findall(r"\w+", re.sub(r"\|\s*(?=\|)", "|0", answer))


def write(state, tokens) -> str:
    rows = [tokens[i : i + state.size] for i in range(0, len(tokens), state.size)]
    return "\n".join("|" + "|".join(row) + "|" for row in rows)


def judge(state, tokens) -> bool:
    "By walking: from the cell of 1 to a neighbour that holds the next number, up to the largest given."
    n = state.size
    if len(tokens) != n * n or not all(token.isdecimal() for token in tokens):
        return False
    grid = {(i // n, i % n): int(token) for i, token in enumerate(tokens)}
    if any(given and grid[r, c] != given for r, row in enumerate(state.grid) for c, given in enumerate(row)):
        return False
    top = max(given for row in state.grid for given in row)
    if sorted(filter(None, grid.values())) != list(range(1, top + 1)):
        return False
    at = next(cell for cell, number in grid.items() if number == 1)
    for number in range(2, top + 1):
        at = next(
            (
                (r, c)
                for r, c in ((at[0] + 1, at[1]), (at[0] - 1, at[1]), (at[0], at[1] + 1), (at[0], at[1] - 1))
                if grid.get((r, c)) == number
            ),
            None,
        )
        if at is None:
            return False
    return True


def guise(state, rng):
    grid = transform(state.grid, rng.choice(square_symmetries(state.size)))
    numbers = {number for row in grid for number in row}
    if 1 in numbers and rng.random() < 0.5:
        grid = tuple(tuple(number and max(numbers) + 1 - number for number in row) for row in grid)
    return type(state)(grid)


def places(state) -> dict:
    "A variable for each number in each cell, as (cell, number), that it could reach from the givens."
    n, top = state.size, max(map(max, state.grid))
    cells = [(r, c) for r in range(n) for c in range(n)]
    given = {state.grid[r][c]: (r, c) for r, c in cells if state.grid[r][c]}

    def may(cell, number) -> bool:
        if number in given:
            return given[number] == cell
        if state.grid[cell[0]][cell[1]]:
            return False
        return all(abs(cell[0] - r) + abs(cell[1] - c) <= abs(number - other) for other, (r, c) in given.items())

    pairs = [(cell, number) for number in range(1, top + 1) for cell in cells if may(cell, number)]
    return {pair: i for i, pair in enumerate(pairs, 1)}


def clauses(state) -> list[list[int]]:
    "Each number in one cell, each cell with one number at most, each number beside the next."
    name, top, found = places(state), max(map(max, state.grid)), []
    by_number = [[name[pair] for pair in name if pair[1] == number] for number in range(1, top + 1)]
    by_cell = [[name[pair] for pair in name if pair[0] == cell] for cell in {cell for cell, _ in name}]
    for alike in (*by_number, *by_cell):
        found += [[-a, -b] for a, b in combinations(alike, 2)]
    for ((r, c), number), variable in name.items():
        near = ((r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1))
        if number < top:
            found.append([-variable, *(name[other, number + 1] for other in near if (other, number + 1) in name)])
    return by_number + found


def count(state, most) -> int:
    "The number of solutions up to `most`, by a SAT solver with a variable for each number in each cell that it could reach."
    from pysat.solvers import Cadical153

    found = 0
    with Cadical153(bootstrap_with=clauses(state)) as solver:
        while found < most and solver.solve():
            found += 1
            solver.add_clause([-literal for literal in solver.get_model() if literal > 0])
    return found


def corrupted(row) -> list[str]:
    lines = row["answer"].strip("\n").split("\n")
    cells = re.findall(r"\d+", row["answer"])
    swapped = (
        row["answer"]
        .replace(f"|{cells[0]}|", "|#|")
        .replace(f"|{cells[1]}|", f"|{cells[0]}|")
        .replace("|#|", f"|{cells[1]}|")
    )
    return [
        "\n".join(lines[:-1]),
        "\n".join([*lines, lines[-1]]),
        "\n".join(line + "0|" for line in lines),
        "\n".join(lines[::-1]),
        row["answer"].replace("|2|", "| |"),
        swapped,
    ]
