"""What the replays of Eulerian walks share: degrees, the walk with its round trips, and the edges that are not used yet."""

from itertools import pairwise

from replays._graphs import LIST, WAY, end, neighbours, reads_answer, reads_edges
from replays._story import Story, expect, ints, same


def edge(u: int, v: int) -> tuple[int, int]:
    return (u, v) if u < v else (v, u)


def odd(facts) -> list[int]:
    "The nodes with an odd number of edges."
    return [node for node, near in enumerate(facts.near) if len(near) % 2]


def at_edges(facts, node: int) -> list[int]:
    "The nodes to which an unused edge leads."
    return sorted(u + v - node for u, v in facts.unused if node in (u, v))


def story_of_walks() -> Story:
    "The sentences of both tasks."
    story = Story()
    reads_edges(story)
    reads_degrees(story)
    reads_walks(story)
    reads_trips(story)
    reads_boards(story)
    reads_answer(story)
    return story


def reads_degrees(story: Story) -> None:
    "The counts at the nodes."

    @story.says(r"I count the edges at each node\.")
    def counting(facts):
        pass

    @story.says(rf"An odd number of edges meets at {LIST}\.|An even number of edges meets at every node\.")
    def parity(facts, listed):
        same(ints(listed), odd(facts), "the odd nodes")

    @story.says(r"The counts add up to (\d+), twice the (\d+) edges, as they must\.")
    def counts(facts, twice, n):
        same((twice, n), (2 * len(facts.edges), len(facts.edges)), "the sum of the counts")

    @story.shows(r"edges: (\d+)")
    def number(facts, n):
        same(n, len(facts.edges), "the number of edges")

    @story.shows(r"degrees: (.*)")
    def degrees(facts, text):
        same(
            [ints(part) for part in text.split()],
            [[node, len(near)] for node, near in enumerate(facts.near)],
            "the degrees",
        )


def reads_walks(story: Story) -> None:
    "The walk, and where it gets stuck."

    @story.says(r"I begin at (\d+) and always take the unused edge to the smallest number\.")
    def begin(facts, node):
        expect(facts.near[node] and (not odd(facts) or node in odd(facts)), f"a walk cannot begin at {node}")
        facts.going = facts.walk = [node]

    @story.says(r"From (\d+) I walk to ([\d, ]+)(?:; there the (walk|round trip) is stuck)?\.")
    def steps(facts, before, listed, stuck):
        same(before, facts.going[-1], "where the walk stands")
        for node in ints(listed):
            same(node, at_edges(facts, facts.going[-1])[0], f"the smallest number from {facts.going[-1]}")
            facts.unused.discard(edge(facts.going[-1], node))
            facts.going = [*facts.going, node]
        same(stuck is None, bool(at_edges(facts, facts.going[-1])), "whether the walk goes on")
        if stuck:
            same(stuck, "round trip" if facts.tour else "walk", "what is stuck")
        if not facts.tour:
            facts.walk = facts.going

    @story.says(r"At (\d+) no unused edge is left, but (\d+) edges? (?:is|are) not used yet\.")
    def stuck(facts, node, n):
        same((node, n, at_edges(facts, node)), (facts.walk[-1], len(facts.unused), []), "what is left")


def reads_trips(story: Story) -> None:
    "Round trips, and what no round trip reaches."

    @story.says(r"The first node of the walk that has unused edges is (\d+); I make a round trip from there\.")
    def trip(facts, node):
        same(node, next((one for one in facts.walk if at_edges(facts, one)), None), "the first node with unused edges")
        facts.tour, facts.going = True, [node]

    @story.says(rf"I put the round trip {WAY} into the walk in place of (\d+)\.")
    def join(facts, text, node):
        same((ints(text), node, node), (facts.going, facts.going[0], facts.going[-1]), "the round trip")
        at = facts.walk.index(node)
        facts.walk = facts.walk[:at] + facts.going + facts.walk[at + 1 :]
        facts.tour = False

    @story.says(r"No node of the walk has an unused edge, so the edges do not hang together\.")
    def apart(facts):
        expect(facts.unused and not any(at_edges(facts, node) for node in facts.walk), "some node has an unused edge")

    @story.says(r"Every node of the walk has been looked at\.")
    def looked(facts):
        no(facts, facts.unused)


def no(facts, reason):
    "Answer No for a reason."
    expect(reason, "nothing speaks against a walk")
    facts.answer = "No"


def whole(facts, n: int, m: int):
    "Answer with the walk, which uses every edge once."
    same((n, m), (len(facts.walk) - 1, len(facts.edges)), "the steps of the walk")
    same(sorted(edge(u, v) for u, v in pairwise(facts.walk)), sorted(facts.edges), "the edges of the walk")
    expect(not facts.tour, "a round trip was not put into the walk")
    facts.answer = str(facts.walk)


def reads_boards(story: Story) -> None:
    "The walk or round trip so far, and the unused edges."

    @story.shows(r"(walk|round trip): ([\d ]+)\nunused: (.*)")
    def board(facts, name, nodes, unused):
        opening = name == "walk" and facts.tour and len(facts.going) == 1  # the walk is shown again before a round trip
        same(
            (name, ints(nodes)),
            ("walk", facts.walk) if opening or not facts.tour else ("round trip", facts.going),
            "the walk",
        )
        same(
            [tuple(ints(part)) for part in unused.split()] if unused != "none" else [],
            sorted(facts.unused),
            "the unused edges",
        )


def follow(story: Story, state, text: str) -> str:
    "Replay a narration."
    return story.replay(
        text,
        end,
        edges=state.edges,
        near=neighbours(state.n, state.edges),
        unused={*state.edges},
        walk=[],
        going=[],
        tour=False,
        answer="",
    )
