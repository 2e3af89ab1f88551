"""An independent judge of shingoki."""

import re
from itertools import combinations, product

import networkx as nx

from mmhelix_nb.shared.search import square_symmetries, transform

OTHERS = [*map(str, range(9))]


def split(answer) -> list[str]:
    return re.findall(r"\d+", answer)


def write(state, tokens) -> str:
    parts = [tokens[i : i + 4] for i in range(0, len(tokens), 4)]
    return " ".join("({},{})-({},{})".format(*part) if len(part) == 4 else " ".join(part) for part in parts)


def circles(state) -> dict:
    return {
        (r, c): (sign[0], int(sign[1:]))
        for r, row in enumerate(state.grid)
        for c, sign in enumerate(row)
        if sign != "."
    }


def fits(graph, circles) -> bool:
    "Whether a cycle fits all circles: it is cut at its turns into straight pieces; a circle lies on one or between two."
    cycle = [one for one, _ in nx.find_cycle(graph)]
    places = range(len(cycle))
    turns = [
        i
        for i in places
        if len({p[0] for p in (cycle[i - 1], cycle[i - len(cycle) + 1])}) > 1
        and len({p[1] for p in (cycle[i - 1], cycle[i - len(cycle) + 1])}) > 1
    ]
    for point, (color, number) in circles.items():
        if point not in cycle:
            return False
        i = cycle.index(point)
        if (i in turns) != (color == "B"):
            return False
        after = min((turn - i) % len(cycle) or len(cycle) for turn in turns)
        before = min((i - turn) % len(cycle) or len(cycle) for turn in turns)
        if after + before != number:
            return False
    return True


def judge(state, tokens) -> bool:
    if not tokens or len(tokens) % 4:
        return False
    graph, n = nx.Graph(), state.size
    for r, c, row, column in zip(*[iter(map(int, tokens))] * 4):
        if max(r, c, row, column) >= n or abs(r - row) + abs(c - column) != 1 or graph.has_edge((r, c), (row, column)):
            return False
        graph.add_edge((r, c), (row, column))
    return nx.is_connected(graph) and all(degree == 2 for _, degree in graph.degree) and fits(graph, circles(state))


def guise(state, rng):
    return type(state)(transform(state.grid, rng.choice(square_symmetries(state.size))))


def at_points(grid, name: dict, marks: dict) -> list[list[int]]:
    "No line or two lines at each point, two at a circle; `name` gives the variable of a line."
    found = []
    for point in grid:
        lines = [name[frozenset((point, other))] for other in grid[point]]
        found += [[-line for line in some] for some in combinations(lines, 3)]
        found += [[-line, *(other for other in lines if other != line)] for line in lines]
        if point in marks:
            found.append(lines)
    return found


def arm(name: dict, point, way, reach: int) -> list[int]:
    "The literals of an arm of length `reach`: its lines, and not the one beyond; 0 for a line outside the grid."
    points = [(point[0] + way[0] * i, point[1] + way[1] * i) for i in range(reach + 2)]
    *steps, beyond = [name.get(frozenset(pair), 0) for pair in zip(points, points[1:])]
    return [*steps, *([-beyond] if beyond else [])]


def at_circles(name: dict, marks: dict) -> list[list[int]]:
    "One of the ways in which two arms can leave each circle, each way with a variable of its own."
    found, fresh = [], len(name)
    for point, (color, number) in marks.items():
        chosen = []
        for (one, two), length in product(combinations(((0, 1), (1, 0), (0, -1), (-1, 0)), 2), range(1, number)):
            literals = [*arm(name, point, one, length), *arm(name, point, two, number - length)]
            if (one[0] == -two[0] and one[1] == -two[1]) == (color == "W") and all(literals):
                fresh += 1
                chosen.append(fresh)
                found += [[-fresh, literal] for literal in literals]
        found.append(chosen)
    return found


def misfits(graph, name: dict, marks: dict) -> list[list[int]]:
    "Clauses against loops of a drawing that are not all, or do not fit their circles."
    found, parts = [], list(nx.connected_components(graph))
    for part in parts:
        inside, loop = {point: mark for point, mark in marks.items() if point in part}, graph.subgraph(part)
        if len(parts) > 1 and len(inside) < len(marks) or not fits(loop, inside):
            found.append([-name[frozenset(edge)] for edge in loop.edges])
    return found


def count(state, most) -> int:
    "The number of loops up to `most`, by a SAT solver that knows points and arms; loops that do not fit are forbidden as they turn up."
    from pysat.solvers import Cadical153

    marks, grid = circles(state), nx.grid_2d_graph(state.size, state.size)
    name, found = {frozenset(edge): i for i, edge in enumerate(grid.edges, 1)}, 0
    with Cadical153(bootstrap_with=at_points(grid, name, marks) + at_circles(name, marks)) as solver:
        while found < most and solver.solve():
            drawn = {line for line in solver.get_model() if line > 0}
            graph = nx.Graph([tuple(edge) for edge, line in name.items() if line in drawn])
            found += nx.number_connected_components(graph) == 1 and fits(graph, marks)
            for clause in misfits(graph, name, marks):
                solver.add_clause(clause)
            solver.add_clause([-line for line in drawn])
    return found


def corrupted(row) -> list[str]:
    parts, n = (
        row["answer"].split(),
        len(row["initial_state"]) if isinstance(row["initial_state"], list) else row["initial_state"].count("[") - 1,
    )
    outside = " ".join(parts).replace("(0,", f"({n},")
    return [
        " ".join(parts[1:]),
        " ".join([*parts, parts[0]]),
        f"{parts[0]} {parts[0]}",
        row["answer"][:-1],
        outside,
        f"(0,0)-(0,1) (0,1)-(1,1) (1,1)-(1,0) (1,0)-(0,0) (0,{n - 1})-(0,{n})",
    ]
