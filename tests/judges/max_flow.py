"""An independent judge of max_flow."""

from functools import cache

import networkx as nx

from judges._numbers import states, wrong_numbers

OTHERS = [*map(str, range(-1, 30))]


@cache
def largest(state) -> int:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(state.n))
    graph.add_edges_from((u, v, {"capacity": capacity}) for u, v, capacity in state.edges)
    return nx.maximum_flow_value(graph, state.source, state.sink, flow_func=nx.algorithms.flow.preflow_push)


def judge(state, tokens) -> bool:
    return states(tokens, largest(state))


def guise(state, rng):
    names = rng.sample(range(state.n), state.n)
    edges = [(names[u], names[v], capacity) for u, v, capacity in state.edges]
    source, sink = names[state.source], names[state.sink]
    if rng.random() < 0.5:
        edges, source, sink = [(v, u, capacity) for u, v, capacity in edges], sink, source
    return type(state)(state.n, tuple(sorted(edges)), source, sink)


def corrupted(row) -> list[str]:
    return wrong_numbers(row)
