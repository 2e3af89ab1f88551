"""A replay of snake: every cell entered, what rows and columns still need, and a search of its own behind every way that fails."""

import re

from ._steps import CELL, MOVE, TURNS, Follower, falsified, need, reader, step, symbols

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


class Path(Follower):
    "The sentences about a snake; `tried` are the ways whose failure is due."

    FORMS, ONCE = FORMS, "cells start need end list"
    LINKS = "start>need tried>failed failed>again end>list"

    def __init__(self, state):
        self.state, self.snake, self.tried = state, Snake(state), []

    def is_board(self, line):
        return line.startswith("path ") or line[0] == "("

    def on_board(self, name):
        need(self.board or name not in ("need", "end"), f"no path after {name}")
        if self.board and name != "list":
            path = self.snake.path
            turns = (next(turn for turn in TURNS if step(one, turn) == to) for one, to in zip(path, path[1:]))
            moves = "".join(turn[0] for turn in turns)
            rows, columns = (" ".join(map(str, counts)) for counts in self.snake.needs)
            right = f"path S{moves}; rows need {rows}; columns need {columns}"
            need(self.board == right, f"the path is S{moves}")

    def on_start(self, r, c, i, j, count):
        said = (int(r), int(c)), (int(i), int(j)), int(count)
        need(said == (self.state.start, self.state.end, sum(self.state.row_counts)), "the start is another")

    def at(self, r: str, c: str) -> None:
        need((int(r), int(c)) == self.snake.path[-1], f"the snake is at {self.snake.path[-1]}")

    def on_tried(self, r, c, ways):
        self.at(r, c)
        self.tried = ways.split(", then ")

    def on_failed(self, reasons):
        told_ones = (reasons[0].lower() + reasons[1:]).split("; ")
        need([one.split()[0] for one in told_ones] == self.tried, "these are not the ways tried")
        for one in told_ones:
            fails(self.snake, one)

    def on_again(self, r, c):
        self.at(r, c)

    def on_go(self, r, c, turns, i, j):
        self.at(r, c)
        for turn in turns.split():
            need(turn in self.snake.ways(), f"{turn} is no way from {self.snake.path[-1]}")
            self.snake.enter(step(self.snake.path[-1], turn))
        self.at(i, j)

    def on_end(self, i, j):
        end, path = (int(i), int(j)), self.snake.path
        beside = abs(path[-1][0] - end[0]) + abs(path[-1][1] - end[1]) == 1
        full = not any(sum(self.snake.needs, []))
        need(end == self.state.end and beside and full, "the snake does not end at E with all counts")
        clear = all(max(abs(r - end[0]), abs(c - end[1])) > 1 for r, c in path[:-2])
        need(clear, "the snake touches E before its end")

    def on_list(self):
        self.on_answer(self.board)

    def on_answer(self, answer):
        right = " ".join(f"({r},{c})" for r, c in [*self.snake.path, self.state.end])
        need(answer == right, "these are not the cells of the snake")


@reader
def replay(state, text):
    Path(state).follow(text)


def spoil(text, rng):
    def choices(piece):
        return "uldr" if len(piece) == 1 and piece.isalpha() else symbols(piece)

    return falsified(text, rng, rf"\d+|\b{MOVE}\b|(?<=path S)[uldr]", choices)
