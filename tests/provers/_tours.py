"""Hamiltonian tours: moves that are forced or tried, nodes that show a dead end, and the tour that is left."""

from mmhelix_nb.steps import Fact
from provers._graphs import Graph
from provers._proof import expect


class Tour(Graph):
    "A graph in which a tour is looked for; a task says what is forced, and what a dead end."

    closed = False

    def __init__(self, n, edges, start=None):
        super().__init__(n, edges)
        self.asked = start
        self.dead_ends = 0  # moves that are ruled out, at once or after others, and the way that was left

    def known(self, kind):
        return [fact for frame in self.frames for fact in frame if fact.kind == kind]

    def path(self):
        "The nodes from the start along the moves that hold."
        (start,) = self.known("start")
        on, path = dict(fact.args for fact in self.known("go")), [start.args[0]]
        while path[-1] in on:
            path.append(on.pop(path[-1]))
        expect(not on and len(set(path)) == len(path), "the moves are no path")
        return path

    def free(self, path):
        return [node for node in range(self.n) if node not in path]

    def ways(self, node, path):
        "The neighbours of a node that is not visited yet through which it can still be passed."
        open_nodes = {*self.free(path), path[-1], *(path[:1] if self.closed else ())}
        return [other for other in self.near[node] if other in open_nodes]

    def reached(self, path):
        free, seen = set(self.free(path)), {path[-1]}
        queue = [path[-1]]
        for node in queue:
            for other in self.near[node]:
                if other in free - seen:
                    seen.add(other)
                    queue.append(other)
        return seen

    def none(self):
        "That there is no tour: a cycle has no start, and a path may exist from another one."
        return Fact("none", () if self.closed else (self.asked,))

    def rests_on_path(self, reason, path):
        expect({*self.known("start"), *self.known("go")} <= set(reason.facts), "a move of the path is not named")

    def follows(self, step):
        for fact in step.facts:
            expect(
                getattr(self, f"shows_{fact.kind.replace('-', '_')}")(fact, step.reasons[0]), f"{fact} does not follow"
            )

    def shows_start(self, fact, reason):
        if reason.rule == "asked":
            return fact.args == (self.asked,)
        return self.closed and 0 <= fact.args[0] < self.n  # a cycle can be walked from anywhere

    def shows_go(self, fact, reason):
        path, (here, there) = self.path(), fact.args
        self.rests_on_path(reason, path)
        expect(here == path[-1] and there in self.near[here] and there not in path, "no such move is open")
        out = {one.args for one in reason.facts if one.kind == "no-go"}
        options = [other for other in self.near[here] if other not in path and (here, other) not in out]
        return self.forces(reason, path, there, options)

    def forces(self, reason, path, there, options):
        return reason.rule == "only-left" and reason.args == (path[-1], there) and options == [there]

    def shows_no_go(self, fact, reason):
        path = self.path()
        self.rests_on_path(reason, path)
        self.dead_ends += 1
        expect(reason.rule.endswith("-next") and fact.args == (path[-1], reason.args[0]), "another move is ruled out")
        expect(fact.args[1] in self.near[path[-1]] and fact.args[1] not in path, "no such move is open")
        return self.dead(reason.rule.removesuffix("-next"), reason.args[1:], [*path, fact.args[1]])

    def shows_none(self, fact, reason):
        expect(not self.tries, "a try is open")
        expect(fact == self.none(), "no tour from another start is asked for")
        self.dead_ends += 1
        return self.breaks(reason)

    def breaks(self, reason):
        path = self.path()
        self.rests_on_path(reason, path)
        return self.dead(reason.rule, reason.args, path)

    def dead(self, rule, args, path):
        nodes = args[0] if isinstance(args[0], tuple) else args[:1]
        expect(nodes and len(set(nodes)) == len(nodes), "no node is named")
        if rule == "cut":
            return all(node in self.free(path) and node not in self.reached(path) for node in nodes)
        if rule == "ends":
            return len(nodes) == 2 and all(node in self.free(path) and len(self.ways(node, path)) < 2 for node in nodes)
        return False

    def on_backtrack(self, step):
        super().on_backtrack(step)
        self.dead_ends += 1

    def denies(self, fact, tried):
        return fact == Fact("no-go", tried.args)

    def copies(self):
        if self.known("none"):
            return [self.none()]
        tour = [*self.path(), *self.path()[: self.closed]]
        expect(len(tour) == self.n + self.closed, "the tour is not whole")
        return [Fact("nth", part) for part in enumerate(tour, 1)]

    def computed(self, parts):
        if parts[0].kind == "none":
            return [Fact("tried", (self.dead_ends,))]
        tour = [fact.args[1] for fact in parts]
        for number, (here, there) in enumerate(zip(tour, tour[1:]), 1):
            if there not in self.near[here]:
                return [Fact("no-edge", (number, here, there))]
        if self.closed and tour[0] != tour[-1]:
            return [Fact("no-closes", (tour[0], tour[-1]))]
        inner = tour[: len(tour) - self.closed]
        for kind, those in (
            ("no-once", [node for node in range(self.n) if inner.count(node) > 1]),
            ("no-missing", [node for node in range(self.n) if node not in inner]),
        ):
            if those:
                return [Fact(kind, (those[0],))]
        return [Fact("visits", (len(inner), len(tour) - 1))]

    def answer(self, parts):
        return "No" if parts[0].kind == "none" else str([fact.args[1] for fact in parts])
