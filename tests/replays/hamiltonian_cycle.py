"""A replay of hamiltonian_cycle: the path as it grows, what forces its steps, its dead ends, and what is left to try."""

import re
from itertools import combinations, pairwise

from replays._graphs import LIST, WAY, end, neighbours, reached, reads_answer, reads_edges
from replays._story import Story, expect, ints, same

story = Story()
reads_edges(story)
reads_answer(story)


def free(facts, path) -> set[int]:
    "The nodes that are not on the path."
    return {*range(len(facts.near))} - {*path}


def tight(facts, path) -> dict[int, set[int]]:
    "The free nodes that have two ways left at most, and these ways."
    usable = free(facts, path) | {path[0], path[-1]}
    return {node: facts.near[node] & usable for node in free(facts, path) if len(facts.near[node] & usable) <= 2}


def pressing(facts, path) -> set[int]:
    "The free nodes that need the last one of the path beside them."
    return {node for node, ways in tight(facts, path).items() if path[-1] in ways}


def ways(facts, path) -> set[int]:
    "What is left to try behind a path."
    return (facts.near[path[-1]] & free(facts, path)) - facts.failed.get(tuple(path), set())


def fail(facts, path: list[int]):
    "Note that a path leads to nothing, and with it the paths before it that have nothing else to try."
    while path:
        facts.lost.add((path[-1], frozenset(free(facts, path))))
        if len(path) == 1:
            facts.over = True
        *path, node = path
        facts.failed.setdefault(tuple(path), set()).add(node)
        if path and tuple(path) not in facts.bound and len(ways(facts, path)) > (len(path) == 1):
            return  # the last way from the first node is walked from its other end


def some(facts, listed: list[int], path, what: str):
    "Whether the nodes listed are all that is left to try; from the first node one of them need not be tried."
    left = ways(facts, path)
    expect(
        {*listed} <= left and len({*listed}) == len(left) - (len(path) == 1),
        f"{what}: {listed} is said, {sorted(left)} is left",
    )


@story.says(r"I begin at (\d+), which has the fewest edges, (\d+)\.")
def start(facts, node, few):
    same((few, few), (len(facts.near[node]), min(map(len, facts.near))), f"the edges of {node}")
    facts.path = [node]


@story.says(r"The way is forced (.*)\.")
def forced(facts, text):
    for part in text.split("; "):
        before, node, why = re.fullmatch(r"from (\d+) to (\d+), (.*)", part).groups()
        before, node, path = int(before), int(node), facts.path
        same(before, path[-1], "the end of the path")
        if why == "which has just two ways left":
            expect(
                node in pressing(facts, path) and len(tight(facts, path)[node]) == 2,
                f"{node} has other ways than to {before}",
            )
            facts.bound.add(tuple(path))
        elif why == "the only way left":
            same({node}, ways(facts, path), f"the ways from {before}")
        else:
            same(why, "as a cycle can be walked either way round", "the reason")
            some(facts, [node], path, "what is left at the first node")
            same(len(path), 1, "the nodes on the path")
        facts.path = [*path, node]


@story.says(rf"From (\d+) I can go to {LIST}; I try (\d+), which has as few ways on as any\.")
def choose(facts, before, listed, node):
    same(before, facts.path[-1], "the end of the path")
    some(facts, ints(listed), facts.path, "where the path can go")
    rest = free(facts, facts.path)
    expect(
        node in ints(listed)
        and len(facts.near[node] & rest) == min(len(facts.near[way] & rest) for way in ints(listed)),
        f"{node} has more ways on than another node",
    )
    expect(not pressing(facts, facts.path), "the step is forced")
    facts.path = [*facts.path, node]


@story.says(rf"At (\d+) there (?:is|are) {LIST} left to try\.")
def back(facts, node, listed):
    expect(node in facts.path[:-1], f"{node} is not on the path")
    facts.path = facts.path[: facts.path.index(node) + 1]
    some(facts, ints(listed), facts.path, "what is left to try")


@story.says(rf"After {WAY}, nodes? {LIST} cannot be reached any more\.")
def cut_off(facts, text, listed):
    same(ints(text), facts.path, "the path")
    rest = free(facts, facts.path)
    same({*ints(listed)}, rest - reached(facts.near, facts.path[-1], rest), "the nodes that are cut off")
    fail(facts, facts.path)


@story.says(
    rf"No two of the (\d+) nodes {LIST} are joined, and the other nodes are too few to stand between them on a cycle\."
)
def sides(facts, n, listed):
    nodes = ints(listed)
    same((n, len(facts.path)), (len({*nodes}), 1), "the nodes of a side")
    expect(
        2 * n > len(facts.near) and all(v not in facts.near[u] for u, v in combinations(nodes, 2)),
        "two of the nodes are joined, or they are too few",
    )
    fail(facts, facts.path)


@story.says(rf"After {WAY}, node (\d+) has fewer than two ways left, but every node on a cycle needs two\.")
def short(facts, text, node):
    same(ints(text), facts.path, "the path")
    few = facts.near[node] if [node] == facts.path else tight(facts, facts.path)[node]
    expect(len(few) < 2, f"{node} has two ways left")
    fail(facts, facts.path)


@story.says(rf"Nodes {LIST} have just two ways left, and each needs (\d+) beside it, which has room for ([12]) only\.")
def torn(facts, listed, last, room):
    same((last, room), (facts.path[-1], 2 if len(facts.path) == 1 else 1), "the room beside the last node")
    same({*ints(listed)}, pressing(facts, facts.path), f"the nodes that need {last}")
    expect(
        len({*ints(listed)}) > room and all(len(tight(facts, facts.path)[node]) == 2 for node in ints(listed)),
        "there is room for them",
    )
    fail(facts, facts.path)


@story.says(rf"After {WAY}, there is no way left back to (\d+)\.")
def open_end(facts, text, first):
    same((ints(text), first), (facts.path, facts.path[0]), "the path")
    rest = free(facts, facts.path)
    expect(
        not facts.near[first] & rest if rest else facts.path[-1] not in facts.near[first] or len(facts.path) < 3,
        f"there is a way back to {first}",
    )
    fail(facts, facts.path)


@story.says(r"From (\d+) with these nodes left I have failed before\.")
def again(facts, last):
    same(last, facts.path[-1], "the end of the path")
    expect((last, frozenset(free(facts, facts.path))) in facts.lost, "there was no such failure")
    fail(facts, facts.path)


@story.says(
    r"Every way from (\d+) has been tried or ruled out; a cycle could be walked from any of its nodes, so none exists\."
)
def exhausted(facts, node):
    same(node, facts.path[0], "the first node")
    expect(facts.over, f"not every way from {node} has been tried")
    facts.answer = "No"


@story.says(rf"The cycle {WAY} has (\d+) different nodes, each step is an edge, and so is the last, back to (\d+)\.")
def whole(facts, text, n, first):
    cycle = ints(text)
    same(
        (cycle, n, len({*cycle}), first),
        ([*facts.path, facts.path[0]], len(facts.near), len(facts.near), facts.path[0]),
        "the cycle",
    )
    expect(all(v in facts.near[u] for u, v in pairwise(cycle)), "a step is no edge")
    facts.answer = str(cycle)


@story.says(r"The cycle is|There is no Hamiltonian cycle, so the answer is")
def result(facts):
    pass


@story.shows(r"path: (\d+.*)")
def board(facts, text):
    same(ints(text), facts.path, "the path")


def replay(state, text) -> str:
    return story.replay(
        text,
        end,
        near=neighbours(state.n, state.edges),
        path=[],
        failed={},
        lost=set(),
        bound=set(),
        over=False,
        answer="",
    )
