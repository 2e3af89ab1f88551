"""An independent judge of max_flow."""

from functools import cache

import networkx as nx

OTHERS = [*map(str, range(-1, 30))]


@cache
def largest(state) -> int:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(state.n))
    graph.add_edges_from((u, v, {"capacity": capacity}) for u, v, capacity in state.edges)
    return nx.maximum_flow_value(graph, state.source, state.sink, flow_func=nx.algorithms.flow.preflow_push)


def judge(state, tokens) -> bool:
    return len(tokens) == 1 and tokens[0].isdecimal() and int(tokens[0]) == largest(state)


def guise(state, rng):
    names = rng.sample(range(state.n), state.n)
    edges, source, sink = (
        [(names[u], names[v], capacity) for u, v, capacity in state.edges],
        names[state.source],
        names[state.sink],
    )
    if rng.random() < 0.5:
        edges, source, sink = [(v, u, capacity) for u, v, capacity in edges], sink, source
    return type(state)(state.n, tuple(sorted(edges)), source, sink)


def corrupted(row) -> list[str]:
    answer = int(row["answer"])
    return [str(answer + step) for step in (-1, 1, 10)] + [
        f"not {answer}",
        f"{answer} or {answer + 1}",
        f"-{answer}",
        f"{answer}.5",
    ]
