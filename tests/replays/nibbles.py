"""A replay of nibbles: every walk made move by move, every hit, and the snake after each."""

from ._steps import CELL, MOVE, TURNS, Follower, cells, falsified, need, reader, step, symbols

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


class Nibbles(Follower):
    "The sentences about a game; a position is not shown twice in a row."

    FORMS, ONCE, LINKS = FORMS, "start end list", "hit>again shut>before end>list"

    def __init__(self, state):
        self.state, self.game, self.last = state, Game(state), ""

    def is_board(self, line):
        return line.startswith("snake ") or line.split()[0] in TURNS

    def on_board(self, name):
        right = shown(self.game.at)
        if name in ("start", "try", "again", "before"):
            need((self.board or self.last) == right, f"the position is {right}")
        else:
            need(not self.board or name == "list", f"unexpected board: {self.board}")
        self.last = self.board

    @property
    def head(self):
        return self.game.at[0][0]

    def on_start(self, r, c, looks, length, apples):
        state = self.state
        said = (int(r), int(c)), looks, int(length), int(apples)
        need(said == (state.snake[0], state.direction, len(state.snake), len(state.apples)), "the start is another")

    def on_try(self, i, j, how, r, c, moves):
        need((int(r), int(c)) == self.head, f"the head is at {self.head}")
        self.game.attempt((int(i), int(j)), how, moves.split())

    def on_hit(self, number, turn, said, *_):
        made, why = self.game.run()[1:]
        right = why == said and made + 1 == int(number) and self.game.trying[made] == turn
        need(right, f"move {made + 1} {why or 'works'}")
        self.game.failed = True

    def on_again(self, r, c):
        need(self.game.failed, "nothing failed")
        need(self.game.trying and (int(r), int(c)) == self.head, f"the head is at {self.head}")
        self.game.trying, self.game.failed = [], False

    def on_before(self, r, c):
        need(self.game.failed, "nothing failed")
        need(len(self.game.stack) > 1, "there is no walk before")
        for some in (self.game.stack, self.game.walks, self.game.tried):
            some.pop()
        need(not self.game.trying and (int(r), int(c)) == self.head, f"the head is at {self.head}")
        self.game.trying, self.game.failed = [], False

    def on_works(self, r, c, length, left):
        game, (at, _, why) = self.game, self.game.run()
        need(game.trying and not why, f"the walk {why}")
        said = (int(r), int(c)), int(length), cells(left)
        need(said == (at[0][0], len(at[0]), list(at[2])), f"the position is {shown(at)}")
        game.stack.append(at)
        game.walks.append(game.trying)
        game.tried.append(set())
        game.trying = []

    def on_none(self, r, c):
        game, apple = self.game, (int(r), int(c))
        out_of_reach = apple in game.at[2] and reaches(game.size, game.at, apple) is None
        need(out_of_reach, f"there is a way round to {apple}")
        game.tried[-1].add(apple)

    def on_shut(self, r, c):
        game = self.game
        need((int(r), int(c)) == self.head and not game.trying, f"the head is at {self.head}")
        need(game.tried[-1] == set(game.at[2]), f"a way round was looked for to {game.tried[-1]} only")
        game.failed = True

    def on_end(self, moves, r, c, apples):
        need((int(r), int(c)) == self.head and not self.game.at[2], "the end is another")
        right = [sum(map(len, self.game.walks)), len(self.state.apples)]
        need([int(moves), int(apples)] == right, "the counts at the end are wrong")

    def on_list(self):
        self.on_answer(self.board)

    def on_answer(self, answer):
        need(answer.split() == [turn for walk in self.game.walks for turn in walk], "these are not the moves made")


@reader
def replay(state, text):
    Nibbles(state).follow(text)


def spoil(text, rng):
    return falsified(text, rng, rf"\d+|\b{MOVE}\b", symbols)
