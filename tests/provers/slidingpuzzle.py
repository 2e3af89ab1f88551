"""The prover of slidingpuzzle: slides are made, and bounds are computed anew."""

from functools import cache
from itertools import combinations

from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect

STEPS = {"up": (1, 0), "down": (-1, 0), "left": (0, 1), "right": (0, -1)}  # from the gap to the tile that moves
BACK = {"up": "down", "down": "up", "left": "right", "right": "left"}
GOAL = (*range(1, 16), 0)


def slides(board):
    "The boards after each move that can be made."
    (r, c), found = divmod(board.index(0), 4), {}
    for move, (down, right) in STEPS.items():
        if 0 <= r + down < 4 and 0 <= c + right < 4:
            source, after = 4 * (r + down) + c + right, list(board)
            after[4 * r + c], after[source] = board[source], 0
            found[move] = tuple(after)
    return found


def leave(line):
    "How many of a line of places have to leave it, so that the others rise."
    for count in range(len(line) + 1):
        for stay in combinations(line, len(line) - count):
            if list(stay) == sorted(stay):
                return count
    raise AssertionError


@cache
def bound(board):
    "Steps by rows and columns, and those for tiles in each other's way."
    home = {tile: divmod(tile - 1, 4) for tile in range(1, 16)}
    at = {tile: divmod(i, 4) for i, tile in enumerate(board) if tile}
    far = sum(abs(a - b) for tile in home for a, b in zip(home[tile], at[tile]))
    more = 0
    for i in range(4):
        more += 2 * leave([home[tile][1] for tile in board[4 * i : 4 * i + 4] if tile and home[tile][0] == i])
        more += 2 * leave([home[tile][0] for tile in board[i::4] if tile and home[tile][1] == i])
    return far, more


def fitting(board, last, left):
    "The moves that can be in time."
    return {move: after for move, after in slides(board).items() if move != BACK.get(last) and sum(bound(after)) < left}


def boards(board, last, left):
    "How many boards a search looks at that finds nothing; None where it comes to the goal."
    if board == GOAL:
        return None
    found = [boards(after, move, left - 1) for move, after in fitting(board, last, left).items()]
    return None if None in found else 1 + sum(found)


class Sliding(Proof):
    inner = (1,)

    def __init__(self, state):
        super().__init__()
        self.grid, self.board = state.grid, sum(state.grid, ())
        self.at: list = []  # of each try: the board, the last move, the moves left
        self.out: list = []  # of each try: the choices that failed where it ends
        self.number = 0

    def readings(self):
        return [[Fact("line", (("row", r), row)) for r, row in enumerate(self.grid)]]

    def tally(self, parts):
        tiles = [tile for fact in parts for tile in fact.args[1] if tile]
        double = [tile for tile in tiles if tiles.count(tile) > 1]
        return [Fact("no-once", (double[0],))] if double else [Fact("complete", (len(tiles),))]

    def follows(self, step):
        (reason,) = step.reasons
        for fact in step.facts:
            if fact.kind == "least":
                far, more = bound(self.board)
                expect(fact.args == (far, more, far + more), "the bound is another one")
                continue
            board, last, left = self.at[-1]
            expect(reason.args == (left,), f"{left} moves are left")
            getattr(self, f"on_{fact.kind}", self.unknown)(fact, board, last, left)

    def unknown(self, fact, *_):
        expect(False, f"{fact} is of no known kind")

    def on_run(self, fact, board, last, left):
        for move in fact.args[0]:
            fits = fitting(board, last, left)
            expect(list(fits) == [move], f"{list(fits)} are in time, not {move} alone")
            board, last, left = fits[move], move, left - 1
        self.at[-1] = board, last, left

    def on_choice(self, fact, board, last, left):
        fits = fitting(board, last, left)
        expect(len(fits) > 1 and set(fact.args[0]) == set(fits), "other moves are in time")

    def on_cut(self, fact, board, last, left):
        move, count = fact.args
        fits = fitting(board, last, left)
        expect(move in fits and boards(fits[move], move, left - 1) == count, f"{move} does not fail so")
        self.out[-1].add(move)

    def on_hypothesise(self, step):
        super().on_hypothesise(step)
        fact = step.facts[0]
        if fact.kind == "within":
            self.at.append((self.board, "", *fact.args))
        else:
            number, move = fact.args
            self.number += 1
            board, last, left = self.at[-1]
            fits = fitting(board, last, left)
            expect(number == self.number and move in fits and move not in self.out[-1], f"{move} is no choice")
            self.at.append((fits[move], move, left - 1))
        self.out.append(set())

    def breaks(self, reason):
        board, last, left = self.at[-1]
        fits = fitting(board, last, left)
        expect(reason.facts[0] == self.tries[-1] and board != GOAL, "another try has failed")
        if reason.rule == "late":
            return not fits and reason.args == (left,)
        return bool(fits) and set(fits) == self.out[-1] and reason.args == (len(fits),)

    def denies(self, fact, tried):
        self.at.pop()
        self.out.pop()
        if tried.kind == "within":
            return fact == Fact("beyond", tried.args)
        self.out[-1].add(tried.args[1])
        return fact == Fact("not", tried.args[:1])

    def copies(self):
        expect(self.at[-1][0] == GOAL, "the board is not in order")
        moves = []
        for frame in self.frames:
            for fact in frame:
                if fact.kind in ("run", "slide"):
                    moves += fact.args[0] if fact.kind == "run" else [fact.args[1]]
        return [Fact("part", (i // 6 + 1, tuple(moves[i : i + 6]))) for i in range(0, len(moves), 6)]

    def computed(self, parts):
        board, tiles = self.board, []
        for number, move in enumerate((move for fact in parts for move in fact.args[1]), 1):
            after = slides(board).get(move)
            if after is None:
                return [Fact("no-slide", (number, move))]
            tiles.append(after[board.index(0)])
            board = after
        odd = [i for i in range(15) if board[i] != GOAL[i]]
        return (
            [Fact("no-order", (divmod(odd[0], 4), GOAL[odd[0]]))]
            if odd
            else [Fact("ordered", (tuple(tiles), len(tiles)))]
        )

    def answer(self, parts):
        return " ".join(move for fact in parts for move in fact.args[1]) or "[]"


def prover(state):
    return Sliding(state)
