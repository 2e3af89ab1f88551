"""An independent judge of shortest_distance_weighted."""

from functools import cache

import networkx as nx

OTHERS = [*map(str, range(-1, 20))]


@cache
def shortest(state) -> int:
    graph = nx.Graph()
    graph.add_weighted_edges_from(state.edges)
    return nx.bellman_ford_path_length(graph, state.start, state.end)


def judge(state, tokens) -> bool:
    return len(tokens) == 1 and tokens[0].isdecimal() and int(tokens[0]) == shortest(state)


def guise(state, rng):
    names = rng.sample(range(state.n), state.n)
    edges = tuple(sorted((*sorted((names[u], names[v])), length) for u, v, length in state.edges))
    ends = (names[state.start], names[state.end])
    return type(state)(state.n, edges, *(ends if rng.random() < 0.5 else ends[::-1]))


def corrupted(row) -> list[str]:
    answer = int(row["answer"])
    return [str(answer + step) for step in (-1, 1, 10)] + [
        f"not {answer}",
        f"{answer} or {answer + 1}",
        f"-{answer}",
        f"{answer}.5",
    ]
