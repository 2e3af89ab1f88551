"""The prover of shingoki: lines between points are the cells."""

from functools import cache
from itertools import combinations

from mmhelix_nb.steps import Fact
from provers._cells import Cells, Place, filled, row_facts

WAYS = {"right": (0, 1), "down": (1, 0), "left": (0, -1), "up": (-1, 0)}


def line_of(one, two):
    "A line, its points in reading order."
    return (one, two) if one < two else (two, one)


def stretch(one, two):
    "The lines between two points of a row or column."
    (a, b), (c, d) = sorted((one, two))
    points = [(r, k) for r in range(a, c + 1) for k in range(b, d + 1)]
    return [line_of(*pair) for pair in zip(points, points[1:])]


class Board:
    "The points of a square and the lines between them."

    def __init__(self, n):
        self.points = [(r, c) for r in range(n) for c in range(n)]
        self.lines = [
            (p, q) for p in self.points for q in self.points if p < q and abs(p[0] - q[0]) + abs(p[1] - q[1]) == 1
        ]

    def at(self, point):
        "The lines at a point, by direction."
        found = {name: (point[0] + way[0], point[1] + way[1]) for name, way in WAYS.items()}
        return {name: line_of(point, other) for name, other in found.items() if other in self.points}

    def arm(self, point, name, length):
        "The lines that an arm draws and those that it leaves blank; nothing where it leaves the board."
        here, drawn, blank = point, [], []
        for step in range(length + 1):
            lines = self.at(here)
            if step and step < length:
                blank += [line for way, line in lines.items() if line not in drawn and way != name]
            if step == length:
                return drawn, blank + ([lines[name]] if name in lines else [])
            if name not in lines:
                return None
            drawn.append(lines[name])
            here = (here[0] + WAYS[name][0], here[1] + WAYS[name][1])
        raise AssertionError

    @cache  # noqa: B019 (a board lives as long as its prover)
    def options(self, point, sign):
        "What can happen at a point: lines drawn, lines blank, and how the arms are called."
        lines, found = self.at(point), []
        if sign == ".":
            for some in [(), *combinations(lines, 2)]:
                drawn = [lines[name] for name in some]
                found.append((drawn, [line for line in lines.values() if line not in drawn], ""))
            return found
        for one, two in combinations(WAYS, 2):
            opposite = WAYS[one] == tuple(-step for step in WAYS[two])
            if opposite != (sign[0] == "W") or one not in lines or two not in lines:
                continue
            for length in range(1, int(sign[1:])):
                arms = self.arm(point, one, length), self.arm(point, two, int(sign[1:]) - length)
                if all(arms):
                    drawn, blank = arms[0][0] + arms[1][0], arms[0][1] + arms[1][1]
                    blank += [line for way, line in lines.items() if way not in (one, two)]
                    found.append((drawn, blank, f"{one} {length} {two} {int(sign[1:]) - length}"))
        return found


def option_place(options, sign):
    lines = sorted({line for drawn, blank, _ in options for line in drawn + blank})

    def left(domains):
        able = dict(zip(lines, domains))
        return [
            one
            for one in options
            if all(1 in able[line] for line in one[0]) and all(0 in able[line] for line in one[1])
        ]

    def claims(more, domains):
        names = tuple(name for *_, name in left(domains))
        said = len(more) == 2 and isinstance(more[1], tuple) and sorted(more[1]) == sorted(names)
        return more == () if sign == "." else more[:1] == (sign,) and (said or more[1:] in ((), (len(names),)))

    return Place(tuple(lines), lambda domains: bool(left(domains)) and all(domains), claims)


def rings(drawn):
    "The closed loops in a set of lines, as sets of lines, and whether each of their points has two lines only."
    near, found = {}, []
    for line in drawn:
        for point in line:
            near.setdefault(point, []).append(line)
    left = set(near)
    while left:
        queue = [min(left)]
        for point in queue:
            queue += [other for line in near[point] for other in line if other not in queue]
        left -= set(queue)
        if all(len(near[point]) >= 2 for point in queue):
            found.append({line for point in queue for line in near[point]})
    return found


class Shingoki(Cells):
    def __init__(self, state):
        self.grid, self.board = state.grid, Board(len(state.grid))
        self.circles = {(r, c): sign for r, row in enumerate(state.grid) for c, sign in enumerate(row) if sign != "."}
        places: dict = {}
        for point in self.board.points:
            sign = self.circles.get(point, ".")
            places[point,] = option_place(self.board.options(point, sign), sign)
        super().__init__(dict.fromkeys(self.board.lines, (0, 1)), places, {})
        self.whole = Place(tuple(self.board.lines), self.one_loop, self.loop_claims)

    def place(self, args):
        "Of the loop a chain of points is named first, of all else a point."
        return (self.whole, args) if isinstance(args[0][0], tuple) else super().place(args)

    def one_loop(self, domains):
        "Whether no loop is closed beside other lines, or without a circle."
        drawn = {line for line, domain in zip(self.board.lines, domains) if domain == {1}}
        passed = [{point for line in ring for point in line} for ring in rings(drawn)]
        return (
            all(domains)
            and all(
                self.circles.keys() <= points and {p for line in drawn for p in line} == points for points in passed
            )
            and not any(sum(point in line for line in drawn) > 2 for points in passed for point in points)
        )

    def loop_claims(self, more, domains):
        "That the chain is drawn, as far as it is named, and that the point is not on it."
        drawn = {line for line, domain in zip(self.board.lines, domains) if domain == {1}}
        chain = [line for pair in zip(more[0], more[0][1:]) for line in stretch(*pair)]
        on_it = {point for line in chain for point in line}
        return set(chain) <= drawn and all(point not in on_it for point in more[1:])

    def readings(self):
        return [row_facts([["" if sign == "." else sign for sign in row] for row in self.grid])]

    def tally(self, parts):
        return filled(parts)

    def copies(self):
        "The straight stretches of the loop, each from its first line on; what is blank need not be said."
        said = {fact.args for frame in self.frames for fact in frame if fact.kind == "is"}
        drawn = [line for line in self.board.lines if (line, 1) in said]
        found, used = [], set()
        for line in drawn:
            if line in used:
                continue
            (a, b), end = line
            step = (end[0] - a, end[1] - b)
            used.add(line)
            while (more := line_of(end, (end[0] + step[0], end[1] + step[1]))) in drawn:
                used.add(more)
                end = more[1]
            found.append(Fact("run", (line[0], end)))
        return found

    def drawn(self, parts):
        return {line for fact in parts for line in stretch(*fact.args)}

    def computed(self, parts):
        drawn = self.drawn(parts)
        near = {
            point: {name: line for name, line in self.board.at(point).items() if line in drawn}
            for point in self.board.points
        }
        for point, lines in near.items():
            if len(lines) not in (0, 2):
                return [Fact("no-closed", (point, len(lines)))]
        loops = rings(drawn)
        if len(loops) > 1:
            first = next(ring for ring in loops if min(drawn) in ring)
            return [Fact("no-round", (len(first),))]
        arms = []
        for point, sign in self.circles.items():
            shape = {"".join(sorted(near[point])) in ("leftright", "downup")} if near[point] else set()
            if shape != {sign[0] == "W"}:
                return [Fact("no-shape", (point,))]
            arms.append(tuple(self.length(point, name, drawn) for name in WAYS if name in near[point]))
            if sum(arms[-1]) != int(sign[1:]):
                return [Fact("no-arms", (point, sum(arms[-1]), int(sign[1:])))]
        return [Fact("closed", (len(drawn),)), Fact("arms", (tuple(self.circles), tuple(arms)))]

    def length(self, point, name, drawn):
        count = 0
        while self.board.at(point).get(name) in drawn:
            point, count = (point[0] + WAYS[name][0], point[1] + WAYS[name][1]), count + 1
        return count

    def answer(self, parts):
        drawn = self.drawn(parts)
        path = list(min(drawn))
        while path[-1] != path[0]:
            path.append(
                next(p for line in drawn if path[-1] in line and path[-2] not in line for p in line if p != path[-1])
            )
        return " ".join(f"({a},{b})-({c},{d})" for (a, b), (c, d) in zip(path, path[1:]))


def prover(state):
    return Shingoki(state)
