"""A replay of hanoi: the goals that follow from each other, and every disk on its peg."""

import re

from ._steps import falsified, need, numbers, reader, told

TOWER = r"(?:disk (1)|disks 1 (?:and|to) (\d+))"
FORMS = {
    "start": r"From bottom to top, (.*)\.",
    "aim": r"All must go to peg 3\.",
    "stays": r"Disk (\d+) lies on peg (\d) already and can stay\.",
    "moves": r"Disk (\d+) moves to peg (\d)\.",
    "goal": rf"Disk (\d+) lies on peg (\d) and has to go to peg (\d), so {TOWER} must first be on peg (\d)\.",
    "small": r"Disk(?:s 1 and (2)| 1) go(?:es)? to peg (\d): (.*)\.",
    "ready": r"Disk(?:s 1 and (2)| 1) (?:is|are) on peg (\d) already\.",
    "end": r"After (?:these )?(\d+) moves? all (\d+) disks lie on peg 3, the largest at the bottom\.",
    "list": r"The moves as \(disk, peg\) are",
}


class Pegs:
    "Where each disk is, the `moves` made, and what is still to do: (`bring`, n, peg) for disks 1 to n, (`move`, disk, peg)."

    def __init__(self, state):
        self.where = {disk: peg for peg, disks in enumerate(state.pegs, 1) for disk in disks}
        self.moves, self.todo = [], [("bring", len(self.where), 3)]

    def move(self, disk: int, to: int) -> None:
        need(disk in self.where and to in (1, 2, 3) and to != self.where[disk], f"disk {disk} cannot go to peg {to}")
        need(
            all(self.where[less] not in (to, self.where[disk]) for less in range(1, disk)),
            f"a smaller disk is in the way of disk {disk}",
        )
        self.where[disk] = to
        self.moves.append((disk, to))

    def due(self, kind: str, disk: int, to: int) -> None:
        "Take what is to do next, which must be this."
        need(
            self.todo and self.todo[-1] == (kind, disk, to),
            f"what is due is {self.todo[-1:]}, not {kind} {disk} to {to}",
        )
        self.todo.pop()

    def shown(self, board: str) -> None:
        lists = [[disk for disk in sorted(self.where, reverse=True) if self.where[disk] == peg] for peg in (1, 2, 3)]
        need(board == str(lists), f"the pegs hold {lists}, not {board}")


def large(pegs: Pegs, name: str, disk: int, *rest) -> None:
    "Follow a sentence about a disk above 2."
    if name == "moves":
        pegs.due("move", disk, rest[0])
        return pegs.move(disk, rest[0])
    here = pegs.where.get(disk)
    if name == "stays":
        need(here == rest[0], f"disk {disk} is not on peg {rest[0]}")
        pegs.due("bring", disk, here)
        return pegs.todo.append(("bring", disk - 1, here))
    start, to, below, spare = rest
    need(here == start != to and below == disk - 1 and spare == 6 - start - to, f"the goal of disk {disk} is wrong")
    pegs.due("bring", disk, to)
    pegs.todo += [("bring", disk - 1, to), ("move", disk, to), ("bring", disk - 1, spare)]


def small(pegs: Pegs, disks: int, to: int, text: str) -> None:
    "Follow the moves of disks 1 and 2, written in `text`."
    pegs.due("bring", disks, to)
    for one in text.split(", then ") if text else []:
        found = re.fullmatch(r"disk (\d+) to peg (\d)", one)
        need(found and int(found[1]) <= disks, f"unknown move: {one}")
        pegs.move(int(found[1]), int(found[2]))
    need(all(pegs.where[disk] == to for disk in range(1, disks + 1)), f"not all of disks 1 to {disks} are on peg {to}")


def described(state) -> str:
    "The pegs in words."
    return "; ".join(f"peg {i} holds {', '.join(map(str, peg)) or 'nothing'}" for i, peg in enumerate(state.pegs, 1))


@reader
def replay(state, text):
    pegs = Pegs(state)
    for name, groups, board in told(
        text, FORMS, "start aim end list", "start>aim end>list", lambda line: line[0] in "[("
    ):
        numbers = [int(group) for group in groups if group and group.isdecimal()]
        if name == "start":
            need(groups[0] == described(state), f"the start is {described(state)}")
        elif name in ("stays", "moves", "goal"):
            large(pegs, name, *numbers)
        elif name == "small":
            small(pegs, int(groups[0] or 1), int(groups[1]), groups[2])
        elif name == "ready":
            small(pegs, int(groups[0] or 1), int(groups[1]), "")
        elif name == "end":
            need(
                numbers == [len(pegs.moves), state.disks] and set(pegs.where.values()) == {3},
                "the count at the end is wrong",
            )
        elif name in ("list", "answer"):
            written = " ".join(f"({disk},{peg})" for disk, peg in pegs.moves) or "[]"
            need((board or groups[0]) == written, f"the moves were {written}")
        if name in ("aim", "moves", "end"):
            pegs.shown(board)
        elif name != "list":
            need(not board, f"unexpected board: {board}")
    need(all(what[:2] == ("bring", 0) for what in pegs.todo), f"still to do: {pegs.todo}")


def spoil(text, rng):
    return falsified(text, rng, r"\d+", numbers)
