"""A replay of max_flow: the room on each way, dead ends, what flows, and the full arrows at the end."""

from itertools import pairwise

from replays._graphs import LIST, WAY
from replays._story import Story, expect, ints, same

story = Story()


def onward(facts, node: int) -> set[int]:
    "The nodes to which there is room from `node`."
    return {v for (u, v), room in facts.room.items() if u == node and room}


@story.says(r"The arrows with their capacities: (.*)\.")
def arrows(facts, text):
    same([tuple(ints(part)) for part in text.split(", ")], [*facts.edges], "the arrows")


@story.says(r"I look for ways from (\d+) to (\d+)\.")
def ends(facts, source, sink):
    same((source, sink), (facts.source, facts.sink), "the ends")


def walk(facts, path: list[int]):
    "Follow a way with room from the source."
    same((path[0], len({*path})), (facts.source, len(path)), "a way from the source")
    expect(all(facts.room.get(step) for step in pairwise(path)), f"the way {path} has no room")
    facts.seen |= {*path}


@story.says(rf"The way {WAY} has room for {LIST}, so (\d+) can go along it\.")
def send(facts, text, rooms, amount):
    path = ints(text)
    walk(facts, path)
    same(
        (path[-1], ints(rooms), amount),
        (facts.sink, [facts.room[step] for step in pairwise(path)], min(ints(rooms))),
        "the room on the way",
    )
    for u, v in pairwise(path):
        facts.room[u, v], facts.room[v, u] = facts.room[u, v] - amount, facts.room[v, u] + amount
    facts.backward = [(u, v, amount, v, u) for u, v in pairwise(path) if (u, v) not in facts.capacity]
    facts.amount, facts.seen, facts.path = amount, set(), []


@story.says(r"From (\d+) to (\d+) this pushes back (\d+) of what went from (\d+) to (\d+)\.")
def push_back(facts, *told):
    same(told, facts.backward.pop(0), "what is pushed back")


@story.says(r"The flow is (\d+) now\.")
def total(facts, flow):
    same((flow, facts.backward), (facts.flow + facts.amount, []), "the flow")
    facts.flow = flow


@story.says(rf"I go along {WAY}\.")
def attempt(facts, text):
    facts.path = ints(text)
    walk(facts, facts.path)


@story.says(r"Node (\d+) has no room left to a node not yet seen\.")
def dead(facts, node):
    stuck(facts, node)


def stuck(facts, node: int):
    "The last node of the way has room to seen nodes only."
    same(node, facts.path.pop(), "the node that is given up")
    expect(onward(facts, node) <= facts.seen, f"{node} has room to another node")


@story.says(rf"Nor ha(?:s|ve) {LIST}\.")
def more(facts, listed):
    for node in ints(listed):
        stuck(facts, node)


@story.says(r"Back at (\d+)\.")
def back(facts, node):
    same(node, facts.path[-1], "where the way goes on")
    expect(onward(facts, node) - facts.seen, f"{node} has no room to another node")


@story.says(rf"From (\d+) (?:no room is left|room is left only to {LIST}), so no way to (\d+) remains\.")
def closed(facts, source, listed, sink):
    reach, fresh = {facts.source}, [facts.source]
    for node in fresh:
        fresh += onward(facts, node) - reach
        reach |= onward(facts, node)
    facts.cut = reach
    same(
        (source, {facts.source, *(ints(listed) if listed is not None else [])}, sink),
        (facts.source, reach, facts.sink),
        "what can still be reached",
    )
    expect(facts.sink not in reach, "the sink can be reached")


@story.says(
    rf"The arrows that lead out of {LIST} are (.*); nothing else can leave, and ([\d +]+) = (\d+), which is the flow\."
)
def cut(facts, listed, arrows, parts, total):
    full = [(u, v, capacity) for u, v, capacity in facts.edges if u in facts.cut and v not in facts.cut]
    same({*ints(listed)}, facts.cut, "the nodes that can be reached")
    same([tuple(ints(part)) for part in str(arrows).split(", ") if part != "none"], full, "the arrows that lead out")
    same((ints(parts), total), ([capacity for *_, capacity in full] or [0], facts.flow), "the sum of the capacities")
    same(sum(ints(parts)), total, "the sum")


@story.says(r"The largest flow is")
def result(facts):
    pass


@story.shows(r"nothing flows yet")
def empty(facts):
    same(facts.flow, 0, "the flow")


@story.shows(r"(\d+>\d+ .*)")
def flows(facts, text):
    told = {(u, v): (flow, capacity) for u, v, flow, capacity in map(ints, text.split(", "))}
    same(
        told,
        {
            arrow: (capacity - facts.room[arrow], capacity)
            for arrow, capacity in facts.capacity.items()
            if capacity > facts.room[arrow]
        },
        "what flows",
    )


@story.shows(r"(\d+(?: -> \d+)+)")
def way(facts, text):
    same(ints(text), facts.path, "the way")


@story.shows(r"(\d+)")
def number(facts, told):
    same(told, facts.path[0] if facts.path else facts.flow, "the way or the flow")


def end(facts, answer):
    same(answer, str(facts.flow), "the answer")


def replay(state, text) -> str:
    capacity = {(u, v): room for u, v, room in state.edges}
    room = {(v, u): 0 for u, v in capacity} | capacity
    return story.replay(
        text,
        end,
        edges=state.edges,
        source=state.source,
        sink=state.sink,
        capacity=capacity,
        room=room,
        seen={state.source},
        path=[],
        flow=0,
        cut=set(),
        backward=[],
        amount=0,
    )
