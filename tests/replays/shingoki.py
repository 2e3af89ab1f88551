"""A replay of shingoki: the arms of every circle, the lines at every point and the loop, looked at anew for every fact."""

import re
from functools import lru_cache
from itertools import combinations

import networkx as nx

from . import _search
from ._search import Search, Wrong, sides

LINE = r"\(\d+,\d+\)-\(\d+,\d+\)"
LINES = rf"{LINE}(?:, {LINE})*"
POINT = r"the (?:(?:white|black) \d+ at|point) \(\d+,\d+\)"
AHEAD = ((0, 1), (1, 0), (0, -1), (-1, 0))


def between(one, other):
    return (one, other) if one < other else (other, one)


def units(text) -> list:
    "The single lines of straight ones."
    found = []
    for a, b, c, d in re.findall(r"\((\d+),(\d+)\)-\((\d+),(\d+)\)", text or ""):
        a, b, c, d = map(int, (a, b, c, d))
        if (a < c and b == d) == (a == c and b < d):
            raise Wrong("a line is not straight, or goes back")
        way = [(a + i, b) for i in range(c - a + 1)] if b == d else [(a, b + i) for i in range(d - b + 1)]
        found += zip(way, way[1:])
    return found


@lru_cache(maxsize=5_000)
def around(n: int, point) -> list:
    return [between(point, other) for other in sides(point) if min(other) >= 0 and max(other) < n]


@lru_cache(maxsize=20_000)
def arms(n: int, point, sign: str) -> list[dict]:
    "All ways in which a loop can pass a point: its lines with 2 (drawn) or 1 (not)."
    if sign == ".":
        pairs = [(), *combinations(around(n, point), 2)]
        return [{line: 1 + (line in pair) for line in around(n, point)} for pair in pairs]
    found = []
    for one, other in combinations(AHEAD, 2):
        straight = one[0] + other[0] == one[1] + other[1] == 0
        if straight != (sign[0] == "W"):
            continue
        for first in range(1, int(sign[1:])):
            lines = dict.fromkeys(around(n, point), 1)
            reached = [
                arm(n, point, way, length, lines) for way, length in ((one, first), (other, int(sign[1:]) - first))
            ]
            if all(reached):
                found.append(lines)
    return found


def arm(n: int, point, way, length: int, lines: dict) -> bool:
    "Write an arm into `lines`; whether it stays on the grid."
    for step in range(1, length + 1):
        there = point[0] + way[0], point[1] + way[1]
        if not (min(there) >= 0 and max(there) < n):
            return False
        for line in around(n, there):  # straight on until the end, and a turn there
            along = (line[0][0] == line[1][0]) == (way[0] == 0)
            if along == (step == length) and line != between(point, there):
                lines[line] = 1
        lines[between(point, there)] = 2
        point = there
    return True


class Shingoki(Search):
    TASK, BOARD, SIGNS, END = "shingoki", r"[+WB|x -]+", "-|x +WB", "The loop is"
    deduction = re.compile(rf"([^;]+)(?=;)(?:; drawn: ({LINES}))?(?:; not drawn: ({LINES}))?\.")
    supposed = re.compile(rf"Suppose (?:({POINT}) has the lines ({LINES})|the loop does not pass ({POINT}))\.")
    denied = re.compile(rf"That is not the way at ({POINT})()\.")
    REASONS = {
        rf"([Tt]{POINT[1:]}) has (one way left|some ways left, which agree in this)": "circle",
        r"At each point two lines meet or none, which settles some": "points",
        r"The loop is closed, so that is all": "closed",
        r"The loop must not close before it has passed everything": "too_early",
    }
    BROKEN = {
        rf"No way is left for ({POINT})\.": "no_way",
        r"The lines around (\(\d+,\d+\)) close a loop that is not all\.": "closes",
    }

    def __init__(self, state):
        self.n = len(state.grid)
        self.signs = {(r, c): sign for r, row in enumerate(state.grid) for c, sign in enumerate(row)}
        self.circles = {point for point, sign in self.signs.items() if sign != "."}
        super().__init__(state)

    def names(self):
        return {}

    def start(self):
        return {line: 3 for point in self.signs for line in around(self.n, point)}

    def given(self):
        return [
            ("The points, with W for white and B for black circles, are", "\n".join(map(" ".join, self.state.grid)))
        ]

    def board(self):
        rows, known = [], {3: "  ", 1: "xx", 2: "-|"}
        for r in range(self.n):
            across = [known[self.masks[(r, c), (r, c + 1)]][0] for c in range(self.n - 1)] + [""]
            rows.append("".join(self.signs[r, c][0].replace(".", "+") + across[c] for c in range(self.n)))
            if r < self.n - 1:
                rows.append(" ".join(known[self.masks[(r, c), (r + 1, c)]][1] for c in range(self.n)).rstrip())
        return "\n".join(rows)

    def named(self, text):
        "The point that is called so."
        point = tuple(map(int, re.findall(r"\d+", text)[-2:]))
        sign = self.signs.get(point, "")
        title = (
            f"the point ({point[0]},{point[1]})"
            if sign == "."
            else f"the {'white' if sign[:1] == 'W' else 'black'} {sign[1:]} at ({point[0]},{point[1]})"
        )
        if text[0].lower() + text[1:] != title:
            raise Wrong("there is no such point")
        return point

    def ways_at(self, point) -> list[dict]:
        "The ways that are left at a point."
        return [
            way
            for way in arms(self.n, point, self.signs[point])
            if all(self.masks[line] & mask for line, mask in way.items())
        ]

    def loops(self, more=()):
        "The drawn lines and some more as a graph."
        return nx.Graph([*self.with_value(self.masks, 2), *more])

    def deduce(self, reason, drawn, ruled_out):
        return self.learn(reason, [*((line, 2) for line in units(drawn)), *((line, 1) for line in units(ruled_out))])

    def circle(self, facts, title, count):
        ways = self.ways_at(self.named(title))
        if not ways or (len(ways) == 1) != count.startswith("one"):
            return "the number of ways is another one"
        return "" if all(way.get(line) == mask for line, mask in facts for way in ways) else "a fact does not follow"

    def points(self, facts):
        "Whether plain points settle the facts one after the other."
        before, self.masks, left = self.masks, self.masks.copy(), dict(facts)
        while sure := {
            line: mask for line, mask in left.items() if any(self.settles(point, line, mask) for point in line)
        }:
            self.masks |= sure
            left = {line: mask for line, mask in left.items() if line not in sure}
        self.masks = before
        return "a fact does not follow" if left else ""

    def settles(self, point, line, mask) -> bool:
        ways = [] if point in self.circles else self.ways_at(point)
        return bool(ways) and all(way[line] == mask for way in ways)

    def closed(self, facts):
        graph = self.loops()
        whole = self.circles <= set(graph) and nx.is_connected(graph) and all(degree == 2 for _, degree in graph.degree)
        return "" if whole and all(mask == 1 for _, mask in facts) else "there is no closed loop of all"

    def part_of_all(self, graph, point) -> bool:
        "Whether the lines around a point are a closed loop, but leave something out."
        if point not in graph:
            return False
        part = nx.node_connected_component(graph, point)
        return all(graph.degree(one) == 2 for one in part) and not (self.circles <= part == set(graph))

    def too_early(self, facts):
        return (
            ""
            if all(mask == 1 and self.part_of_all(self.loops([line]), line[0]) for line, mask in facts)
            else "a fact does not follow"
        )

    def no_way(self, title):
        return "there is a way" if self.ways_at(self.named(title)) else ""

    def closes(self, point):
        return "" if self.part_of_all(self.loops(), tuple(map(int, re.findall(r"\d+", point)))) else "they do not"

    def suppose(self, part, title, lines, passed_by):
        point, drawn = self.named(title or passed_by), set(units(lines))
        if problem := self.no_try(part, point):
            return problem
        left = self.last[1] if self.next else self.ways_at(point)
        chosen = [way for way in left if {line for line, mask in way.items() if mask == 2} == drawn]
        if not chosen or len(left) < 2:
            return "that is no open way"
        self.tries.append((point, [way for way in left if way is not chosen[0]], self.masks.copy()))
        self.masks, self.next = self.masks | chosen[0], ""
        return ""

    def go_back(self, part, title, _):
        if problem := self.take_back(part):
            return problem
        point, left, self.masks = self.last
        if point != self.named(title):
            return "another try is the last one"
        self.next = "try" if len(left) > 1 else "last"
        return ""

    def conclude(self, says):
        "All other ways at the point of the last try have failed."
        (point, (way,), _), found = (
            self.last,
            re.fullmatch(
                rf"Nothing else is left for ({POINT}), so (?:it has the lines ({LINES})|the loop does not pass it)\.",
                says,
            ),
        )
        if (
            not found
            or self.named(found[1]) != point
            or {line for line, mask in way.items() if mask == 2} != set(units(found[2]))
        ):
            return "the last way at the same point is due"
        self.masks, self.next = self.masks | way, ""
        return ""

    @property
    def CHECK(self):
        return f"The lines are one closed loop of length {len(self.with_value(self.masks, 2))}, and all {len(self.circles)} circles have their numbers."

    def answer(self):
        return self.said

    def end(self, part):
        self.said = part.board
        if len(units_either_way(part.board)) != part.board.count("-") or set(units_either_way(part.board)) != set(
            self.with_value(self.masks, 2)
        ):
            return "these are other lines"
        return super().end(part)


def units_either_way(text) -> list:
    "The lines of a loop, whichever way it goes."
    numbers = [tuple(map(int, one)) for one in re.findall(r"\((\d+),(\d+)\)", text)]
    return [between(one, other) for one, other in zip(numbers[::2], numbers[1::2])]


def replay(state, text):
    return Shingoki(state).read(text)


def spoil(text, rng):
    return _search.spoil(Shingoki, text, rng)
