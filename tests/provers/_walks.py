"""Eulerian walks: edges walked one by one, what is left where a walk is stuck, round trips put in, and odd nodes that rule a walk out."""

from mmhelix_nb.steps import Fact
from provers._graphs import Graph
from provers._proof import expect


class Walk(Graph):
    "A graph in which at most `most` nodes of a walk may be odd."

    def __init__(self, n, edges, most):
        super().__init__(n, edges)
        self.most, self.used, self.main, self.trip = most, set(), [], []
        self.odd = [node for node in range(n) if len(self.near[node]) % 2]

    def unused(self, node=None):
        return {edge for edge in self.edges - self.used if node is None or node in edge}

    def follows(self, step):
        for fact in step.facts:
            expect(
                getattr(self, f"shows_{fact.kind.replace('-', '_')}")(fact, step.reasons[0]), f"{fact} does not follow"
            )

    def shows_odd(self, fact, reason):
        return fact.args == (tuple(self.odd),) and set(reason.facts) == set(self.readings()[0])

    def shows_all_even(self, fact, reason):
        return not self.odd and set(reason.facts) == set(self.readings()[0])

    def shows_start(self, fact, reason):
        self.trip = [fact.args[0]]
        (parity,) = reason.facts
        return fact.args[0] in parity.args[0] if parity.kind == "odd" else bool(self.near[fact.args[0]])

    def shows_stroll(self, fact, reason):
        expect(self.trip and fact.args[0][0] == self.trip[-1], "the walk jumps")
        (before,) = reason.facts
        expect(before.args[0] == self.trip[-1] or before.args[0][-1] == self.trip[-1], "something else was before")
        for here, there in zip(fact.args[0], fact.args[0][1:]):
            expect(frozenset((here, there)) in self.unused(), f"{here}-{there} is no unused edge")
            self.used.add(frozenset((here, there)))
            self.trip.append(there)
        return True

    def ended(self):
        "The walk that is stuck becomes the main one, where there is none yet."
        expect(not self.unused(self.trip[-1]), "the walk is not stuck")
        if not self.main:
            self.main, self.trip = self.trip, []

    def shows_open(self, fact, reason):
        if self.trip:
            self.ended()
        node, other = reason.args
        expect(frozenset((node, other)) in self.unused() and node in self.main, "no unused edge is there")
        self.trip = [node]
        return fact.args == (node,)

    def shows_spliced(self, fact, reason):
        node, number = fact.args
        expect(
            self.trip[0] == self.trip[-1] == node and reason.facts[0] == Fact("open", (node,)), "the trip is no ring"
        )
        expect(not self.unused(node), "the trip is not stuck")
        at = self.main.index(node)
        self.main[at : at + 1], self.trip = self.trip, []
        return number == len(self.main) - 1 == len(self.used)

    def shows_none(self, fact, reason):
        if reason.rule == "apart":
            if self.trip:
                self.ended()
            edge = frozenset(reason.args)
            return edge in self.unused() and not any(self.unused(node) for node in self.main)
        (odd,) = reason.facts
        return reason.args == (len(odd.args[0]),) and len(odd.args[0]) > self.most

    def breaks(self, reason):
        node, number = reason.args
        return node == self.trip[-1] and not self.unused(node) and number == len(self.unused()) > 0

    def denies(self, fact, tried):
        return fact == Fact("not-whole", tried.args)

    def copies(self):
        if any(Fact("none") in frame for frame in self.frames):
            return [Fact("none")]
        if self.trip:
            self.ended()
        expect(not self.unused() and not self.trip, "the walk is not whole")
        return [Fact("nth", part) for part in enumerate(self.main, 1)]

    def computed(self, parts):
        if parts[0].kind == "none":
            if self.odd:
                return [Fact("uneven", (tuple(self.odd), tuple(len(self.near[one]) for one in self.odd)))]
            return [Fact("part", (len({edge for edge in self.edges if edge & self.part()}), len(self.edges)))]
        walk, seen = [fact.args[1] for fact in parts], set()
        for number, (here, there) in enumerate(zip(walk, walk[1:]), 1):
            if frozenset((here, there)) not in self.edges:
                return [Fact("no-edge", (number, here, there))]
            if frozenset((here, there)) in seen:
                return [Fact("no-once", tuple(sorted((here, there))))]
            seen.add(frozenset((here, there)))
        if len(seen) < len(self.edges):
            return [Fact("no-steps", (len(seen), len(self.edges)))]
        whole = [Fact("steps", (len(seen), len(self.edges)))]
        if walk[0] == walk[-1]:
            return [*whole, Fact("closes", (walk[0],))]
        return [*whole, Fact("ends" if self.most else "no-closes", (walk[0], walk[-1]))]

    def part(self):
        "The nodes that hang together with the first edge."
        found = {min(map(min, self.edges))}
        for _ in range(self.n):
            found |= {other for node in found for other in self.near[node]}
        return found

    def answer(self, parts):
        return "No" if parts[0].kind == "none" else str([fact.args[1] for fact in parts])
