"""An independent judge of eulerian_cycle."""

import networkx as nx

from judges import _graphs

OTHERS, SEVERAL, write, guise = _graphs.OTHERS, True, _graphs.write, _graphs.guise


def judge(state, tokens) -> bool:
    if _graphs.says_no(tokens):
        return not nx.is_eulerian(nx.Graph(list(state.edges)))  # nodes without edges do not matter to a walk over edges
    walk = _graphs.nodes_in(tokens)
    if len(walk) == len(state.edges):
        walk.append(walk[0])
    steps = sorted(sorted(step) for step in zip(walk, walk[1:]))
    return bool(walk) and walk[0] == walk[-1] and steps == sorted(sorted(edge) for edge in state.edges)


def corrupted(row) -> list[str]:
    return _graphs.wrong_walks(row, lambda walk: [walk[:-2], [*walk, walk[1]], walk[2:], [walk[0], walk[0], *walk[1:]]])
