"""The prover of maze: a walk that is followed cell by cell, and goes back to the last place with a way left."""

from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect

STEPS = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}


class Maze(Proof):
    inner = (1,)

    def __init__(self, state):
        super().__init__()
        self.n, self.lines = len(state.lines) // 2, state.lines
        for r in range(self.n):
            for c in range(self.n):
                sign = self.lines[2 * r + 1][2 * c + 1]
                self.start, self.goal = (
                    (r, c) if sign == "S" else getattr(self, "start", None),
                    (r, c) if sign == "E" else getattr(self, "goal", None),
                )
        self.path: list = [self.start]  # all cells from the start to where the walk is
        self.been = {self.start}
        self.legs: dict = {}

    def ways(self, cell):
        (r, c), found = cell, {}
        for move, (down, right) in STEPS.items():
            if self.lines[2 * r + 1 + down][2 * c + 1 + right] == " ":
                found[move] = (r + down, c + right)
        return found

    def fresh(self, cell):
        return {move: to for move, to in self.ways(cell).items() if to not in self.been}

    def readings(self):
        rows = [
            Fact(
                "sides",
                (("row", r), tuple("".join(move[0].upper() for move in self.ways((r, c))) for c in range(self.n))),
            )
            for r in range(self.n)
        ]
        return [[*rows, Fact("start", (self.start,)), Fact("goal", (self.goal,))]]

    def tally(self, parts):
        codes = {
            (fact.args[0][1], c): one for fact in parts if fact.kind == "sides" for c, one in enumerate(fact.args[1])
        }
        for (r, c), one in codes.items():
            for (move, (down, right)), back in zip(STEPS.items(), "DLUR"):
                if move[0].upper() in one and back not in codes.get((r + down, c + right), ""):
                    return [Fact("one-sided", ((r, c), move, (r + down, c + right)))]
        total = sum(map(len, codes.values()))
        return [Fact("openings", (total, total // 2))]

    def walked(self, start, moves, end):
        "Walk a corridor whose cells inside have no other new way."
        expect(self.path[-1] == start, f"the walk is not at {start}")
        for number, move in enumerate(moves):
            ways = self.fresh(self.path[-1])
            expect(move in ways and (number == 0 or len(ways) == 1), f"{move} is not the way on from {self.path[-1]}")
            self.path.append(ways[move])
            self.been.add(ways[move])
        expect(self.path[-1] == end, f"these moves do not lead to {end}")
        self.legs[start, end] = len(moves)

    def follows(self, step):
        for fact in step.facts:
            expect(fact.kind == "go" and step.reasons[0].rule == "only", f"{fact} is of no known kind")
            start, moves, end = fact.args
            expect(step.reasons[0].args == (start, moves[0]), "another cell is named")
            expect(list(self.fresh(start)) == [moves[0]], f"there are more ways at {start}")
            self.walked(start, moves, end)

    def on_hypothesise(self, step):
        start, ways, moves, end = step.facts[0].args
        expect(
            step.facts[0].kind == "try" and set(ways) == set(self.fresh(start)) and moves[0] in ways,
            f"these are not the ways at {start}",
        )
        self.walked(start, moves, end)

    def on_contradiction(self, step):
        if step.reasons[0].rule != "dead":
            return super().on_contradiction(step)
        (cell,) = step.reasons[0].args
        expect(cell == self.path[-1] != self.goal and not self.fresh(cell), f"{cell} is no dead end")
        return None

    def on_backtrack(self, step):
        cell, left = step.facts[0].args
        while self.path and not self.fresh(self.path[-1]):
            self.path.pop()
        expect(self.path and self.path[-1] == cell, f"{cell} is not the last place with a way left")
        expect(step.reasons[0].args == (cell,) and list(left) == list(self.fresh(cell)), "other ways are left")

    def copies(self):
        ends, stops = dict(self.legs), [self.start]
        expect(self.path[-1] == self.goal, "the walk does not end at the goal")
        for cell in self.path[1:]:
            if (stops[-1], cell) in ends:
                stops.append(cell)
        return [Fact("via", (cell,)) for cell in stops]

    def computed(self, parts):
        cells = [fact.args[0] for fact in parts]
        gaps = [pair for pair in zip(cells, cells[1:]) if pair not in self.legs or not {*pair} <= {*self.path}]
        return (
            [Fact("no-leg", gaps[0])]
            if gaps
            else [Fact("length", (tuple(self.legs[pair] for pair in zip(cells, cells[1:])),))]
        )

    def answer(self, parts):
        return " ".join(
            next(move for move, to in self.ways(a).items() if to == b) for a, b in zip(self.path, self.path[1:])
        )


def prover(state):
    return Maze(state)
