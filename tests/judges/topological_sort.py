"""An independent judge of topological_sort."""

import json

import networkx as nx

from judges import _graphs

OTHERS, SEVERAL = _graphs.OTHERS, True


def judge(state, tokens) -> bool:
    """Each node has to be listed after all that networkx calls its ancestors."""
    order = _graphs.nodes_in(tokens)
    if sorted(order) != list(range(state.n)):
        return False
    graph = nx.DiGraph(state.edges)
    graph.add_nodes_from(range(state.n))
    return all(nx.ancestors(graph, node) <= set(order[:place]) for place, node in enumerate(order))


def write(state, tokens) -> str:
    return f"[{', '.join(tokens)}]"


def guise(state, rng):
    names = rng.sample(range(state.n), state.n)
    return type(state)(state.n, tuple(sorted((names[u], names[v]) for u, v in state.edges)))


def corrupted(row) -> list[str]:
    order = json.loads(row["answer"])
    found = [
        order[::-1],
        order[:-1],
        order[1:],
        [*order, order[0]],
        [*order[:-1], len(order)],
        [order[-1], *order[:-1]],
    ]
    return [*map(str, found), "No", row["answer"][:-1]]
