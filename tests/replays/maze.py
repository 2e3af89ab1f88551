"""A replay of maze: every corridor, every dead end and every way back on the text picture."""

from ._steps import MOVE, TURNS, falsified, need, reader, step, symbols, told

PLACE = r"row (\d+), column (\d+)"
FORMS = {
    "start": rf"The start S is at {PLACE} and the goal E at {PLACE}\.",
    "only": rf"From {PLACE} the only new way is ({MOVE}(?: {MOVE})*), to {PLACE}\.",
    "choose": rf"From {PLACE} I can go ({MOVE}(?:(?:,| or) {MOVE})*); I go ({MOVE}(?: {MOVE})*), to {PLACE}\.",
    "dead": r"Row (\d+), column (\d+) has no new way on\.",
    "back": rf"The last place with a way left is {PLACE}\.",
    "whole": r"(Without the dead ends t|T)he walk goes (.*) in (\d+) moves?, and that is E\.",
    "list": r"The moves from S to E are",
}


class Walk:
    "The cells seen, the `path` of (cell, moves that led there), and whether it got `lost`; cells are pairs counted from 1."

    def __init__(self, state):
        self.lines, places = state.lines, {}
        for r, line in enumerate(state.lines):
            for c, sign in enumerate(line):
                if sign in "SE":
                    places[sign] = (r + 1) // 2, (c + 1) // 2
        self.start, self.goal = places["S"], places["E"]
        self.path, self.seen, self.lost = [(self.start, [])], {self.start}, False

    @property
    def here(self):
        return self.path[-1][0]

    def open(self, cell) -> list[str]:
        "The moves from `cell` to cells not yet seen."
        r, c = 2 * cell[0] - 1, 2 * cell[1] - 1
        return [
            move
            for move, (dr, dc) in TURNS.items()
            if self.lines[r + dr][c + dc] == " " and step(cell, move) not in self.seen
        ]

    def go(self, moves: list[str]) -> None:
        "A corridor: after its first move there is no other way until it ends."
        cell = self.here
        for i, move in enumerate(moves):
            ways = self.open(cell)
            need(move in ways, f"{move} from {cell} is a wall or seen")
            need(i == 0 or ways == [move] and cell != self.goal, f"{cell} is not inside a corridor")
            cell = step(cell, move)
            self.seen.add(cell)
        self.path.append((cell, moves))


@reader
def replay(state, text):
    walk = Walk(state)
    for name, groups, board in told(
        text, FORMS, "start whole list", "dead>back whole>list", lambda line: line.split()[0] in TURNS
    ):
        numbers = [int(group) for group in groups if group and group.isdecimal()]
        first, last = tuple(numbers[:2]), tuple(numbers[2:])
        need(not board or name == "list", f"unexpected board: {board}")
        if name == "start":
            need((first, last) == (walk.start, walk.goal), "S or E is elsewhere")
        elif name in ("only", "choose"):
            moves = groups[-3].split()
            ways = [moves[0]] if name == "only" else groups[2].replace(",", "").replace(" or", "").split()
            need(
                first == walk.here and sorted(ways) == sorted(walk.open(first)),
                f"the ways from {walk.here} are {walk.open(walk.here)}",
            )
            need(moves[0] == ways[0] and (len(ways) > 1) == (name == "choose"), "the way taken is not the first one")
            walk.go(moves)
            need(last == walk.here, f"the moves lead to {walk.here}, not {last}")
            need(last == walk.goal or len(walk.open(last)) != 1, f"the corridor goes on at {last}")
        elif name == "dead":
            need(first == walk.here != walk.goal and not walk.open(first), f"{first} is no dead end")
        elif name == "back":
            walk.lost = True
            while walk.path and not walk.open(walk.here):
                walk.path.pop()
            need(walk.path and first == walk.here, f"{first} is not the last place with a way left")
        elif name == "whole":
            need((groups[0] != "T") == walk.lost, "dead ends are spoken of, or passed over")
            need(groups[1] == " -> ".join(str(cell) for cell, _ in walk.path), "the walk went elsewhere")
            need(
                walk.here == walk.goal and int(groups[2]) == sum(len(moves) for _, moves in walk.path),
                "the walk has another length or end",
            )
        else:
            need(
                (board or groups[0]).split() == [move for _, moves in walk.path for move in moves],
                "these are not the moves made",
            )


def spoil(text, rng):
    return falsified(text, rng, rf"\d+|\b{MOVE}\b", symbols)
