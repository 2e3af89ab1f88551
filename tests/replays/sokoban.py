"""A replay of sokoban: every walk and push on the board, and a search of its own for what is said to fail."""

import re
from functools import lru_cache
from itertools import permutations

from ._steps import CELL, MOVE, TURNS, Follower, cells, falsified, need, reader, step, symbols

DEAD, BLOCK, FAR = (
    "put a box where no target can be reached any more",
    "made a block of four that can never move",
    "left too few pushes for the rest",
)
SEEN, NONE = "led to a position tried before", "no further push could be made"
COUNTS = rf"(?:\d+ (?:{DEAD}|{BLOCK}|{FAR}|{SEEN})(?:, )?)+|{NONE}"
PUSH = rf"pushing the box at {CELL} ({MOVE})"
TRY = re.compile(
    rf"(?i:p)ushing the box at {CELL} ({MOVE}) (?:({DEAD}|{BLOCK}|{FAR}|{SEEN})|was followed by (\d+) more push(?:es)? without success(?: \(({COUNTS})\))?)"
)
FORMS = {
    "cells": r"Cells are \(row, column\), counted from 0\.",
    "start": rf"The player is at {CELL}, boxes at ([^a-z]*), targets at ([^a-z]*)\.",
    "least": r"If no box were in the way of another, it would take (\d+) push(?:es)?\.",
    "bound": r"Perhaps (\d+) push(?:es)? will do\.",
    "short": r"(?:So )?(\d+) push(?:es)? will not do\.",
    "round": rf"I tried (\d+) push(?:es)? in all ways that this allows, and no way was left: ({COUNTS})\.",
    "push": rf"The box at {CELL} goes ({MOVE})(?: (\d+) times)? to {CELL}(, onto a target)?: ({MOVE}(?: {MOVE})*)\.",
    "back": r"The boxes stand as before the try\.",
    "end": r"After (\d+) push(?:es)? and (\d+) moves every box is on a target\.",
    "list": r"The moves are",
    "tried": rf"I try ({PUSH}(?:, then {PUSH})*)\.",
    "failed": r"(Pushing .*)\.",
}


class Room:
    "The floor and the targets of a board, and which positions cannot be solved with how many pushes."

    def __init__(self, lines: tuple[str, ...]):
        signs = {(r, c): sign for r, line in enumerate(lines) for c, sign in enumerate(line)}
        self.lines, self.floor, self.lost = lines, {cell for cell, sign in signs.items() if sign != "#"}, {}
        self.known = {}
        self.player = next(cell for cell, sign in signs.items() if sign in "@+")
        self.boxes = frozenset(cell for cell, sign in signs.items() if sign in "$*")
        self.targets = [cell for cell, sign in signs.items() if sign in ".*+"]
        self.far = [self.pushes(target) for target in self.targets]

    def pushes(self, target) -> dict:
        "From each cell the pushes to `target`."
        far, layer = {target: 0}, [target]
        for cell in layer:
            for dr, dc in TURNS.values():
                before, player = (cell[0] - dr, cell[1] - dc), (cell[0] - 2 * dr, cell[1] - 2 * dc)
                if before in self.floor and player in self.floor and before not in far:
                    far[before] = far[cell] + 1
                    layer.append(before)
        return far

    def least(self, boxes: frozenset) -> int:
        "The pushes that boxes need which are never in each other's way; 999 where there is no way."
        if boxes not in self.known:
            orders = permutations(self.far, len(boxes))
            if len(self.far) > 4:
                orders = [[{cell: min(far.get(cell, 999) for far in self.far) for cell in boxes}] * len(boxes)]
            needs = (sum(far.get(box, 999) for box, far in zip(boxes, order)) for order in orders)
            self.known[boxes] = min(999, *needs)
        return self.known[boxes]

    def walked(self, boxes: frozenset, player) -> set:
        "The cells to which the player can walk."
        found, queue = {player}, [player]
        for r, c in queue:
            for near in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
                if near in self.floor and near not in boxes and near not in found:
                    found.add(near)
                    queue.append(near)
        return found

    def solvable(self, boxes: frozenset, player, most: int) -> bool:
        "Whether `most` pushes suffice."
        if self.least(boxes) > most:
            return False
        if boxes <= set(self.targets):
            return True
        reach = self.walked(boxes, player)
        key = boxes, min(reach)
        if self.lost.get(key, -1) >= most:
            return False
        for box in boxes:
            for turn, (dr, dc) in TURNS.items():
                to = step(box, turn)
                if (
                    (box[0] - dr, box[1] - dc) in reach
                    and to in self.floor
                    and to not in boxes
                    and self.solvable(boxes - {box} | {to}, box, most - 1)
                ):
                    return True
        self.lost[key] = most
        return False

    def pushed(self, boxes: frozenset, player, most: int) -> int:
        "The pushes that can be made from here in all orders; more than `most` are not counted to the end."
        reach, total = self.walked(boxes, player), 0
        for box in boxes:
            for turn, (dr, dc) in TURNS.items():
                to = step(box, turn)
                if total <= most and (box[0] - dr, box[1] - dc) in reach and to in self.floor and to not in boxes:
                    total += 1 + self.pushed(boxes - {box} | {to}, box, most - total - 1)
        return total

    def blocked(self, boxes: frozenset, box) -> bool:
        "Whether a block of four boxes and walls with `box` in it can never move."
        for down in (-1, 1):
            for across in (-1, 1):
                four = [(box[0] + i, box[1] + j) for i in (0, down) for j in (0, across)]
                if all(cell in boxes or cell not in self.floor for cell in four) and any(
                    cell in boxes and cell not in self.targets for cell in four
                ):
                    return True
        return False


room_of = lru_cache(maxsize=8)(Room)


class Board:
    "The boxes and the player now, the moves made, and what is being tried."

    def __init__(self, room: Room):
        self.room, self.boxes, self.player, self.moves, self.pushes = room, room.boxes, room.player, [], 0
        self.bound, self.trying, self.drawn = room.least(room.boxes), [], ""

    def shown(self) -> str:
        def sign(cell):
            on = cell in self.room.targets
            return (
                ".*+"[(cell in self.boxes) + 2 * (cell == self.player)]
                if on
                else " $@"[(cell in self.boxes) + 2 * (cell == self.player)]
            )

        return "\n".join(
            "".join(sign((r, c)) if (r, c) in self.room.floor else "#" for c in range(len(line)))
            for r, line in enumerate(self.room.lines)
        )

    def push(self, box, turn: str, times: int, to, on: bool, moves: list[str]) -> None:
        "A walk whose pushes are `times` pushes of one box."
        for move in moves:
            self.player = step(self.player, move)
            need(self.player in self.room.floor, f"{self.player} is a wall")
            if self.player in self.boxes:
                ahead = step(self.player, move)
                need(
                    self.player == box and move == turn and ahead in self.room.floor and ahead not in self.boxes,
                    f"the box at {self.player} cannot go {move}",
                )
                self.boxes = self.boxes - {box} | {ahead}
                box, times, self.pushes = ahead, times - 1, self.pushes + 1
        self.moves += moves
        need(times == 0 and box == to and on == (to in self.room.targets), f"the box is at {box}, not {to}")

    def failing(self, box, turn: str, fate: str | None, then: int, counts: str | None) -> None:
        "A push that is said to fail, at once by its `fate` or after so many pushes more, of which the `counts` failed at once."
        room, (dr, dc), to = self.room, TURNS[turn], step(box, turn)
        free = box in self.boxes and to in room.floor and to not in self.boxes
        need(
            free and (box[0] - dr, box[1] - dc) in room.walked(self.boxes, self.player),
            f"the box at {box} cannot go {turn}",
        )
        after, left = self.boxes - {box} | {to}, self.bound - self.pushes - 1
        stuck = not any(to in far for far in room.far)
        if fate == DEAD:
            need(stuck, f"from {to} a target can be reached")
        elif fate == BLOCK:
            need(room.blocked(after, to) and not stuck, f"the box at {to} is in no block")
        else:
            need(
                not stuck and (room.least(after) > left) == (fate == FAR),
                f"the boxes need {room.least(after)} pushes and {left} are left",
            )
            need(not room.solvable(after, box, left), f"the box at {box} can go {turn}")
        if not fate:
            counted(then, counts)
        if not fate and counts in (NONE, None):
            need(room.pushed(after, box, then) == then, f"more pushes than {then} can be made")


def counted(total: int, counts: str | None) -> None:
    "The pushes that failed at once are no more than all pushes."
    need(sum(map(int, re.findall(r"\d+", counts or ""))) <= total, f"more pushes failed than were tried: {counts}")


class Sokoban(Follower):
    "The sentences about a board; `assumed` says whether a number of pushes is being tried."

    FORMS, ONCE = FORMS, "cells start least end list"
    LINKS = "start>least bound~round round>short tried>failed failed>back end>list"

    def __init__(self, state):
        self.game, self.assumed = Board(room_of(state.lines)), False

    def is_board(self, line):
        return not line.strip("#@$.*+ ") or line.split()[0] in TURNS

    def on_board(self, name):
        game = self.game
        if name in ("least", "bound", "short", "back", "end"):
            need((self.board or game.drawn) == game.shown(), f"the board is\n{game.shown()}")
            game.drawn = game.shown()
        elif name != "list":
            need(not self.board, f"unexpected board after {name}")

    def on_start(self, r, c, boxes, targets):
        room, said = self.game.room, ((int(r), int(c)), set(cells(boxes)), cells(targets))
        need(said == (room.player, room.boxes, room.targets), "the start is another")
        need(len(cells(boxes)) == len(room.boxes), "a box is told twice")

    def on_least(self, count):
        need(int(count) == self.game.bound, f"the boxes need {self.game.bound} pushes")

    def on_bound(self, count):
        self.assumed = True
        need(int(count) >= self.game.bound and not self.game.moves, "a lower bound was known")
        self.game.bound = int(count)

    def on_round(self, total, counts):
        game = self.game
        need(not game.room.solvable(game.boxes, game.player, game.bound), f"{game.bound} pushes are enough")
        counted(int(total), counts)

    def on_short(self, count):
        self.assumed = False
        need(int(count) == self.game.bound, f"the try was with {self.game.bound} pushes")
        self.game.bound += 1

    def on_push(self, r, c, turn, times, i, j, on, moves):
        need(self.assumed, "no number of pushes is assumed")
        self.game.push((int(r), int(c)), turn, int(times or 1), (int(i), int(j)), bool(on), moves.split())

    def on_tried(self, pushes, *_):
        need(self.assumed, "no number of pushes is assumed")
        self.game.trying = re.findall(PUSH, pushes)

    def on_failed(self, reasons):
        tries = [TRY.fullmatch(part) for part in reasons.split("; ")]
        same = all(tries) and [match.groups()[:3] for match in tries] == self.game.trying
        need(same, "these are not the pushes tried")
        for r, c, turn, fate, count, counts in (match.groups() for match in tries):
            self.game.failing((int(r), int(c)), turn, fate, int(count or 0), counts)

    def on_end(self, pushes, moves):
        game = self.game
        right = [game.pushes, len(game.moves)]
        home = game.boxes <= set(game.room.targets)
        need(home and [int(pushes), int(moves)] == right and game.pushes == game.bound, "the end is another")

    def on_list(self):
        self.on_answer(self.board)

    def on_answer(self, answer):
        need(answer.split() == self.game.moves, "these are not the moves made")


@reader
def replay(state, text):
    Sokoban(state).follow(text)


def spoil(text, rng):  # not the counts of pushes that failed, which only the same search could tell
    def choices(piece):
        return " #$." if piece in " $." else symbols(piece)

    return falsified(
        text,
        rng,
        rf"(?<=[(])\d+(?=,)|(?<=\d, )\d+(?=\))|\b{MOVE}\b|\d+(?= times)|\d+(?= push(?:es)? (?:will|and))|(?<=[# ])[ $.](?=[ #]+$)",
        choices,
    )
