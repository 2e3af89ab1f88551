"""A replay of tapa: groups around clues, squares and the figure, looked at anew for every fact."""

from functools import lru_cache
from itertools import combinations

from . import _search
from ._search import SQUARE, OneFigure, Wrong, square, together

BLOCK = r"the square of rows (\d+) and (\d+), columns (\d+) and (\d+)"
CLUE = rf"[Tt]he (\d) at ({SQUARE})"


def around(cell):
    "The eight places around a cell."
    r, c = cell
    return {(y, x) for y in (r - 1, r, r + 1) for x in (c - 1, c, c + 1)} - {cell}


@lru_cache(maxsize=5_000)
def one_group(number: int, cells: tuple) -> list[int]:
    "The masks of `number` cells that hang together by edges or corners."
    chosen = [set(some) for some in combinations(cells, number)]
    return [
        sum(1 << i for i, cell in enumerate(cells) if cell in some) for some in chosen if together(some, some, around)
    ]


class Tapa(OneFigure):
    TASK, CELL, BOARD, SIGNS = "tapa", SQUARE, r"[\d#o.]+", "#o."
    FIGURE = 2
    FACTS = {"is white": 1, "is shaded": 2}
    CHECK = "Every clue has its one group, no 2 x 2 square is shaded, and the shaded cells hang together."
    REASONS = {
        rf"{CLUE} has its (\d|no) shaded cells? around it": "full",
        rf"{CLUE} needs all its open cells": "all",
        rf"All groups of (\d) around {CLUE} agree": "groups",
        rf"The other three cells of {BLOCK} are shaded": "fourth",
        r"Otherwise the shaded cells would fall apart": "needed",
        r"No shaded cell can reach (?:it|them)": "out_of_reach",
    }
    BROKEN = {
        rf"{CLUE} has (\d) shaded cells? around it\.": "too_many",
        rf"{CLUE} can only have (\d) shaded cells? around it\.": "too_few",
        rf"{CLUE} cannot have its shaded cells in one group\.": "no_group",
        rf"{BLOCK[:1].upper()}{BLOCK[1:]} is shaded throughout\.": "shaded",
        r"The shaded cells are cut off from each other\.": "cut_off",
    }

    def names(self):
        return square(self.state.size, 0)

    def start(self):
        return {(r, c): 3 if self.state.grid[r][c] == "." else 1 for r, c in self.cells.values()}

    def given(self):
        return [("Rows and columns count from 0.", ""), ("The grid (clues, # shaded, o white, . open):", self.board())]

    def board(self):
        return "\n".join(
            "".join(sign if sign != "." else " o#."[self.masks[r, c]] for c, sign in enumerate(row))
            for r, row in enumerate(self.state.grid)
        )

    def answer(self):
        return ", ".join(f"({r},{c})" for r, c in sorted(self.with_value(self.masks, 2)))

    def clue(self, number, name):
        "The cells around a clue, how many of them are shaded and how many are open."
        r, c = self.cell(name) or (0, 0)
        if self.cell(name) is None or self.state.grid[r][c] != number:
            raise Wrong("there is no such clue")
        cells = tuple(
            sorted(cell for cell in around((r, c)) if cell in self.masks and self.state.grid[cell[0]][cell[1]] == ".")
        )
        return cells, len(self.with_value(cells, 2)), len(self.with_value(cells, 3))

    def full(self, facts, number, name, told):
        cells, shaded, _ = self.clue(number, name)
        if shaded != int(number) or told.replace("no", "0") != number:
            return "it has another number"
        return "" if all(cell in cells and mask == 1 for cell, mask in facts) else "a fact does not follow"

    def all(self, facts, number, name):
        cells, shaded, free = self.clue(number, name)
        if shaded + free != int(number):
            return "it has another number"
        return "" if all(cell in cells and mask == 2 for cell, mask in facts) else "a fact does not follow"

    def groups(self, facts, told, number, name):
        return (
            "the clue is another one"
            if told != number
            else self.forced(facts, cells := self.clue(number, name)[0], one_group(int(number), cells))
        )

    def block(self, *numbers):
        "The cells of a square."
        top, bottom, left, right = map(int, numbers)
        if (bottom, right) != (top + 1, left + 1) or (bottom, right) not in self.masks:
            raise Wrong("that is no square")
        return [(r, c) for r in (top, bottom) for c in (left, right)]

    def fourth(self, facts, *numbers):
        cells = self.block(*numbers)
        return (
            ""
            if len(facts) == 1 and facts[0][1] == 1 and {facts[0][0]} == set(cells) - set(self.with_value(cells, 2))
            else "a fact does not follow"
        )

    def too_many(self, number, name, told):
        return "" if int(told) == self.clue(number, name)[1] > int(number) else "it has another number"

    def too_few(self, number, name, told):
        _, shaded, free = self.clue(number, name)
        return "" if int(told) == shaded + free < int(number) else "it may have another number"

    def no_group(self, number, name):
        cells, *_ = self.clue(number, name)
        return "there is a group" if self.ways(cells, one_group(int(number), cells)) else ""

    def shaded(self, *numbers):
        return "it is not" if len(self.with_value(self.block(*numbers), 2)) < 4 else ""


def replay(state, text):
    return Tapa(state).read(text)


def spoil(text, rng):
    return _search.spoil(Tapa, text, rng)
