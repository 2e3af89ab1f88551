"""A replay of hamiltonian_path: the path as it grows, its dead ends, and what is left to try at each node."""

import re
from itertools import pairwise

from replays._graphs import LIST, WAY, end, neighbours, reached, reads_answer, reads_edges
from replays._story import Story, expect, ints, same

story = Story()
reads_edges(story)
reads_answer(story)


def free(facts, path=()) -> set[int]:
    "The nodes that are not on a path, that of now unless another one is given."
    return {*range(len(facts.near))} - {*(path or facts.path)}


def ways(facts) -> set[int]:
    "What is left to try behind the last node."
    return (facts.near[facts.path[-1]] & free(facts)) - facts.failed.get(tuple(facts.path), set())


def fail(facts, path: list[int]):
    "Note that a path leads to nothing, and with it the paths before it all of whose ways fail."
    while path:
        if len(path) == 1:
            facts.over = True
        facts.failed.setdefault(tuple(path[:-1]), set()).add(path[-1])
        facts.lost.add((path[-1], frozenset(free(facts, path))))
        path = path[:-1]
        if not path or facts.near[path[-1]] & free(facts, path) - facts.failed[tuple(path)]:
            return


@story.says(r"The path starts at (\d+)\.")
def start(facts, node):
    same([node], facts.path, "the start")


@story.says(r"Where I have a choice, I take a node with as few ways on as any\.")
def plan(facts):
    pass


@story.says(
    r"A node that is cut off ends a try, and so do two nodes with one way left each, for only the end of the path can have one\."
)
def rule(facts):
    pass


@story.says(rf"From (\d+) I can go to {LIST}; I try (\d+)\.")
def choose(facts, before, listed, node):
    same((before, {*ints(listed)}), (facts.path[-1], ways(facts)), "where the path can go")
    rest = free(facts)
    expect(
        node in ints(listed)
        and len(facts.near[node] & rest) == min(len(facts.near[way] & rest) for way in ints(listed)),
        f"{node} has more ways on than another node",
    )
    facts.path.append(node)


@story.says(r"From (\d+) the only way left is to ([\d, then]+)\.")
def forced(facts, before, listed):
    same(before, facts.path[-1], "the end of the path")
    for node in ints(listed):
        same({node}, ways(facts), f"the ways from {facts.path[-1]}")
        facts.path.append(node)


@story.says(r"(?:Going from (\d+) to|Beginning at) (\d+ .*)\.")
def dead(facts, before, text):
    if before is not None:
        same(before, facts.path[-1], "the end of the path")
    for part in text.split("; to "):
        node, fault = re.fullmatch(r"(\d+) (.*)", part).groups()
        path = facts.path if before is None else [*facts.path, int(node)]
        expect(int(node) == path[-1] and (before is None or int(node) in ways(facts)), f"the path cannot go to {node}")
        check_fault(facts, path, fault)
        facts.failed.setdefault(tuple(path[:-1]), set()).add(path[-1])
    if before is None or not ways(facts):
        fail(facts, path)


def check_fault(facts, path: list[int], fault: str):
    "Whether a path is dead for the reason given."
    rest, named = free(facts, path), {*ints(fault)}
    same(len(named), len(ints(fault)), "the number of different nodes")
    if fault.startswith("cuts off "):
        expect(named and named <= rest - reached(facts.near, path[-1], rest), f"{path}: {fault} is not so")
    elif fault.startswith("leaves "):
        expect(
            len(named) == 2 and named <= {node for node in rest if len(facts.near[node] & (rest | {path[-1]})) < 2},
            f"{path}: {fault} is not so",
        )
    else:
        same(fault, "meets nodes left over from which I have failed before", "the fault")
        expect((path[-1], frozenset(rest)) in facts.lost, f"{path}: no such failure before")


@story.says(rf"The path is {WAY} again, with {LIST} left to try\.")
def back(facts, text, listed):
    path = ints(text)
    expect(len(path) < len(facts.path) or path == facts.path, "that is not a step back")
    same(path, facts.path[: len(path)], "the path")
    facts.path = path
    same({*ints(listed)}, ways(facts), "what is left to try")


@story.says(rf"The path {WAY} has (\d+) different nodes, and each step is an edge\.")
def whole(facts, text, n):
    path = ints(text)
    same((path, n, len({*path})), (facts.path, len(facts.near), len(facts.near)), "the path")
    expect(all(v in facts.near[u] for u, v in pairwise(path)), "a step is no edge")
    facts.answer = str(path)


@story.says(r"Every way from (\d+) has been tried or ruled out\.")
def exhausted(facts, node):
    same(node, facts.path[0], "the start")
    expect(facts.over, f"not every way from {node} has been tried")
    facts.answer = "No"


@story.says(r"The path is|No such path exists, so the answer is")
def result(facts):
    pass


def replay(state, text) -> str:
    near = neighbours(state.n, state.edges)
    return story.replay(text, end, near=near, path=[state.start], failed={}, lost=set(), over=False, answer="")
