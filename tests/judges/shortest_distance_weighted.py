"""An independent judge of shortest_distance_weighted."""

from functools import cache

import networkx as nx

from judges._graphs import renamed
from judges._numbers import states, wrong_numbers

OTHERS = [*map(str, range(-1, 20))]


@cache
def shortest(state) -> int:
    graph = nx.Graph()
    graph.add_weighted_edges_from(state.edges)
    return nx.bellman_ford_path_length(graph, state.start, state.end)


def judge(state, tokens) -> bool:
    return states(tokens, shortest(state))


def guise(state, rng):
    names = rng.sample(range(state.n), state.n)
    ends = (names[state.start], names[state.end])
    return type(state)(state.n, renamed(state.edges, names), *(ends if rng.random() < 0.5 else ends[::-1]))


def corrupted(row) -> list[str]:
    return wrong_numbers(row)
