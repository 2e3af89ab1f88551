"""An independent judge of hitori: networkx for the connection, SAT with cuts for the number of solutions."""

import re
from functools import cache

import networkx as nx

from judges._cells import OTHERS, pairs, split
from mmhelix_nb.shared.search import square_symmetries, transform

__all__ = ["OTHERS", "corrupted", "count", "guise", "judge", "split", "write"]


@cache
def board(n):
    return nx.grid_2d_graph(n, n)


def judge(state, tokens) -> bool:
    cells = pairs(tokens)
    if cells is None:
        return False
    n, dark = len(state.grid), set(cells)
    graph = board(n)
    if not dark <= set(graph) or graph.subgraph(dark).number_of_edges():
        return False
    lines = [[state.grid[r][c] for c in range(n) if (r, c) not in dark] for r in range(n)] + [
        [state.grid[r][c] for r in range(n) if (r, c) not in dark] for c in range(n)
    ]
    return all(len(set(line)) == len(line) for line in lines) and nx.is_connected(graph.subgraph(set(graph) - dark))


def write(state, tokens) -> str:
    return "{" + ", ".join(f"({', '.join(tokens[i : i + 2])})" for i in range(0, len(tokens), 2)) + "}"


def guise(state, rng):
    names = rng.sample(range(1, 100), 99)
    grid = tuple(tuple(names[number - 1] for number in line) for line in state.grid)
    return type(state)(transform(grid, rng.choice(square_symmetries(len(grid)))))


def count(state, most) -> int:
    from pysat.solvers import Solver

    n, graph, found = len(state.grid), board(len(state.grid)), 0
    var = {cell: cell[0] * n + cell[1] + 1 for cell in graph}
    with Solver(name="cadical153") as solver:
        for a, b in graph.edges:
            solver.add_clause([-var[a], -var[b]])
        for a in graph:
            for b in graph:
                if a < b and (a[0] == b[0] or a[1] == b[1]) and state.grid[a[0]][a[1]] == state.grid[b[0]][b[1]]:
                    solver.add_clause([var[a], var[b]])
        while found < most and solver.solve():
            dark = {cell for cell in graph if solver.get_model()[var[cell] - 1] > 0}
            parts = list(nx.connected_components(graph.subgraph(set(graph) - dark)))
            if len(parts) == 1:
                found += 1
            for part in parts[1:]:
                solver.add_clause(
                    [-var[cell] for cell in nx.node_boundary(graph, part)]
                )  # not all round it may be dark
            if len(parts) == 1:
                solver.add_clause([-var[cell] if cell in dark else var[cell] for cell in graph])
        return found


def corrupted(row) -> list[str]:
    cells = [tuple(map(int, pair)) for pair in re.findall(r"\((\d+), (\d+)\)", row["answer"])]
    return [
        str(set(cells[1:])),
        str(set(cells[:-1])),
        row["answer"][:-1],
        str({*cells, (99, 0)}),
        str({(r + 1, c + 1) for r, c in cells}),
        str({*cells, (cells[0][0], cells[0][1] + 1)}),
    ]
