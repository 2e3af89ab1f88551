"""An independent judge of graph_isomorphism."""

import networkx as nx

from judges._graphs import renamed

OTHERS = ["Yes", "No", "isomorphic", "not", "are", "maybe", "6"]
FILLERS = {"the", "these", "both", "two", "they", "graph", "graphs", "g1", "g2", "and", "are", "is", "to"}


def same(state) -> bool:
    "By networkx."
    first, second = nx.empty_graph(state.n), nx.empty_graph(state.n)
    first.add_edges_from(state.edges1)
    second.add_edges_from(state.edges2)
    return nx.is_isomorphic(first, second)


def judge(state, tokens) -> bool:
    words, claims = [token.lower() for token in tokens], []
    if words and words[0] in ("yes", "no"):
        claims.append(words.pop(0) == "yes")
    if claims and words[:2] == ["they", "are"] and words[2:] in ([], ["not"]):
        claims.append(not words[2:])
    elif words:
        if words.pop() != "isomorphic":
            return False
        claims.append(not (words and words[-1] == "not"))
        if not claims[-1]:
            words.pop()
        if not set(words) <= FILLERS or len(words) > 9:
            return False
    return bool(claims) and set(claims) == {same(state)}


def guise(state, rng):
    pair = [renamed(edges, rng.sample(range(state.n), state.n)) for edges in (state.edges1, state.edges2)]
    return type(state)(state.n, *(pair[::-1] if rng.random() < 0.5 else pair))


def corrupted(row) -> list[str]:
    other = {"yes": "No", "no": "Yes"}[row["answer"].lower()]
    return [
        other,
        other.lower(),
        f"{other}.",
        "Yes or No",
        "Yes No",
        f"{row['answer']} {other}",
        "They are",
        "not",
        "is it isomorphic?",
    ]
