"""The prover of numbrix: a number stands beside a known one, and the other cells there are shown to be impossible."""

from mmhelix_nb.steps import Fact
from provers._cells import filled, row_facts
from provers._proof import Proof, expect

WAYS = {(-1, 0): "up", (1, 0): "down", (0, -1): "left", (0, 1): "right"}


class Numbrix(Proof):
    def __init__(self, state):
        super().__init__()
        self.grid, self.n, self.failing = state.grid, len(state.grid), ()
        self.top = max(map(max, state.grid))
        self.cells = [(r, c) for r in range(self.n) for c in range(self.n)]
        self.know(Fact("is", ((r, c), state.grid[r][c])) for r, c in self.cells if state.grid[r][c])

    def near(self, cell):
        return [(cell[0] + r, cell[1] + c) for r, c in WAYS if (cell[0] + r, cell[1] + c) in self.cells]

    def path(self, cell, goal, steps, full):
        "Whether a path of so many steps leads from a cell to a goal (None: anywhere) past full cells."
        if steps == 0:
            return goal in (None, cell)
        if goal and abs(cell[0] - goal[0]) + abs(cell[1] - goal[1]) > steps:
            return False
        return any(
            self.path(other, goal, steps - 1, full | {cell})
            for other in self.near(cell)
            if other not in full and (other != goal or steps == 1)
        )

    def excluded(self, reason, number, begin):
        "The cells that a reason shows not to hold a number that stands beside a known one."
        at = {fact.args[1]: fact.args[0] for fact in reason.facts}
        if reason.rule == "taken":
            expect(number not in at, "the cell holds the number")
            return set(at.values())
        if reason.rule == "short":
            spot, steps = reason.args
            expect(begin > number and steps == number - 1, "the steps are not so many")
            return set() if self.path(spot, None, steps, set(at.values())) else {spot}
        spots, goal, steps, *walls = reason.args
        spots = spots if reason.rule == "far" else (spots,)
        expect((goal - number) * (number - begin) > 0 and steps == abs(goal - number), "the steps are not so many")
        expect(reason.rule in ("far", "shut") and goal in at, f"{reason.rule} shows nothing")
        full = set(at.values()) - {at[goal]}
        expect(not walls or set(walls[0]) == full, "other cells are named than those that are full")
        return {spot for spot in spots if not self.path(spot, at[goal], steps, full)}

    def left(self, reasons):
        "A number, and the cells that reasons leave to it."
        first = next(reason for reason in reasons if reason.rule == "next")
        number, begin = first.args
        expect(
            abs(number - begin) == 1 and [fact.args[1] for fact in first.facts] == [begin], "the numbers do not touch"
        )
        cells = set(self.near(first.facts[0].args[0]))
        for reason in reasons:
            if reason is not first:
                cells -= self.excluded(reason, number, begin)
        return number, cells

    def follows(self, step):
        (fact,) = step.facts
        if step.reasons[0].rule == "left":
            places, *others = step.reasons[0].facts
            number, cells = places.args[0], set(places.args[1])
            for other in others:
                expect(other.kind == "not" and other.args[1] == (number,), "another number is excluded")
                cells.discard(other.args[0])
        else:
            number, cells = self.left(step.reasons)
        if fact.kind == "places":
            expect(fact.args[0] == number and len(set(fact.args[1])) == len(fact.args[1]), "another number")
            expect(cells == set(fact.args[1]), f"the places are {cells}")
        else:
            expect(fact.kind == "is" and fact.args[1] == number and cells == {fact.args[0]}, f"the places are {cells}")

    def on_contradiction(self, step):
        self.failing = step.reasons
        super().on_contradiction(step)

    def breaks(self, reason):
        if reason.rule != "stranded":
            return not self.left(self.failing)[1]
        at, holds = ({}, {})
        for fact in reason.facts:
            at[fact.args[1]], holds[fact.args[0]] = fact.args[0], fact.args[1]
        # a number that stands in the cell is named by no reason, so it is none that its neighbours lead on to
        expect(self.top == self.n**2 and not holds.keys() & set(reason.args[0]), "the cell is full, or need not be")
        ends = [number for number in (1, self.top) if number not in at and (number == 1 or not self.given(number))]
        lonely = 0
        for spot in reason.args[0]:
            links = 0
            for other in self.near(spot):
                number = holds.get(other)
                done = number and all(one in at for one in (number - 1, number + 1) if 1 <= one <= self.top)
                links += not done
            if links == 0:
                return True
            lonely += links == 1
        return lonely == len(set(reason.args[0])) > len(ends)

    def given(self, number):
        return any(number in line for line in self.grid)

    def readings(self):
        return [row_facts(self.grid)]

    def tally(self, parts):
        return filled(parts)

    def copies(self):
        found = {fact.args[0]: fact.args[1] for frame in self.frames for fact in frame if fact.kind == "is"}
        return row_facts([[found.get((r, c), 0) for c in range(self.n)] for r in range(self.n)], "copy")

    def computed(self, parts):
        at = {number: (r, c) for r, part in enumerate(parts) for c, number in enumerate(part.args[1]) if number}
        for number in range(1, self.top + 1):
            if number not in at:
                return [Fact("no-number", (number,))]
        moves = []
        for number in range(1, self.top):
            step = tuple(b - a for a, b in zip(at[number], at[number + 1]))
            if step not in WAYS:
                return [Fact("no-walk", (number, at[number], number + 1, at[number + 1]))]
            moves.append(WAYS[step])
        return [Fact("walk", (1, at[1], tuple(moves)))]

    def answer(self, parts):
        return "\n".join("|" + "|".join(str(number or " ") for number in part.args[1]) + "|" for part in parts)


def prover(state):
    return Numbrix(state)
