"""A replay of slidingpuzzle: every slide, and every claim about what can still be in time, with an estimate of its own."""

import re
from bisect import bisect_left
from functools import lru_cache

from ._steps import MOVE, TURNS, falsified, need, reader, symbols, told

WALK = rf"{MOVE}(?: {MOVE})*"
FORMS = {
    "least": r"By their distances, and for tiles that block each other in a line, the tiles need at least (\d+) moves\.",
    "board": r"The board, with \. for the gap, is",
    "only": rf"Only ({WALK}) can still be in time\.",
    "none": r"With (\d+) moves? left, no move can be in time any more\.",
    "late": rf"((?i:{MOVE}) \(\d+ boards?\)(?: and {MOVE} \(\d+ boards?\))*) cannot be in time\.",
    "choose": rf"((?i:{MOVE})(?: or {MOVE})+) may be in time; I try ({MOVE})\.",
    "rest": rf"What is left here is ({MOVE})\.",
    "fails": rf"(?:So )?({MOVE}|{MOVE.title()}) fails here\.",
    "more": r"(?:So )?(\d+) moves are not enough; I look for (\d+)\.",
    "end": r"The tiles that move are (.*); after these (\d+) moves the board is in order\.",
    "list": r"The moves are",
}
BACK = {"up": "down", "down": "up", "left": "right", "right": "left"}
GOAL = (*range(1, 16), 0)


def slide(board: tuple[int, ...], turn: str) -> tuple[int, ...] | None:
    "The board after the tile beside the gap slides in a direction; None where there is no such tile."
    gap, (dr, dc) = board.index(0), TURNS[turn]
    r, c = gap // 4 - dr, gap % 4 - dc
    if not (0 <= r < 4 and 0 <= c < 4):
        return None
    after = list(board)
    after[gap], after[4 * r + c] = after[4 * r + c], 0
    return tuple(after)


def leaving(places: list[int]) -> int:
    "How many must leave a line, so that the others are in order: all but a longest rising run."
    tails = []
    for place in places:
        at = bisect_left(tails, place)
        tails[at : at + 1] = [place]
    return len(places) - len(tails)


@lru_cache(maxsize=20_000)
def least(board: tuple[int, ...]) -> int:
    "The moves that a board needs at least: distances, and two for each tile that must leave its line."
    total = 0
    for axis in range(2):
        lines = [[] for _ in range(4)]
        for at, tile in enumerate(board):
            if not tile:
                continue
            here, home = divmod(at, 4), divmod(tile - 1, 4)
            total += abs(here[axis] - home[axis])
            if here[1 - axis] == home[1 - axis]:
                lines[here[1 - axis]].append((here[axis], home[axis]))
        total += 2 * sum(leaving([home for _, home in sorted(line)]) for line in lines)
    return total


def fitting(board, last: str, left: int) -> list[str]:
    "The moves that do not undo the `last` and after which the board can still be in order with `left` moves in all."
    found = (
        []
        if board == GOAL
        else [(after, turn) for turn in TURNS if turn != BACK.get(last) and (after := slide(board, turn))]
    )
    return [turn for after, turn in found if least(after) < left]


def dead(board, last: str, left: int) -> int:
    "The boards that are looked at in vain from here; 0 where there is a way to the goal."
    total = 1
    if board == GOAL:
        return 0
    for turn in fitting(board, last, left):
        count = dead(slide(board, turn), turn, left - 1)
        if not count:
            return 0
        total += count
    return total


class Attempt:
    "An attempt with `bound` moves: the `path` of (board, move that led there, moves that are still to be looked at)."

    def __init__(self, board, bound: int):
        self.start, self.bound = board, bound
        self.path, self.marks = [], []
        self.enter(board, "")

    def enter(self, board, turn: str) -> None:
        self.path.append((board, turn, fitting(board, turn, self.bound - len(self.path))))

    @property
    def board(self):
        return self.path[-1][0]

    @property
    def open(self) -> list[str]:
        return self.path[-1][2]

    @property
    def left(self) -> int:
        return self.bound - len(self.path) + 1

    def go(self, turn: str) -> None:
        need(turn in self.open, f"{turn} cannot be in time or was tried")
        self.enter(slide(self.board, turn), turn)

    def drop(self, turn: str, boards: int) -> None:
        "A move that was looked at in vain, with all boards behind it."
        need(turn in self.open, f"{turn} cannot be in time anyway or was tried")
        count = dead(slide(self.board, turn), turn, self.left - 1)
        need(count == boards, f"{turn} leads to {count} boards, not {boards}")
        self.open.remove(turn)


def written(board) -> str:
    "The board in four lines, a point for the gap."
    return "\n".join(" ".join(str(tile or ".") for tile in board[i : i + 4]) for i in (0, 4, 8, 12))


def follow(attempt: Attempt, name: str, groups: tuple) -> None:
    "Follow one sentence within an attempt."
    if name == "only":
        for turn in groups[0].split():
            need(attempt.open == [turn], f"the moves that can be in time are {attempt.open}")
            attempt.go(turn)
    elif name == "none":
        need(
            int(groups[0]) == attempt.left and not attempt.open,
            f"with {attempt.left} moves left {attempt.open} can be in time",
        )
        need(attempt.board != GOAL, "the board is in order")
    elif name == "late":
        for turn, count in re.findall(r"(\w+) \((\d+) boards?\)", groups[0].lower()):
            attempt.drop(turn, int(count))
    elif name in ("choose", "rest"):
        ways = groups[0].lower().split(" or ")
        need(
            sorted(ways) == sorted(attempt.open) and groups[-1] == ways[0], f"the moves left to try are {attempt.open}"
        )
        attempt.marks.append((len(attempt.path), ways[0]))
        attempt.go(ways[0])
    elif name == "fails":
        need(
            attempt.marks and attempt.marks[-1][1] == groups[0].lower() and not attempt.open,
            f"{groups[0]} has not failed",
        )
        del attempt.path[attempt.marks.pop()[0] :]
        attempt.open.remove(groups[0].lower())


def is_board(line: str) -> bool:
    "Whether a line holds a row of tiles or the moves."
    return bool(re.fullmatch(r"[\d. ]+|\[\]", line)) or line.split()[0] in TURNS


@reader
def replay(state, text):
    start = tuple(tile for row in state.grid for tile in row)
    attempt, before = Attempt(start, least(start)), ""
    for name, groups, board in told(text, FORMS, "least board end list", "least>board end>list", is_board):
        need(name not in ("fails", "more") or before in ("none", "late", "fails"), "nothing failed")
        before = name
        if name == "least":
            need(int(groups[0]) == attempt.bound, f"the board needs at least {attempt.bound} moves")
        elif name == "more":
            need(
                not attempt.marks and not attempt.open and groups == (str(attempt.bound), str(attempt.bound + 2)),
                f"{attempt.bound} moves may be enough yet",
            )
            attempt = Attempt(start, attempt.bound + 2)
        elif name == "end":
            boards = [step[0] for step in attempt.path]
            tiles = [str(after[before.index(0)]) for before, after in zip(boards, boards[1:])]
            need(
                boards[-1] == GOAL and groups == (", ".join(tiles) or "none", str(len(tiles))),
                f"the tiles that move are {tiles}",
            )
        elif name in ("list", "answer"):
            need(
                (board or groups[0]) == (" ".join(step[1] for step in attempt.path[1:]) or "[]"),
                "these are not the moves made",
            )
        else:
            follow(attempt, name, groups)
        need(board or name not in ("board", "choose", "rest", "fails", "more", "end"), f"no board after {name}")
        if board and name != "list":
            need(board == written(attempt.board), f"the board is\n{written(attempt.board)}")


def spoil(text, rng):
    return falsified(text, rng, rf"\d+|\b{MOVE}\b", symbols)
