"""An independent judge of hamiltonian_path."""

import json
from functools import cache

OTHERS = [*map(str, range(17)), "-1", "No"]
SEVERAL = True


@cache
def has_path(state) -> bool:
    "By all sets of visited nodes and all last nodes."
    layer = {(frozenset([state.start]), state.start)}
    joined = [{v for edge in state.edges if u in edge for v in edge if v != u} for u in range(state.n)]
    for _ in range(state.n - 1):
        layer = {(seen | {v}, v) for seen, u in layer for v in joined[u] - seen}
    return bool(layer)


def judge(state, tokens) -> bool:
    if [token.lower() for token in tokens] == ["no"]:
        return not has_path(state)
    if not all(token.isdecimal() for token in tokens) or sorted(map(int, tokens)) != list(range(state.n)):
        return False
    path = list(map(int, tokens))
    return path[0] == state.start and all({u, v} in map(set, state.edges) for u, v in zip(path, path[1:]))


def write(state, tokens) -> str:
    return tokens[0] if tokens == ["No"] else f"[{', '.join(tokens)}]"


def guise(state, rng):
    names = rng.sample(range(state.n), state.n)
    return type(state)(
        state.n, tuple(sorted(tuple(sorted((names[u], names[v]))) for u, v in state.edges)), names[state.start]
    )


def corrupted(row) -> list[str]:
    answer, nodes = row["answer"], list(range(len(row["initial_state"])))
    if answer.lower() == "no":
        return ["Yes", str(nodes), str(nodes[::-1])]
    path = json.loads(answer)
    return [
        "No",
        str(path[::-1]),
        str(path[:-1]),
        str(path[1:]),
        str([*path, path[0]]),
        answer[:-1],
        str([*path[:-1], len(nodes)]),
    ]
