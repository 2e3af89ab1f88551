"""Undirected graphs: what is read of them, and that every edge is seen from both of its ends."""

from mmhelix_nb.steps import Fact
from provers._proof import Proof


class Graph(Proof):
    "A puzzle about a graph of nodes 0 to n - 1."

    inner = (1,)

    def __init__(self, n, edges):
        super().__init__()
        self.n, self.edges = n, {frozenset(edge) for edge in edges}
        self.near = [sorted(b for b in range(n) if frozenset((a, b)) in self.edges) for a in range(n)]

    def readings(self):
        return [[Fact("joined", (node, tuple(near))) for node, near in enumerate(self.near)]]

    def tally(self, parts):
        near = {fact.args[0]: fact.args[1] for fact in parts}
        lone = [Fact("one-sided", (a, b)) for a in near for b in near[a] if a not in near.get(b, ())]
        degrees = tuple(len(others) for others in near.values())
        return lone[:1] or [Fact("degrees", (degrees, sum(degrees) // 2))]
