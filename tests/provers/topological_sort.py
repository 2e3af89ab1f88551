"""The prover of topological_sort."""

from mmhelix_nb.steps import Fact
from provers._arrows import Arrows
from provers._proof import expect


class Order(Arrows):
    def __init__(self, n, edges):
        super().__init__(n, edges)
        self.row, self.free = [], set()

    def sources(self, node):
        return [other for other in range(self.n) if (other, node) in self.arrows]

    def follows(self, step):
        (reason,) = step.reasons
        for fact in step.facts:
            expect(getattr(self, f"shows_{fact.kind}")(fact, reason), f"{fact} does not follow")

    def named(self, reason):
        return {fact.args[1] for fact in reason.facts if fact.kind == "taken"}

    def shows_free(self, fact, reason):
        (node,) = fact.args
        expect(node in range(self.n) and node not in self.free and node not in self.row, "it is free or taken already")
        self.free.add(node)
        if reason.rule == "no-arrow":
            return not self.sources(node) and set(reason.facts) == set(self.readings()[0])
        return reason.rule == "arrows-left" and set(self.sources(node)) <= self.named(reason)

    def shows_waits(self, fact, reason):
        node, others = fact.args
        left = [other for other in self.sources(node) if other not in self.row]
        return list(others) == left != [] and set(self.sources(node)) - set(left) <= self.named(reason)

    def shows_taken(self, fact, reason):
        number, node = fact.args
        self.row.append(node)
        expect(node in self.free, "it is not free")
        self.free.remove(node)
        return number == len(self.row) and reason.facts == (Fact("free", (node,)),)

    def copies(self):
        expect(len(self.row) == self.n, "the order is not whole")
        return [Fact("nth", part) for part in enumerate(self.row, 1)]

    def computed(self, parts):
        order = [fact.args[1] for fact in parts]
        for node in range(self.n):
            if order.count(node) != 1:
                return [Fact("no-once" if node in order else "no-missing", (node,))]
        wrong = [(u, v) for u, v in sorted(self.arrows) if order.index(u) > order.index(v)]
        forward = [Fact("before", (node, self.targets(node))) for node in range(self.n) if self.targets(node)]
        return [Fact("no-before", wrong[0])] if wrong else [Fact("whole", (self.n,)), *forward]

    def answer(self, parts):
        return str([fact.args[1] for fact in parts])


def prover(state):
    return Order(state.n, state.edges)
