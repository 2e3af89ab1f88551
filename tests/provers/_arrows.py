"""Graphs with arrows: what is read of them."""

from mmhelix_nb.steps import Fact
from provers._proof import Proof


class Arrows(Proof):
    "A puzzle about arrows (from, to, ...) between nodes 0 to n - 1."

    def __init__(self, n, edges):
        super().__init__()
        self.n, self.arrows = n, {tuple(edge[:2]) for edge in edges}

    def targets(self, node):
        return tuple(other for other in range(self.n) if (node, other) in self.arrows)

    def readings(self):
        return [[Fact("leads", (node, self.targets(node))) for node in range(self.n)]]

    def tally(self, parts):
        ends = [target for fact in parts for target in fact.args[1]]
        return [Fact("heads", (tuple(ends.count(fact.args[0]) for fact in parts), len(ends)))]
