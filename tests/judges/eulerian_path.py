"""An independent judge of eulerian_path."""

import networkx as nx

from judges import _graphs

OTHERS, SEVERAL, write, guise = _graphs.OTHERS, True, _graphs.write, _graphs.guise


def judge(state, tokens) -> bool:
    if _graphs.says_no(tokens):
        return not nx.has_eulerian_path(nx.Graph(list(state.edges)))  # nodes without edges do not matter
    walk = _graphs.nodes_in(tokens)
    steps = sorted(sorted(step) for step in zip(walk, walk[1:]))
    return steps == sorted(sorted(edge) for edge in state.edges)


def corrupted(row) -> list[str]:
    return _graphs.wrong_walks(
        row, lambda walk: [walk[:-2], [*walk, walk[-2]], walk[2:], [walk[0], walk[0], *walk[1:]]]
    )
