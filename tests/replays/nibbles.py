"""A replay of nibbles: every walk made move by move, every hit, and the snake after each."""

from ._steps import CELL, MOVE, TURNS, cells, falsified, need, reader, step, symbols, told

WALK = rf"{MOVE}(?: {MOVE})*"
FORMS = {
    "start": rf"The head is at {CELL} and looks ({MOVE}); the snake has (\d+) cells, and there are (\d+) apples\.",
    "try": rf"For the apple at {CELL} I go (straight|round on the shortest way) from {CELL}: ({WALK})\.",
    "hit": rf"Move (\d+) of these \(({MOVE})\) (turns the snake back on itself|runs into the wall|runs into the (?:tail|body) at {CELL})\.",
    "again": rf"The head is at {CELL} again\.",
    "before": rf"The head is at {CELL} again, as before that walk\.",
    "works": rf"This walk works: the head is at {CELL}, the snake has (\d+) cells, (apples left at .*|no apple is left)\.",
    "none": rf"I look for a way round to the apple at {CELL} too, past the other apples and without detours, but find none\.",
    "shut": rf"From {CELL} I find no way to eat all that is left\.",
    "end": rf"The (\d+) moves end at {CELL}; all (\d+) apples are eaten and nothing was hit\.",
    "list": "The moves are",
}


def move(size: int, at: tuple, turn: str) -> tuple[tuple | None, str]:
    "The position (snake, facing, apples) after a move and nothing, or no position and what the head runs into."
    snake, facing, apples = at
    head = step(snake[0], turn)
    if step(head, facing) == snake[0]:
        return None, "turns the snake back on itself"
    if not all(0 <= number < size for number in head):
        return None, "runs into the wall"
    if head in snake:
        return None, f"runs into the {'tail' if head == snake[-1] else 'body'} at {head}"
    if head in apples:
        return ((head, *snake), turn, tuple(apple for apple in apples if apple != head)), ""
    return ((head, *snake[:-1]), turn, apples), ""


def reaches(size: int, at: tuple, goal) -> int | None:
    "The moves of the shortest way to `goal` around the body as it leaves, without the other apples; None where there is none."
    snake, facing, apples = at
    layer, seen, moves = {snake[0]}, {snake[0]}, 0
    while layer:
        moves += 1
        body = set(
            snake[: max(0, len(snake) - moves + 1)]
        )  # what still lies there before this move; the apple that is eaten is the last cell
        turns = [turn for turn in TURNS if moves > 1 or step(step(snake[0], turn), facing) != snake[0]]
        layer = {step(cell, turn) for cell in layer for turn in turns} - seen - body - set(apples) | {goal} & {
            step(cell, turn) for cell in layer for turn in turns
        } - body
        layer = {cell for cell in layer if all(0 <= number < size for number in cell)}
        if goal in layer:
            return moves
        seen |= layer
    return None


def shown(at: tuple) -> str:
    "The snake and the apples of a position as text."

    def listed(some):
        return " ".join(f"({r},{c})" for r, c in some) or "none"

    return f"snake {listed(at[0])}; apples {listed(at[2])}"


class Game:
    "The positions after each walk that worked, the walks, and the walk that is being tried."

    def __init__(self, state):
        self.size, self.stack, self.failed = state.size, [(state.snake, state.direction, state.apples)], False
        self.walks, self.trying, self.tried = (
            [],
            [],
            [set()],
        )  # for each position the apples to which a way round was looked for

    @property
    def at(self):
        return self.stack[-1]

    def attempt(self, apple, way: str, moves: list[str]) -> None:
        "A walk to an apple that is left, straight with one bend at most or as short as a way round can be."
        need(not self.trying and not self.failed, "the walk before was not told to its end")
        place = self.at[0][0]
        for turn in moves:
            place = step(place, turn)
        need(apple in self.at[2] and place == apple, f"these moves do not lead to an apple at {apple}")
        bends = sum(a != b for a, b in zip(moves, moves[1:]))
        if way == "straight":
            need(
                bends < 2 and len(moves) == abs(apple[0] - self.at[0][0][0]) + abs(apple[1] - self.at[0][0][1]),
                "the walk is not straight",
            )
        else:
            need(len(moves) == reaches(self.size, self.at, apple), "the way round is not the shortest")
            self.tried[-1].add(apple)
        self.trying = moves

    def run(self) -> tuple[tuple, int, str]:
        "The position at the end of the walk being tried, the moves made, and what stopped it."
        at = self.at
        for made, turn in enumerate(self.trying):
            then, why = move(self.size, at, turn)
            if why:
                return at, made, why
            at = then
        return at, len(self.trying), ""


@reader
def replay(state, text):
    game, last = Game(state), ""
    for name, groups, board in told(
        text,
        FORMS,
        "start end list",
        "hit>again shut>before end>list",
        lambda line: line.startswith("snake ") or line.split()[0] in TURNS,
    ):
        numbers = [int(group) for group in groups if group and group.isdecimal()]
        if name == "start":
            need(
                tuple(numbers[:2]) == state.snake[0]
                and groups[2] == state.direction
                and numbers[2:] == [len(state.snake), len(state.apples)],
                "the start is another",
            )
        elif name == "try":
            need(tuple(numbers[2:]) == game.at[0][0], f"the head is at {game.at[0][0]}")
            game.attempt(tuple(numbers[:2]), groups[2], groups[-1].split())
        elif name == "hit":
            made, why = game.run()[1:]
            need(
                why == groups[2] and made + 1 == numbers[0] and game.trying[made] == groups[1],
                f"move {made + 1} {why or 'works'}",
            )
            game.failed = True
        elif name in ("again", "before"):
            need(game.failed, "nothing failed")
            if name == "before":
                need(len(game.stack) > 1, "there is no walk before")
                game.stack.pop()
                game.walks.pop()
                game.tried.pop()
            need(
                (name == "again") == bool(game.trying) and tuple(numbers) == game.at[0][0],
                f"the head is at {game.at[0][0]}",
            )
            game.trying, game.failed = [], False
        elif name == "works":
            at, _, why = game.run()
            need(game.trying and not why, f"the walk {why}")
            need(
                tuple(numbers[:2]) == at[0][0] and numbers[2] == len(at[0]) and cells(groups[3]) == list(at[2]),
                f"the position is {shown(at)}",
            )
            game.stack.append(at)
            game.walks.append(game.trying)
            game.tried.append(set())
            game.trying = []
        elif name == "none":
            need(
                tuple(numbers) in game.at[2] and reaches(state.size, game.at, tuple(numbers)) is None,
                f"there is a way round to {tuple(numbers)}",
            )
            game.tried[-1].add(tuple(numbers))
        elif name == "shut":
            need(tuple(numbers) == game.at[0][0] and not game.trying, f"the head is at {game.at[0][0]}")
            need(game.tried[-1] == set(game.at[2]), f"a way round was looked for to {game.tried[-1]} only")
            game.failed = True
        elif name == "end":
            need(tuple(numbers[1:3]) == game.at[0][0] and not game.at[2], "the end is another")
            need(
                [numbers[0], numbers[3]] == [sum(map(len, game.walks)), len(state.apples)],
                "the counts at the end are wrong",
            )
        else:
            need(
                (board or groups[0]).split() == [turn for walk in game.walks for turn in walk],
                "these are not the moves made",
            )
        if name in ("start", "try", "again", "before"):
            need((board or last) == shown(game.at), f"the position is {shown(game.at)}")
        else:
            need(not board or name == "list", f"unexpected board: {board}")
        last = board


def spoil(text, rng):
    return falsified(text, rng, rf"\d+|\b{MOVE}\b", symbols)
