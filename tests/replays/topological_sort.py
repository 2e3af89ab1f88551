"""A replay of topological_sort: which nodes are free, and which become so when an arrow goes."""

from replays._graphs import LIST, numbers
from replays._story import Story, expect, ints, same

story = Story()


@story.says(r"The arrows lead from (.*)\.")
def arrows(facts, text):
    told = [(node, to) for node, *others in map(ints, text.split("; from ")) for to in others]
    same(tuple(told), facts.edges, "the arrows")


@story.says(r"Arrows that lead to a node: (.*)\.")
def counts(facts, text):
    same(
        [ints(part) for part in text.split("; ")],
        [[node, sum(v == node for _, v in facts.edges)] for node in range(facts.n)],
        "the arrows to each node",
    )


@story.says(r"A node with none is free\.")
def rule(facts):
    facts.free = {node for node in range(facts.n) if all(v != node for _, v in facts.edges)}


@story.says(rf"(?:Only (\d+) is free|Free are {LIST}; I take (\d+))(?:, and its arrows? to {LIST} go(?:es)?)?\.")
def taken(facts, only, free, chosen, targets):
    node = only if chosen is None else chosen
    same(ints(node if chosen is None else free), sorted(facts.free), "the free nodes")
    same(
        ints(targets) if targets is not None else [],
        [v for u, v in facts.edges if u == node],
        f"the arrows from {node}",
    )
    expect(node in facts.free and not facts.fresh, f"{node} is not free, or {facts.fresh} were forgotten")
    facts.order.append(node)
    rest = {v for u, v in facts.edges if u not in facts.order}
    facts.fresh = {v for u, v in facts.edges if u == node and v not in rest}
    facts.free = facts.free - {node} | facts.fresh


@story.says(rf"Now {LIST} (?:is|are) free\.")
def fresh(facts, listed):
    same(ints(listed), sorted(facts.fresh), "the nodes that become free")
    facts.fresh = set()


@story.says(
    r"The list has (\d+) different nodes, and each of the (\d+) arrows points from an earlier node to a later one\."
)
def check(facts, nodes, arrows):
    same((nodes, arrows, len({*facts.order})), (facts.n, len(facts.edges), facts.n), "nodes and arrows")
    place = {node: number for number, node in enumerate(facts.order)}
    expect(all(place[u] < place[v] for u, v in facts.edges) and not facts.fresh, "an arrow points backwards")


@story.says(r"The order is")
def result(facts):
    pass


@story.shows(r"order so far: (.*)")
def board(facts, text):
    same(ints(text), facts.order, "the order")


@story.shows(r"(\[.*\])")
def last(facts, text):
    same(numbers(text), facts.order, "the order")


def end(facts, answer):
    same((answer, len(facts.order)), (str(facts.order), facts.n), "the answer")


def replay(state, text) -> str:
    return story.replay(text, end, n=state.n, edges=state.edges, free=set(), fresh=set(), order=[])
