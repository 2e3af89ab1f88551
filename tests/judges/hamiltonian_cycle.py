"""An independent judge of hamiltonian_cycle."""

from functools import cache

from judges import _graphs

OTHERS, SEVERAL, write, guise = _graphs.OTHERS, True, _graphs.write, _graphs.guise


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
    if _graphs.says_no(tokens):
        return not has_cycle(state)
    tour = _graphs.nodes_in(tokens)
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


def corrupted(row) -> list[str]:
    return _graphs.wrong_walks(
        row, lambda tour: [tour[:-2], [*tour[:-2], tour[0]], [*tour, tour[1]], [tour[1], tour[0], *tour[2:]]]
    )
