"""The prover of graph_isomorphism: partners are alike in kind and in the partners beside them."""

from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect


class Partners(Proof):
    inner = (1, 2)

    def __init__(self, state):
        super().__init__()
        self.n, self.dead_ends = state.n, 0
        self.near = []
        for edges in (state.edges1, state.edges2):
            joined = {frozenset(edge) for edge in edges}
            self.near.append([{v for v in range(self.n) if frozenset((u, v)) in joined} for u in range(self.n)])
        self.kinds = [
            [(len(near), tuple(sorted(len(lists[v]) for v in near))) for near in lists] for lists in self.near
        ]

    def readings(self):
        return [
            [Fact("one", (node, tuple(sorted(near)), graph)) for node, near in enumerate(lists)]
            for graph, lists in enumerate(self.near, 1)
        ]

    def tally(self, parts):
        near = {fact.args[0]: fact.args[1] for fact in parts}
        lone = [Fact("one-sided", (a, b)) for a in near for b in near[a] if a not in near.get(b, ())]
        ends = sum(len(others) for others in near.values())
        return lone[:1] or [Fact("both-ends", (ends // 2, ends))]

    def known(self, kind):
        return [fact for frame in self.frames for fact in frame if fact.kind == kind]

    def pairs(self):
        found = dict(fact.args for fact in self.known("pair"))
        expect(len(found) == len(self.known("pair")), "a node has two partners")
        return found

    def options(self, node):
        "The free nodes of G2 of the kind of `node` of G1 that lie to all partners as it does to the matched nodes."
        pairs = self.pairs()
        return [
            other
            for other in range(self.n)
            if other not in pairs.values()
            and self.kinds[1][other] == self.kinds[0][node]
            and all((v in self.near[1][other]) == (u in self.near[0][node]) for u, v in pairs.items())
        ]

    def placed(self, reason):
        "The node that a reason is about; it names all pairs, its kind, and the partners beside it."
        node, beside = reason.args[:2]
        pairs = self.pairs()
        expect(node in range(self.n) and node not in pairs, "the node has a partner")
        kind = next(fact for fact in self.known("kind") if node in fact.args[1])
        expect({*self.known("pair"), kind} <= set(reason.facts), "a pair or the kind is not named")
        expect(
            beside == tuple(sorted(v for u, v in pairs.items() if u in self.near[0][node])), "other nodes lie beside it"
        )
        return node

    def follows(self, step):
        for fact in step.facts:
            expect(
                getattr(self, f"shows_{fact.kind.replace('-', '_')}")(fact, step.reasons[0]), f"{fact} does not follow"
            )
        if step.facts[0].kind == "kind":
            expect(
                [fact.args[0] for fact in step.facts] == sorted({*self.kinds[0], *self.kinds[1]}), "a kind is missing"
            )

    def shows_kind(self, fact, reason):
        shape, *nodes = fact.args
        expect(set(reason.facts) == {one for part in self.readings() for one in part}, "an edge is not named")
        return nodes == [tuple(node for node in range(self.n) if part[node] == shape) for part in self.kinds]

    def shows_pair(self, fact, reason):
        node, partner = fact.args
        expect(
            reason.rule == "only" and self.placed(reason) == node and reason.args[2] == partner,
            "another node is forced",
        )
        out = {one.args[1] for one in reason.facts if one.kind == "no-pair" and one.args[0] == node}
        return [other for other in self.options(node) if other not in out] == [partner]

    def shows_none(self, fact, reason):
        if reason.rule == "uneven-kind":
            (kind,) = reason.facts
            counts = tuple(len(nodes) for nodes in kind.args[1:])
            return kind.kind == "kind" and reason.args == (kind.args[0], *counts) and counts[0] != counts[1]
        expect(not self.tries, "a try is open")
        self.dead_ends += 1
        return self.breaks(reason)

    def breaks(self, reason):
        node = self.placed(reason)
        out = {one.args[1] for one in reason.facts if one.kind == "no-pair" and one.args[0] == node}
        return reason.rule == "no-partner" and set(self.options(node)) <= out

    def on_contradiction(self, step):
        self.dead_ends += not step.facts
        super().on_contradiction(step)

    def denies(self, fact, tried):
        return fact == Fact("no-pair", tried.args)

    def copies(self):
        if self.known("none"):
            return [Fact("none")]
        pairs = self.pairs()
        expect(len(pairs) == self.n and len(set(pairs.values())) == self.n, "a node has no partner")
        return [Fact("pair", pair) for pair in sorted(pairs.items())]

    def computed(self, parts):
        if parts[0].kind == "none":
            return [Fact("tried", (self.dead_ends,))] if self.dead_ends else self.uneven()
        names = dict(fact.args for fact in parts)
        twice = [node for node in range(self.n) if [*names.values()].count(node) > 1]
        if twice:
            return [Fact("no-single", (twice[0],))]
        images = []
        for node, partner in sorted(names.items()):
            image = tuple(sorted(names[other] for other in self.near[0][node] if other in names))
            if set(image) != self.near[1][partner]:
                return [Fact("no-image", (partner, image, tuple(sorted(self.near[1][partner]))))]
            images.append(Fact("image", (partner, image)))
        return images

    def uneven(self):
        "The kinds that are not equally frequent."
        found = [
            (shape, *(part.count(shape) for part in self.kinds)) for shape in sorted({*self.kinds[0], *self.kinds[1]})
        ]
        return [Fact("uneven", one) for one in found if one[1] != one[2]]

    def answer(self, parts):
        return "No" if parts[0].kind == "none" else "Yes"


def prover(state):
    return Partners(state)
