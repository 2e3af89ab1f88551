"""What judges of graph tasks share: the answer No, nodes in a list, graphs with other names, and walks that are damaged."""

import json
from collections.abc import Callable, Iterable
from random import Random

OTHERS = [*map(str, range(17)), "-1", "No"]


def says_no(tokens: list[str]) -> bool:
    return [token.lower() for token in tokens] == ["no"]


def nodes_in(tokens: list[str]) -> list[int]:
    "The nodes that `tokens` list; none where a token is no number."
    return [*map(int, tokens)] if all(token.isdecimal() for token in tokens) else []


def write(state, tokens: list[str]) -> str:
    return tokens[0] if tokens == ["No"] else f"[{', '.join(tokens)}]"


def renamed(edges: Iterable[tuple], names: list[int]) -> tuple[tuple, ...]:
    "Edges without direction after their nodes got other `names`; what more an edge carries stays."
    return tuple(sorted((*sorted((names[u], names[v])), *label) for u, v, *label in edges))


def guise(state, rng: Random):
    "A graph of nodes and edges alone with other names."
    return type(state)(state.n, renamed(state.edges, rng.sample(range(state.n), state.n)))


def wrong_walks(row: dict, damage: Callable[[list[int]], list[list[int]]]) -> list[str]:
    "Where the answer is No, lists of all nodes; else No, and the walk cut off, led to a node that does not exist, or under `damage`."
    answer, nodes = row["answer"], [*range(len(row["initial_state"]))]
    if answer.lower() == "no":
        return ["Yes", str(nodes), str(nodes[::-1]), str([*nodes, 0])]
    walk = json.loads(answer)
    return ["No", answer[:-1], str([*walk[:-1], len(nodes)]), *map(str, damage(walk))]
