"""The prover of max_flow."""

from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect


class Flow(Proof):
    def __init__(self, state):
        super().__init__()
        self.n, self.source, self.sink = state.n, state.source, state.sink
        self.capacity = {(u, v): capacity for u, v, capacity in state.edges}
        self.room = {**{(v, u): 0 for u, v in self.capacity}, **self.capacity}
        self.sent, self.shut, self.reached, self.pushes = [], set(), None, []

    def readings(self):
        found = []
        for node in range(self.n):
            out = tuple((v, self.capacity[node, v]) for v in range(self.n) if (node, v) in self.capacity)
            found += [Fact("roads", (node, out))] if out else []
        return [found]

    def tally(self, parts):
        numbers = [number for fact in parts for _, number in fact.args[1]]
        return [Fact("total", (len(numbers), sum(numbers)))]

    def onward(self, node):
        return {v for v in range(self.n) if self.room.get((node, v), 0)}

    def follows(self, step):
        (reason,) = step.reasons
        expect(list(reason.facts) == self.pushes, "a way that was used is not named")
        for fact in step.facts:
            expect(getattr(self, f"shows_{fact.kind}")(fact, step), f"{fact} does not follow")
        if step.facts[0].kind == "push":
            expect([fact.kind for fact in step.facts].count("undone") == self.undone, "what is taken back is not told")
            self.pushes.append(step.facts[0])

    def shows_push(self, fact, step):
        path, rooms, amount, total = fact.args
        steps = list(zip(path, path[1:]))
        expect(path[0] == self.source and path[-1] == self.sink and len(set(path)) == len(path), "this is no way")
        expect(
            tuple(self.room.get(one, 0) for one in steps) == rooms and min(rooms) == amount > 0, "the room is another"
        )
        for u, v in steps:
            self.room[u, v] -= amount
            self.room[v, u] += amount
        self.sent.append(amount)
        self.shut = set()
        self.undone = sum(one not in self.capacity for one in steps)
        return total == sum(self.sent)

    def shows_undone(self, fact, step):
        u, v, amount = fact.args
        path = step.facts[0].args[0]
        return (v, u) in zip(path, path[1:]) and (u, v) in self.capacity and amount == self.sent[-1]

    def shows_left(self, fact, step):
        path = step.facts[0].args[0]
        arrows = [one if one in self.capacity else one[::-1] for one in zip(path, path[1:])]
        return fact.args[0] == tuple((*one, self.room[one]) for one in arrows)

    def shows_reach(self, fact, step):
        seen = {self.source}
        for _ in range(self.n):
            seen |= {v for u in seen for v in self.onward(u)}
        self.reached = seen
        return fact.args[0] == tuple(sorted(seen)) and self.sink not in seen

    def breaks(self, reason):
        (dead,), (tried,) = reason.args, reason.facts
        path = tried.args[0]
        expect(path[0] == self.source and all(v in self.onward(u) for u, v in zip(path, path[1:])), "this is no way")
        expect(dead and path[len(path) - len(dead) :] == dead[::-1] and len(dead) < len(path), "other nodes are tried")
        return not any(self.onward(node) - set(path) - self.shut for node in dead)

    def denies(self, fact, tried):
        (dead,) = fact.args
        self.shut |= set(dead)
        path = tried.args[0]
        return fact.kind == "closed" and path[len(path) - len(dead) :] == dead[::-1] and 0 < len(dead) < len(path)

    def copies(self):
        expect(self.reached is not None, "the last search is not told")
        return [Fact("flow", (tuple(self.sent), sum(self.sent)))]

    def computed(self, parts):
        cut = [
            (one, number)
            for one, number in sorted(self.capacity.items())
            if one[0] in self.reached and one[1] not in self.reached
        ]
        arrows, numbers = tuple(one for one, _ in cut), tuple(number for _, number in cut)
        found = sum(parts[0].args[0])
        if found != sum(numbers):
            return [Fact("no-cut", (found, arrows, numbers, sum(numbers)))]
        return [Fact("cut", (arrows, numbers, found))]

    def answer(self, parts):
        return str(parts[0].args[1])


def prover(state):
    return Flow(state)
