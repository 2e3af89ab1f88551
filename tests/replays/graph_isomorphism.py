"""A replay of graph_isomorphism: the kinds of the nodes, the partners found so far, and why a node has no partner left."""

import re
from collections import Counter

from replays._graphs import LIST, end, neighbours, reads_answer
from replays._story import Story, expect, ints, same

story = Story()
reads_answer(story, r"(Yes|No)")


def kind(near: list[set[int]], node: int) -> str:
    "Degree of a node and, in brackets, the degrees of its neighbours."
    return f"{len(near[node])}({''.join(map(str, sorted(len(near[other]) for other in near[node])))})"


def kinds(near) -> list[str]:
    return [kind(near, node) for node in range(len(near))]


def fitting(facts, node: int, pairs=None) -> set[int]:
    "The nodes of G2 that can be partners of a node of G1."
    (near1, near2), found = facts.near, dict(facts.pairs if pairs is None else pairs)
    beside = {found[other] for other in near1[node] if other in found}
    used = {*found.values()}
    return {
        v
        for v in range(len(near2))
        if v not in used and facts.kinds[1][v] == facts.kinds[0][node] and near2[v] & used == beside
    }


def left(facts, node: int) -> set[int]:
    "The partners of a node that have not failed yet."
    return fitting(facts, node) - facts.failed.get((tuple(facts.pairs), node), set())


def fail(facts, pairs: list):
    "Note that pairs lead to nothing, and with them the ones before that have nothing else to try."
    while pairs:
        *pairs, (node, partner) = pairs
        failed = facts.failed.setdefault((tuple(pairs), node), set())
        failed.add(partner)
        if fitting(facts, node, pairs) - failed:
            return
    facts.over = True


def follow_lists(text: str) -> list[list[int]]:
    return [ints(part) for part in text.split("; ")]


@story.says(r"G([12]) has (\d+) edges: (.*)\.")
def edges(facts, graph, n, text):
    near = facts.near[graph - 1]
    same(follow_lists(text), [[node, *sorted(others)] for node, others in enumerate(near)], f"the edges of G{graph}")
    same(n, sum(map(len, near)) // 2, f"the number of edges of G{graph}")


@story.says(
    r"For each node I note its degree and, in brackets, the degrees of its neighbours; only nodes alike in this can be partners\."
)
def plan(facts):
    pass


@story.says(r"Every kind is as frequent in G1 as in G2, so I look for partners\.")
def alike(facts):
    same(Counter(facts.kinds[0]), Counter(facts.kinds[1]), "the kinds")


@story.says(r"G1 has (\d+) of kind (\S+), but G2 has (\d+)\.")
def unlike(facts, n, one, m):
    same((n, m), tuple(part.count(one) for part in facts.kinds), f"the nodes of kind {one}")
    expect(n != m, f"kind {one} is equally frequent")
    facts.over = True


@story.says(r"By kind and by what is matched, (.*)\.")
def forced(facts, text):
    for part in text.split("; "):
        node, partner = map(int, re.fullmatch(r"(\d+) can only be (\d+)", part).groups())
        same({partner}, left(facts, node), f"the partners of {node}")
        facts.pairs = [*facts.pairs, (node, partner)]


@story.says(rf"Node (\d+) of G1, of kind (\S+), can be {LIST} of G2; I try (\d+)\.")
def choose(facts, node, one, listed, partner):
    same((one, {*ints(listed)}), (facts.kinds[0][node], left(facts, node)), f"the partners of {node}")
    expect(partner in ints(listed) and node not in dict(facts.pairs), f"{partner} is not among them")
    facts.pairs = [*facts.pairs, (node, partner)]


@story.says(
    rf"Node (\d+) of G1, of kind (\S+), needs a free partner (?:beside {LIST} in G2 and beside no other matched node|beside no matched node of G2), but there is none\."
)
def dead(facts, node, one, listed):
    found = dict(facts.pairs)
    same(
        (one, {*ints(listed)}),
        (facts.kinds[0][node], {found[other] for other in facts.near[0][node] if other in found}),
        f"what {node} needs",
    )
    same(fitting(facts, node), set(), f"the partners of {node}")
    fail(facts, facts.pairs)


@story.says(rf"For node (\d+) of G1 there (?:is|are) {LIST} left to try\.")
def back(facts, node, listed):
    at = [one for one, _ in facts.pairs].index(node)
    facts.pairs = facts.pairs[:at]
    same({*ints(listed)}, left(facts, node), f"the partners of {node}")


@story.says(
    r"Every possible partner has been tried or ruled out\.|A renaming would keep every kind, so none is possible\."
)
def exhausted(facts):
    expect(facts.over, "not everything has been tried")
    facts.answer = "No"


@story.says(r"With these partners each of the (\d+) edges of G1 becomes one of the (\d+) edges of G2: (.*)\.")
def check(facts, n, m, text):
    found, told = dict(facts.pairs), [tuple(ints(part)) for part in text.split(" ")]
    same(
        sorted((u, v) for u, v, *_ in told),
        sorted((u, v) for u, near in enumerate(facts.near[0]) for v in near if u < v),
        "the edges of G1",
    )
    expect(
        all((found[u], found[v]) == (a, b) and b in facts.near[1][a] for u, v, a, b in told),
        "an edge does not become an edge",
    )
    same(
        (n, m, len({*found.values()})),
        (len(told), sum(map(len, facts.near[1])) // 2, len(facts.near[0])),
        "edges and partners",
    )
    facts.answer = "Yes"


@story.says(r"The graphs are (?:not )?isomorphic, so the answer is")
def result(facts):
    pass


@story.shows(r"pairs: (.*)")
def board(facts, text):
    same([tuple(ints(part)) for part in text.split() if part != "none"], facts.pairs, "the pairs")


@story.shows(r"G1: (.*)\nG2: (.*)")
def kinds_shown(facts, *rows):
    for i, row in enumerate(rows):
        same(row, " ".join(f"{node}:{one}" for node, one in enumerate(facts.kinds[i])), f"the kinds of G{i + 1}")


def replay(state, text) -> str:
    near = neighbours(state.n, state.edges1), neighbours(state.n, state.edges2)
    return story.replay(text, end, near=near, kinds=[*map(kinds, near)], pairs=[], failed={}, over=False, answer="")
