"""An independent judge of hamiltonian_cycle."""

import json
from functools import cache

OTHERS = [*map(str, range(17)), "-1", "No"]
SEVERAL = True


@cache
def has_cycle(state) -> bool:
    "By all sets of visited nodes that hold node 0, and all last nodes: dynamic programming over subsets."
    if state.n < 3:
        return False
    joined = [sum(1 << v for edge in state.edges if u in edge for v in edge if v != u) for u in range(state.n)]
    lasts = {1: 1}  # visited set -> set of last nodes
    for _ in range(state.n - 1):
        larger = {}
        for seen, last in lasts.items():
            for v in range(1, state.n):
                if not seen >> v & 1 and joined[v] & last:
                    larger[seen | 1 << v] = larger.get(seen | 1 << v, 0) | 1 << v
        lasts = larger
    return bool(lasts.get((1 << state.n) - 1, 0) & joined[0])


def judge(state, tokens) -> bool:
    if [token.lower() for token in tokens] == ["no"]:
        return not has_cycle(state)
    if not tokens or not all(token.isdecimal() for token in tokens):
        return False
    tour = list(map(int, tokens))
    if len(tour) == state.n:
        tour.append(tour[0])
    steps = [frozenset(step) for step in zip(tour, tour[1:])]
    return (
        len(tour) == state.n + 1
        and tour[0] == tour[-1]
        and set(tour) == set(range(state.n))
        and len(set(steps)) == state.n
        and set(steps) <= set(map(frozenset, state.edges))
    )


def write(state, tokens) -> str:
    return tokens[0] if tokens == ["No"] else f"[{', '.join(tokens)}]"


def guise(state, rng):
    names = rng.sample(range(state.n), state.n)
    return type(state)(state.n, tuple(sorted(tuple(sorted((names[u], names[v]))) for u, v in state.edges)))


def corrupted(row) -> list[str]:
    answer, nodes = row["answer"], list(range(len(row["initial_state"])))
    if answer.lower() == "no":
        return ["Yes", str(nodes), str(nodes[::-1])]
    tour = json.loads(answer)
    return [
        "No",
        str(tour[:-2]),
        str([*tour[:-2], tour[0]]),
        str([*tour, tour[1]]),
        answer[:-1],
        str([*tour[:-1], len(nodes)]),
        str([tour[1], tour[0], *tour[2:]]),
    ]
