"""A replay of shortest_distance_weighted: the open nodes with their distances, and the sums along edges."""

import re
from itertools import pairwise

from replays._graphs import WAY
from replays._story import Story, expect, ints, pairs, same

story = Story()


@story.says(r"The edges with their lengths go from (.*)\.")
def edges(facts, text):
    told = []
    for part in text.split("; "):
        node, others = part.split(" to ")
        told += [(int(node), other, length) for other, length in pairs(others)]
    same(tuple(told), facts.edges, "the edges")


@story.says(r"I look for the way from (\d+) to (\d+)\.")
def ends(facts, start, goal):
    same((start, goal), (facts.start, facts.goal), "the ends")


@story.says(r"(?:The start|The nearest open node is) (\d+)(?: is|,) at (\d+)\.")
def settled(facts, node, distance):
    expect(facts.told_all, f"the edges of {facts.node} were not looked at")
    same((distance, distance), (facts.open[node], min(facts.open.values())), f"the distance of {node}")
    expect(bool(facts.far) or node == facts.start, "the start is another node")
    facts.far[node] = facts.open.pop(node)
    facts.node = node
    facts.told_all = not unsettled(facts)


def unsettled(facts) -> dict[int, int]:
    "The neighbours of the last node that are not settled, with the lengths of the edges; none behind the end."
    if facts.node == facts.goal:
        return {}
    return {
        u + v - facts.node: length
        for u, v, length in facts.edges
        if facts.node in (u, v) and u + v - facts.node not in facts.far
    }


@story.says(r"From it: (.*)\.")
def looked(facts, text):
    told = [
        re.fullmatch(r"(\d+) at (\d+) \+ (\d+) = (\d+)(?:, (better|no better) than (\d+))?", part).groups()
        for part in text.split("; ")
    ]
    same({int(node): int(length) for node, _, length, *_ in told}, unsettled(facts), f"the edges of {facts.node}")
    for node, before, length, far, verdict, old in told:
        node, before, length, far = map(int, (node, before, length, far))
        same((before, far), (facts.far[facts.node], before + length), f"the distance of {node}")
        same(None if old is None else int(old), facts.open.get(node), f"the distance of {node} before")
        expect(old is None or (verdict == "better") == (far < int(old)), f"{far} against {old}")
        facts.open[node] = min(far, facts.open.get(node, far))
    facts.told_all = True


@story.says(r"Nothing is open any more\.")
def nothing(facts):
    same(facts.open, {}, "the open nodes")


@story.says(rf"Back from the end by the distances, the way is {WAY}, and ([\d +]+) = (\d+)\.")
def way(facts, text, parts, total):
    path, lengths = ints(text), {(u, v): length for a, b, length in facts.edges for u, v in ((a, b), (b, a))}
    same((path[0], path[-1], total), (facts.start, facts.goal, facts.far[facts.goal]), "the way")
    same(ints(parts), [lengths[step] for step in pairwise(path)], "the lengths on the way")
    same(sum(ints(parts)), total, "the sum")


@story.says(r"The shortest way has the length")
def result(facts):
    pass


@story.shows(r"open: (.*)")
def board(facts, text):
    same(dict(pairs(text)), facts.open, "the open nodes")


@story.shows(r"(\d+)")
def length(facts, far):
    same(far, facts.far[facts.goal], "the length")


def end(facts, answer):
    same(answer, str(facts.far[facts.goal]), "the answer")


def replay(state, text) -> str:
    return story.replay(
        text,
        end,
        edges=state.edges,
        start=state.start,
        goal=state.end,
        open={state.start: 0},
        far={},
        node=None,
        told_all=True,
    )
