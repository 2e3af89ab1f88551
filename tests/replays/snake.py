"""A replay of snake: every cell entered, what rows and columns still need, and a search of its own behind every way that fails."""

import re

from ._steps import CELL, MOVE, TURNS, falsified, need, reader, step, symbols, told

CUT, EARLY = "cut off a row or column that must still be reached", "touched E too early"
FAR, STUCK = "was too far from E for the cells left", "left no way on"
WHY = r"touches E too early|is \d+ moves from E with only \d+ cells? left between|leaves no way on"
WHY += r"|cuts off (?:row|column) \d+, which must still be reached, by (?:row|column) \d+, which is used up"
ONE = re.compile(
    rf"({MOVE}) (?:({WHY})|leads only to {CELL}, and that ({WHY})|was followed by (\d+) more cells without success: (.*))"
)
FORMS = {
    "cells": r"Cells are \(row, column\) from 0\.",
    "start": rf"S is at {CELL}, E at {CELL}, and the snake has (\d+) cells\.",
    "need": r"Without S and E the rows and columns need",
    "tried": rf"From {CELL} I try ({MOVE}(?:, then {MOVE})*)\.",
    "failed": rf"((?i:{MOVE}) (?:touches|is|leaves|cuts|leads|was) .*)\.",
    "again": rf"I am at {CELL} again\.",
    "go": rf"From {CELL} I go ({MOVE}(?: {MOVE})*) to {CELL}\.",
    "end": rf"The next cell is E at {CELL}; every row and column has its count, and no two parts of the snake touch\.",
    "list": r"The cells are",
}

ONCE, LINKS = "cells start need end list", "start>need tried>failed failed>again end>list"


class Snake:
    "The path so far, and how many cells rows and columns still need without E."

    def __init__(self, state):
        self.size, self.end, self.path = state.size, state.end, [state.start]
        self.needs = [list(state.row_counts), list(state.column_counts)]
        for cell in (state.start, state.end):
            self.count(cell, -1)

    def count(self, cell, change: int) -> None:
        for axis in (0, 1):
            self.needs[axis][cell[axis]] += change

    @property
    def left(self) -> int:
        return sum(self.needs[0])

    def enter(self, cell) -> None:
        self.path.append(cell)
        self.count(cell, -1)

    def leave(self) -> None:
        self.count(self.path.pop(), 1)

    def ways(self) -> list[str]:
        "The moves to cells that beside the head touch no cell of the snake, in lines that need cells."
        found, old = [], self.path[:-2]
        for turn in TURNS:
            r, c = cell = step(self.path[-1], turn)
            inside = 0 <= r < self.size and 0 <= c < self.size and cell != self.end and cell not in self.path
            if (
                inside
                and self.needs[0][r] > 0
                and self.needs[1][c] > 0
                and all(max(abs(r - i), abs(c - j)) > 1 for i, j in old)
            ):
                found.append(turn)
        return found

    def cuts(self) -> set[str]:
        "What is cut off: a line that needs cells or holds E, beyond one that is used up and does not hold E."
        found = set()
        for axis, name in enumerate(("row", "column")):
            needs, at = self.needs[axis], self.path[-1][axis]
            for line, count in enumerate(needs):
                between = range(line + 1, at) if line < at else range(at + 1, line)
                stops = [stop for stop in between if not needs[stop] and stop != self.end[axis]]
                if count or line == self.end[axis] != at:
                    found |= {
                        f"cuts off {name} {line}, which must still be reached, by {name} {stop}, which is used up"
                        for stop in stops
                    }
        return found

    def faults(self) -> set[str]:
        "All that forbids the head where it is."
        (r, c), (i, j) = self.path[-1], self.end
        far, found = abs(r - i) + abs(c - j), self.cuts()
        if max(abs(r - i), abs(c - j)) == 1 and far != self.left + 1:
            found.add("touches E too early")
        if far > self.left + 1:
            found.add(f"is {far} moves from E with only {self.left} cell{'s' * (self.left != 1)} left between")
        if not found and self.left and not self.ways():
            found.add("leaves no way on")
        return found


def behind(snake: Snake) -> list[set[str]]:
    "What forbids each cell, nothing for a cell that may be, of all the ways on from here; raises where one leads to E."
    found = []
    need(snake.left, "this way leads to E")
    for turn in snake.ways():
        snake.enter(step(snake.path[-1], turn))
        found.append(snake.faults())
        if not found[-1]:
            found += behind(snake)
        snake.leave()
    return found


def fails(snake: Snake, told_one: str) -> None:
    "Check what is said of one way that was tried."
    match = ONE.fullmatch(told_one)
    need(match, f"unknown reason: {told_one}")
    turn, why, r, c, then, count, counts = match.groups()
    need(turn in snake.ways(), f"{turn} is no way from {snake.path[-1]}")
    snake.enter(step(snake.path[-1], turn))
    faults = snake.faults()
    if why:
        need(why in faults, f"{turn} {why} is not so, but {faults}")
    else:
        need(not faults, f"{turn} fails at once: {faults}")
        cells = behind(snake)
        if then:
            turns = snake.ways()
            need(
                len(cells) == 1 and step(snake.path[-1], turns[0]) == (int(r), int(c)) and then in cells[0],
                f"{turns} lead to {cells}",
            )
        else:
            counted(cells, int(count), counts)
    snake.leave()


def counted(cells: list[set[str]], total: int, counts: str) -> None:
    "Check the numbers of cells that failed, by the first that is said of each."
    order = [("touches", EARLY), ("is", FAR), ("cuts", CUT), ("leaves", STUCK)]
    first = [
        next(text for verb, text in order if any(why.startswith(verb + " ") for why in whys)) for whys in cells if whys
    ]
    right = ", ".join(f"{first.count(text)} {text}" for text in (CUT, EARLY, FAR, STUCK) if text in first)
    need((len(cells), right) == (total, counts), f"{len(cells)} more cells were tried: {right}")


@reader
def replay(state, text):
    snake, tried = Snake(state), []
    for name, groups, board in told(text, FORMS, ONCE, LINKS, lambda line: line.startswith("path ") or line[0] == "("):
        numbers = [int(group) for group in groups if group and group.isdecimal()]
        first, last = tuple(numbers[:2]), tuple(numbers[2:4])
        if name == "start":
            need((first, last, numbers[4]) == (state.start, state.end, sum(state.row_counts)), "the start is another")
        elif name == "tried":
            need(first == snake.path[-1], f"the snake is at {snake.path[-1]}")
            tried = groups[2].split(", then ")
        elif name == "failed":
            told_ones = (groups[0][0].lower() + groups[0][1:]).split("; ")
            need([one.split()[0] for one in told_ones] == tried, "these are not the ways tried")
            for one in told_ones:
                fails(snake, one)
        elif name == "again":
            need(first == snake.path[-1], f"the snake is at {snake.path[-1]}")
        elif name == "go":
            need(first == snake.path[-1], f"the snake is at {snake.path[-1]}")
            for turn in groups[2].split():
                need(turn in snake.ways(), f"{turn} is no way from {snake.path[-1]}")
                snake.enter(step(snake.path[-1], turn))
            need(tuple(numbers[2:]) == snake.path[-1], f"the snake comes to {snake.path[-1]}")
        elif name == "end":
            (r, c), (i, j) = snake.path[-1], state.end
            need(
                first == state.end and abs(r - i) + abs(c - j) == 1 and not any(sum(snake.needs, [])),
                "the snake does not end at E with all counts",
            )
            need(all(max(abs(r - i), abs(c - j)) > 1 for r, c in snake.path[:-2]), "the snake touches E before its end")
        elif name in ("list", "answer"):
            need(
                (board or groups[0]) == " ".join(f"({r},{c})" for r, c in [*snake.path, state.end]),
                "these are not the cells of the snake",
            )
        need(board or name not in ("need", "end"), f"no path after {name}")
        if board and name != "list":
            moves = "".join(
                next(turn[0] for turn in TURNS if step(one, turn) == other)
                for one, other in zip(snake.path, snake.path[1:])
            )
            rows, columns = (" ".join(map(str, counts)) for counts in snake.needs)
            need(board == f"path S{moves}; rows need {rows}; columns need {columns}", f"the path is S{moves}")


def spoil(text, rng):
    def choices(piece):
        return "uldr" if len(piece) == 1 and piece.isalpha() else symbols(piece)

    return falsified(text, rng, rf"\d+|\b{MOVE}\b|(?<=path S)[uldr]", choices)
