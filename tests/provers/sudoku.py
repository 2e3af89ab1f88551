"""The prover of sudoku."""

from mmhelix_nb.steps import Fact
from provers._cells import Square, distinct


def box(i):
    return [(i // 3 * 3 + r, i % 3 * 3 + c) for r in range(3) for c in range(3)]


class Sudoku(Square):
    def __init__(self, state):
        super().__init__(state.grid, {(("box", i),): distinct(box(i)) for i in range(9)})

    def more_checks(self, grid):
        boxes = tuple(tuple(grid[r][c] for r, c in box(i)) for i in range(9))
        for i, digits in enumerate(boxes):
            for digit in digits:
                if digits.count(digit) > 1:
                    return [Fact("no-once", (("box", i), digits, digit))]
        return [Fact("boxes", (boxes,))]

    def answer(self, parts):
        return " ".join(str(digit) for fact in parts for digit in fact.args[1])


def prover(state):
    return Sudoku(state)
