"""The prover of hanoi: what has to be where is kept as a stack, and every move is made."""

from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect


class Hanoi(Proof):
    inner = (1,)

    def __init__(self, state):
        super().__init__()
        self.begin = [list(peg) for peg in state.pegs]
        self.pegs = [list(peg) for peg in state.pegs]
        self.n = sum(map(len, self.pegs))
        self.needs = [(self.n, 3)]  # the disks up to one that have to be on a peg, the nearest last
        self.made: list = []

    def where(self, disk):
        return next(number for number, peg in enumerate(self.pegs, 1) if disk in peg)

    def legal(self, disk, number):
        peg, target = self.pegs[self.where(disk) - 1], self.pegs[number - 1]
        return peg[-1] == disk and (not target or target[-1] > disk)

    def move(self, disk, number):
        expect(
            1 <= number <= 3 and 1 <= disk <= self.n and self.where(disk) != number and self.legal(disk, number),
            f"disk {disk} cannot go to {number}",
        )
        self.pegs[number - 1].append(self.pegs[self.where(disk) - 1].pop())
        self.made.append((disk, number))

    def done(self):
        "Leave the needs that are met."
        while self.needs and all(self.where(disk) == self.needs[-1][1] for disk in range(1, self.needs[-1][0] + 1)):
            self.needs.pop()

    def readings(self):
        return [[Fact("peg", (number, tuple(peg))) for number, peg in enumerate(self.begin, 1)]]

    def tally(self, parts):
        disks = sorted(disk for fact in parts for disk in fact.args[1])
        lost = [disk for disk in range(1, sum(map(len, self.begin)) + 1) if disk not in disks]
        if lost:
            return [Fact("no-disk", (lost[0],))]
        return [
            Fact("all", (tuple(len(fact.args[1]) for fact in parts), disks[-1] if disks == sorted({*disks}) else 0))
        ]

    def follows(self, step):
        (reason,) = step.reasons
        for fact in step.facts:
            getattr(self, f"on_{reason.rule}_{fact.kind}", self.no_rule)(reason.args, *fact.args)
            self.done()

    def no_rule(self, *args):
        expect(False, f"{args} is of no known kind")

    def on_lies_stay(self, place, disk, number):
        expect(
            self.needs[-1] == (disk, number) and place == (number,) and self.where(disk) == number,
            f"disk {disk} is not due on peg {number}",
        )
        self.needs[-1] = disk - 1, number

    def on_way_wait(self, way, disk, number):
        large, here, target = way
        expect(
            large == disk + 1 and self.needs[-1] == (large, target) and self.where(large) == here != target,
            f"disk {large} is not due on peg {target}",
        )
        expect(number == 6 - here - target, f"peg {number} is in the way")
        self.needs.append((disk, number))

    def on_free_move(self, place, disk, number):
        expect(self.needs[-1] == (disk, number) and place == (disk,), f"disk {disk} is not due on peg {number}")
        self.move(disk, number)
        self.needs[-1] = disk - 1, number

    def on_small_move(self, place, disk, number):
        expect(self.needs[-1] == place and disk <= place[0] <= 2, "other disks are due")
        self.move(disk, number)

    def on_clear_move(self, place, disk, number):
        expect(place[0] == 2 and (disk == 1 or self.where(1) not in (self.where(2), number)), "disk 1 is in the way")
        self.on_small_move(place, disk, number)

    def on_hypothesise(self, step):
        disk, number = step.facts[0].args
        expect(self.needs[-1][0] == 2 and disk == 1 and self.where(2) != self.needs[-1][1], "nothing has to be tried")
        expect(all(reason == type(reason)("small", self.needs[-1]) for reason in step.reasons), "other disks are due")
        expect(number != self.where(1) and 1 <= number <= 3, "this is no move")
        if number == 6 - self.where(2) - self.needs[-1][1]:
            self.move(disk, number)
            self.know(step.facts)
        else:
            super().on_hypothesise(step)

    def breaks(self, reason):
        (fact,), (number, target) = reason.facts, reason.args
        place = {"onto": target, "under": self.where(2)}[reason.rule]
        return fact == Fact("move", (1, number)) and number == place and target == self.needs[-1][1]

    def denies(self, fact, tried):
        return fact == Fact("not", tried.args)

    def copies(self):
        expect(not self.needs, f"{self.needs} is not done")
        return [Fact("step", (number, *move)) for number, move in enumerate(self.made, 1)]

    def computed(self, parts):
        self.pegs = [list(peg) for peg in self.begin]
        for number, (_, disk, peg) in enumerate((fact.args for fact in parts), 1):
            if self.where(disk) == peg or not self.legal(disk, peg):
                return [Fact("no-move", (number, disk, peg))]
            self.pegs[peg - 1].append(self.pegs[self.where(disk) - 1].pop())
        loose = self.pegs[0] + self.pegs[1]
        if loose:
            return [Fact("no-end", (max(loose),))]
        disks = [fact.args[1] for fact in parts]
        return [Fact("ends", (tuple(disks.count(disk) for disk in sorted({*disks})), tuple(self.pegs[2])))]

    def answer(self, parts):
        return " ".join(f"({disk},{peg})" for _, disk, peg in (fact.args for fact in parts)) or "[]"


def prover(state):
    return Hanoi(state)
