"""An independent judge of hamiltonian_path."""

from functools import cache

from judges import _graphs

OTHERS, SEVERAL, write = _graphs.OTHERS, True, _graphs.write


@cache
def has_path(state) -> bool:
    "By all sets of visited nodes and all last nodes."
    layer = {(frozenset([state.start]), state.start)}
    joined = [{v for edge in state.edges if u in edge for v in edge if v != u} for u in range(state.n)]
    for _ in range(state.n - 1):
        layer = {(seen | {v}, v) for seen, u in layer for v in joined[u] - seen}
    return bool(layer)


def judge(state, tokens) -> bool:
    if _graphs.says_no(tokens):
        return not has_path(state)
    path = _graphs.nodes_in(tokens)
    if sorted(path) != list(range(state.n)) or path[0] != state.start:
        return False
    return all({u, v} in map(set, state.edges) for u, v in zip(path, path[1:]))


def guise(state, rng):
    names = rng.sample(range(state.n), state.n)
    return type(state)(state.n, _graphs.renamed(state.edges, names), names[state.start])


def corrupted(row) -> list[str]:
    return _graphs.wrong_walks(row, lambda path: [path[::-1], path[:-1], path[1:], [*path, path[0]]])
