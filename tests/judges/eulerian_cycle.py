"""An independent judge of eulerian_cycle."""

import json

import networkx as nx

OTHERS = [*map(str, range(17)), "-1", "No"]
SEVERAL = True


def graph_of(state) -> nx.Graph:
    return nx.Graph(list(state.edges))  # nodes without edges do not matter to a walk over edges


def judge(state, tokens) -> bool:
    if [token.lower() for token in tokens] == ["no"]:
        return not nx.is_eulerian(graph_of(state))
    if not tokens or not all(token.isdecimal() for token in tokens):
        return False
    walk = list(map(int, tokens))
    if len(walk) == len(state.edges):
        walk.append(walk[0])
    steps = sorted(sorted(step) for step in zip(walk, walk[1:]))
    return walk[0] == walk[-1] and steps == sorted(sorted(edge) for edge in state.edges)


def write(state, tokens) -> str:
    return tokens[0] if tokens == ["No"] else f"[{', '.join(tokens)}]"


def guise(state, rng):
    names = rng.sample(range(state.n), state.n)
    return type(state)(state.n, tuple(sorted(tuple(sorted((names[u], names[v]))) for u, v in state.edges)))


def corrupted(row) -> list[str]:
    answer, nodes = row["answer"], list(range(len(row["initial_state"])))
    if answer.lower() == "no":
        return ["Yes", str(nodes), str([*nodes, 0])]
    walk = json.loads(answer)
    return [
        "No",
        str(walk[:-2]),
        str([*walk, walk[1]]),
        str(walk[2:]),
        answer[:-1],
        str([*walk[:-1], len(nodes)]),
        str([walk[0], walk[0], *walk[1:]]),
    ]
