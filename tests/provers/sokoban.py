"""The prover of sokoban: pushes are made on the board, and what is refused is refused for a reason that the board shows."""

from itertools import permutations

from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect

STEPS = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}


def step(cell, move, count=1):
    return cell[0] + count * STEPS[move][0], cell[1] + count * STEPS[move][1]


class Sokoban(Proof):
    def __init__(self, state):
        super().__init__()
        signs = {(r, c): sign for r, line in enumerate(state.lines) for c, sign in enumerate(line)}
        self.walls = {cell for cell, sign in signs.items() if sign == "#"}
        self.player = next(cell for cell, sign in signs.items() if sign in "@+")
        self.boxes = sorted(cell for cell, sign in signs.items() if sign in "$*")
        self.targets = sorted(cell for cell, sign in signs.items() if sign in ".*+")
        self.floor = self.reach((), self.player)
        self.alive = self.living(self.targets)
        self.far = {target: self.distances(target) for target in self.targets}
        self.homes = {target: self.living([target]) for target in self.targets}
        self.at: list = [(frozenset(self.boxes), self.player)]  # positions of the tries that stand
        self.been = {self.key(*self.at[0])}
        self.denied: list[set] = [set()]  # pushes refused in each of them

    def reach(self, boxes, player):
        found, queue = {player}, [player]
        for cell in queue:
            for move in STEPS:
                to = step(cell, move)
                if to not in found and to not in self.walls and to not in boxes:
                    found.add(to)
                    queue.append(to)
        return frozenset(found)

    def key(self, boxes, player):
        return boxes, self.reach(boxes, player)

    def living(self, targets):
        "The cells from which a box alone comes to one of the targets."
        found = set(targets)
        while True:
            more = {
                step(cell, move)
                for cell in found
                for move in STEPS
                if {step(cell, move), step(cell, move, 2)} <= self.floor
            } - found
            if not more:
                return found
            found |= more

    def pushes(self, boxes, player):
        "The pushes that can be made, as (box, move)."
        area = self.reach(boxes, player)
        return {
            (box, move)
            for box in boxes
            for move in STEPS
            if step(box, move, -1) in area and step(box, move) in self.floor and step(box, move) not in boxes
        }

    def made(self):
        "The pushes of the tries that stand, a run of one box counted push by push."
        return sum(abs(to[0] - cell[0]) + abs(to[1] - cell[1]) for _, cell, _, to in (one.args for one in self.tries))

    def least(self, boxes):
        "The fewest pushes that bring `boxes` home if none were in the way of another."
        orders = permutations(self.targets, len(boxes))
        return min(
            sum(self.far[target].get(box, 10**6) for box, target in zip(sorted(boxes), order)) for order in orders
        )

    def distances(self, target):
        "The pushes that a box alone needs from each cell to a target."
        far, queue = {target: 0}, [target]
        for cell in queue:
            for move in STEPS:
                back = step(cell, move)
                if back not in far and {back, step(cell, move, 2)} <= self.floor:
                    far[back] = far[cell] + 1
                    queue.append(back)
        return far

    def stuck(self, boxes, cell):
        "Whether a box in a cell is one of four in a square that are boxes and walls, not all of the boxes on targets."
        for down in (-1, 0):
            for right in (-1, 0):
                square = [(cell[0] + down + i, cell[1] + right + j) for i in (0, 1) for j in (0, 1)]
                if all(one in boxes or one not in self.floor for one in square) and {*square} & boxes - {*self.targets}:
                    return True
        return False

    def readings(self):
        return [
            [
                Fact("player", (self.player,)),
                *(Fact("box", (cell,)) for cell in self.boxes),
                *(Fact("target", (cell,)) for cell in self.targets),
            ]
        ]

    def tally(self, parts):
        kinds = [fact.kind for fact in parts]
        return [Fact("pieces", (kinds.count("box"), kinds.count("target")))]

    def follows(self, step_):
        boxes, player = self.at[-1]
        for fact in step_.facts:
            if fact.kind == "home":
                expect(
                    boxes == {*fact.args[0]} <= {*self.targets} and len(fact.args[0]) == len(boxes), "a box is not home"
                )
                continue
            expect(fact.kind == "bad", f"{fact} is of no known kind")
            box, move = fact.args
            expect((box, move) in self.pushes(boxes, player), f"{box} cannot be pushed {move}")
            to = step(box, move)
            reasons = [reason for reason in step_.reasons if reason.args[0] == to]
            expect(
                len(reasons) == 1 and self.shut(reasons[0], boxes - {box} | {to}, box, to),
                f"nothing is wrong with {fact}",
            )
            self.denied[-1].add((box, move))

    def shut(self, reason, boxes, player, to):
        rule, *most = reason.rule, *reason.args[1:]
        if rule == "far":
            return self.made() + 1 + self.least(boxes) > most[0]
        if rule == "dead":
            return to not in self.alive
        if rule == "crowd":
            orders = permutations(self.targets, len(boxes))
            return not any(all(box in self.homes[target] for box, target in zip(boxes, order)) for order in orders)
        return self.stuck(boxes, to) if rule == "block" else rule == "seen" and self.key(boxes, player) in self.been

    def on_hypothesise(self, step_):
        super().on_hypothesise(step_)
        number, cell, move, to = step_.facts[0].args
        self.number = getattr(self, "number", 0) + 1
        (boxes, player), count = self.at[-1], abs(to[0] - cell[0]) + abs(to[1] - cell[1])
        expect(number == self.number and count and step(cell, move, count) == to, "another push is tried")
        self.single = []
        for i in range(count):
            box, after = step(cell, move, i), step(cell, move, i + 1)
            self.single.append(len(self.pushes(boxes, player)))
            expect((box, move) in self.pushes(boxes, player), f"{box} cannot be pushed {move}")
            boxes, player = boxes - {box} | {after}, box
            self.been.add(self.key(boxes, player))
        self.at.append((boxes, player))
        self.denied.append(set())
        self.chains = [*getattr(self, "chains", []), all(one == 1 for one in self.single[1:])]

    def breaks(self, reason):
        refused = self.denied[-1]
        return self.chains[-1] and refused == self.pushes(*self.at[-1]) and reason.args == (len(refused),)

    def denies(self, fact, tried):
        self.at.pop()
        self.denied.pop()
        self.chains.pop()
        self.denied[-1].add((tried.args[1], tried.args[2]))
        return fact == Fact("not", tried.args[:1])

    def walk(self, boxes, start, goal):
        "A shortest walk in the order of the moves."
        came, queue = {start: []}, [start]
        for cell in queue:
            for move in STEPS:
                to = step(cell, move)
                if to not in came and to in self.floor and to not in boxes:
                    came[to] = [*came[cell], move]
                    queue.append(to)
        return came[goal]

    def copies(self):
        boxes, player, legs = frozenset(self.boxes), self.player, []
        for _, cell, move, to in (fact.args for fact in self.tries):
            for i in range(abs(to[0] - cell[0]) + abs(to[1] - cell[1])):
                box, after = step(cell, move, i), step(cell, move, i + 1)
                moves = [*self.walk(boxes, player, step(box, move, -1)), move]
                if legs and legs[-1][1] == box and len(moves) == 1 and legs[-1][2][-1] == move:
                    legs[-1] = legs[-1][0], after, [*legs[-1][2], move]
                else:
                    legs.append((box, after, moves))
                boxes, player = boxes - {box} | {after}, box
        return [Fact("leg", (i, box, after, tuple(moves))) for i, (box, after, moves) in enumerate(legs, 1)]

    def computed(self, parts):
        boxes, player = set(self.boxes), self.player
        for number, move in enumerate((move for fact in parts for move in fact.args[3]), 1):
            to, on = step(player, move), step(player, move, 2)
            if to not in self.floor or to in boxes and (on not in self.floor or on in boxes):
                return [Fact("no-move", (number, move, to))]
            if to in boxes:
                boxes = boxes - {to} | {on}
            player = to
        loose = sorted(boxes - {*self.targets})
        if loose:
            return [Fact("no-home", (loose[0],))]
        return [Fact("solved", (tuple(len(fact.args[3]) for fact in parts), tuple(sorted(boxes))))]

    def answer(self, parts):
        return " ".join(move for fact in parts for move in fact.args[3])


def prover(state):
    return Sokoban(state)
