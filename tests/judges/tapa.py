"""An independent judge of tapa: networkx for groups and connection, SAT with cuts for the number of solutions."""

import re
from functools import cache
from itertools import combinations
from types import SimpleNamespace

import networkx as nx

from judges._cells import OTHERS, pairs, split
from mmhelix_nb.shared.search import square_symmetries, transform

__all__ = ["OTHERS", "corrupted", "count", "guise", "judge", "split", "write"]


@cache
def boards(n):
    "The cells joined by edges, and those joined by edges or corners."
    rook, king = nx.grid_2d_graph(n, n), nx.grid_2d_graph(n, n)
    king.add_edges_from(((r, c), (r + 1, c + d)) for r, c in rook for d in (-1, 1) if (r + 1, c + d) in rook)
    return rook, king


def around_clue_is_right(king, clue, number, dark) -> bool:
    near = king.subgraph(set(king[clue]) & dark)
    return len(near) == number and (number == 0 or nx.is_connected(near))


def judge(state, tokens) -> bool:
    cells = pairs(tokens)
    if cells is None:
        return False
    dark = set(cells)
    rook, king = boards(len(state.grid))
    if not dark <= set(rook) or any(state.grid[r][c] != "." for r, c in dark):
        return False
    if any({(r + i, c + j) for i in (0, 1) for j in (0, 1)} <= dark for r, c in dark):
        return False
    clues = {(r, c): int(state.grid[r][c]) for r, c in rook if state.grid[r][c] != "."}
    return all(around_clue_is_right(king, clue, number, dark) for clue, number in clues.items()) and nx.is_connected(
        rook.subgraph(dark)
    )


def write(state, tokens) -> str:
    return ", ".join(f"({','.join(tokens[i : i + 2])})" for i in range(0, len(tokens), 2))


def guise(state, rng):
    grid = tuple(map(tuple, state.grid))
    return type(state)(tuple(map("".join, transform(grid, rng.choice(square_symmetries(len(grid)))))))


def count(state, most) -> int:
    from pysat.solvers import Solver

    n, found = len(state.grid), 0
    rook, king = boards(n)
    var = {cell: cell[0] * n + cell[1] + 1 for cell in rook}
    with Solver(name="cadical153") as solver:
        for r, c in rook:
            if r < n - 1 and c < n - 1:
                solver.add_clause([-var[r + i, c + j] for i in (0, 1) for j in (0, 1)])
            if state.grid[r][c] == ".":
                continue
            solver.add_clause([-var[r, c]])
            near = list(king[r, c])
            for size in range(len(near) + 1):
                for dark in combinations(near, size):  # every wrong surrounding is forbidden
                    if not around_clue_is_right(king, (r, c), int(state.grid[r][c]), set(dark)):
                        solver.add_clause([-var[cell] if cell in dark else var[cell] for cell in near])
        while found < most and solver.solve():
            dark = {cell for cell in rook if solver.get_model()[var[cell] - 1] > 0}
            parts = list(nx.connected_components(rook.subgraph(dark)))
            if len(parts) <= 1:
                found += 1
                solver.add_clause([-var[cell] if cell in dark else var[cell] for cell in rook])
            for part in (
                parts[:-1] if len(parts) > 1 else ()
            ):  # with a cell of this part and one outside it, some cell beside the part is dark
                outside = set(rook) - part - set(nx.node_boundary(rook, part))
                one, other = min(part), min(outside & dark)
                solver.add_clause([-var[one], -var[other], *(var[cell] for cell in nx.node_boundary(rook, part))])
        return found


def corrupted(row) -> list[str]:
    cells = [tuple(map(int, pair)) for pair in re.findall(r"\((\d+),(\d+)\)", row["answer"])]
    changed = [cells[1:], cells[:-1], [*cells, (99, 0)], [(r + 1, c + 1) for r, c in cells], [*cells[1:-1], (0, 0)]]
    state = SimpleNamespace(grid=row["initial_state"].split("\n"))  # some published puzzles have several solutions
    return [row["answer"][:-1], *(str(cells) for cells in changed if not judge(state, split(str(cells))))]
