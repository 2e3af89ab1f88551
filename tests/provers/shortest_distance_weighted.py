"""The prover of shortest_distance_weighted."""

from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect


class Shortest(Proof):
    def __init__(self, state):
        super().__init__()
        self.n, self.start, self.end = state.n, state.start, state.end
        self.length = {frozenset((u, v)): length for u, v, length in state.edges}
        self.best, self.done, self.legs = {}, {}, []

    def readings(self):
        found = []
        for node in range(self.n):
            far = [
                (other, self.length[frozenset((node, other))])
                for other in range(node + 1, self.n)
                if frozenset((node, other)) in self.length
            ]
            found += [Fact("roads", (node, tuple(far)))] if far else []
        return [found]

    def tally(self, parts):
        lengths = [length for fact in parts for _, length in fact.args[1]]
        return [Fact("total", (len(lengths), sum(lengths)))]

    def follows(self, step):
        (reason,) = step.reasons
        for fact in step.facts:
            expect(getattr(self, f"shows_{fact.kind}")(fact, reason), f"{fact} does not follow")
        if step.facts[0].kind == "leg":
            self.legs = [*step.facts]

    def shows_start(self, fact, reason):
        self.last = self.start
        self.done[self.start] = 0
        return fact.args == (self.start,)

    def shows_dist(self, fact, reason):
        node, far = fact.args
        named = {one.args[0]: one.args[3] for one in reason.facts}
        expect(named == self.best, "an open node is not named")
        expect(node in named and named[node] == far == min(named.values()), "another node is nearer")
        self.done[node], self.last = self.best.pop(node), node
        return reason.rule == "nearest"

    def sums(self, fact, reason):
        "Whether an estimate is the sum of a settled distance and an edge."
        node, far, length, sum_ = fact.args[:4]
        at = Fact("start", (self.last,)) if self.last == self.start else Fact("dist", (self.last, far))
        edge = self.length.get(frozenset((self.last, node)))
        return reason.facts[0] == at and self.done[self.last] == far and edge == length and sum_ == far + length

    def had(self, fact, reason):
        return any(one.args[0] == fact.args[0] and one.args[3] == fact.args[4] for one in reason.facts[1:])

    def shows_est(self, fact, reason):
        node, new = fact.args[0], fact.args[3]
        expect(node not in self.best and node not in self.done, "there is an estimate already")
        self.best[node] = new
        return self.sums(fact, reason)

    def shows_better(self, fact, reason):
        node, new, old = fact.args[0], fact.args[3], fact.args[4]
        expect(self.best.get(node) == old > new and self.had(fact, reason), "it is no better")
        self.best[node] = new
        return self.sums(fact, reason)

    def shows_worse(self, fact, reason):
        node, new, old = fact.args[0], fact.args[3], fact.args[4]
        return self.best.get(node) == old <= new and self.had(fact, reason) and self.sums(fact, reason)

    def shows_leg(self, fact, reason):
        u, v, length = fact.args
        named = {one.args[0]: one.args[1] if one.kind == "dist" else 0 for one in reason.facts}
        expect({u, v} <= named.keys(), "another node is named")
        return self.length.get(frozenset((u, v))) == length == named[v] - named[u]

    def copies(self):
        ways = [fact.args for fact in self.legs]
        expect(ways and ways[0][0] == self.start and ways[-1][1] == self.end, "the way does not join the two nodes")
        expect(all(one[1] == other[0] for one, other in zip(ways, ways[1:])), "the way is torn")
        lengths = tuple(length for *_, length in ways)
        return [Fact("sum", (lengths, sum(lengths)))]

    def computed(self, parts):
        found = sum(parts[0].args[0])
        if found != self.done[self.end]:
            return [Fact("no-agrees", (found, self.done[self.end], self.end))]
        return [Fact("agrees", (found, self.end))]

    def answer(self, parts):
        return str(parts[0].args[1])


def prover(state):
    return Shortest(state)
