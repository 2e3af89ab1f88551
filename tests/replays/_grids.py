"""What replays of number grids share: candidates that follow from the facts so far, and the sentences of the shared search."""

import re
from collections import deque

from replays._text import read


class Wrong(Exception):
    "The first contradiction, in words."


def expect(true, says: str) -> None:
    "Stop with `says` where something is not `true`."
    if not true:
        raise Wrong(says)


def values_in(mask: int) -> list[int]:
    return [value for value in range(mask.bit_length()) if mask >> value & 1]


def joined(names, last: str = "and") -> str:
    "Names as prose, as the narrations join them."
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else "".join(names)


class Line:
    "No value twice in `cells`; each of the values in `full` has a place, if there are as many as cells."

    def __init__(self, cells, full: int = 0):
        self.cells, self.full = tuple(cells), full if full.bit_count() == len(cells) else 0

    def narrow(self, can, memory):
        decided = once = twice = 0
        for cell in self.cells:
            mask = can[cell]
            twice |= once & mask
            once |= mask
            if not mask & mask - 1:
                if not mask or decided & mask:
                    return None
                decided |= mask
        if self.full & ~once:
            return None
        lone, changes = self.full & once & ~twice & ~decided, []
        for cell in self.cells:
            mask = can[cell]
            if mask & mask - 1:
                new = mask & lone or mask & ~decided
                if not new or new & lone and new & new - 1:
                    return None
                if new != mask:
                    changes.append((cell, new))
        return changes


class Table:
    "The `cells` hold together one of the tuples of masks in `ways`; the memory keeps those that are left."

    def __init__(self, cells, ways):
        self.cells, self.ways = tuple(cells), ways

    def left(self, can, ways):
        for i, cell in enumerate(self.cells):
            mask = can[cell]
            ways = [way for way in ways if way[i] & mask]
        return ways

    def narrow(self, can, memory):
        ways = memory[self] = self.left(can, memory.get(self, self.ways))
        if not ways:
            return None
        return [(cell, new) for cell, column in zip(self.cells, zip(*ways)) if (new := sum(set(column))) != can[cell]]


class Facts:
    """The masks `can` of what each cell may hold, narrowed by `rules` only as far as a claim needs it, and the cells whose value was said.

    A position from which a rule can be shown to break is `dead`: anything follows from it."""

    def __init__(self, can, rules):
        self.can, self.rules, self.known, self.memory, self.dead = can, rules, {}, {}, False
        self.touching = [[] for _ in can]
        for number, rule in enumerate(rules):
            for cell in rule.cells:
                self.touching[cell].append(number)
        self.waiting = deque(range(len(rules)))

    def copy(self) -> "Facts":
        other = Facts.__new__(Facts)
        other.rules, other.touching, other.dead = self.rules, self.touching, self.dead
        other.can, other.known, other.memory, other.waiting = (
            self.can[:],
            dict(self.known),
            dict(self.memory),
            self.waiting.copy(),
        )
        return other

    def put(self, cell: int, mask: int) -> None:
        "Cell `cell` holds a value in `mask`."
        if self.can[cell] & mask == self.can[cell]:
            return
        self.can[cell] &= mask
        if not self.can[cell]:
            self.dead = True
        self.waiting += [number for number in self.touching[cell] if number not in self.waiting]

    def apply(self, rule) -> None:
        changes = rule.narrow(self.can, self.memory)
        if changes is None:
            self.dead = True
        else:
            for cell, mask in changes:
                self.put(cell, mask)

    def follows(self, claim, rule=None) -> bool:
        "Whether `claim()` comes true by narrowing, by `rule` first; where the position turns out to be impossible, anything does."
        if claim():
            return True
        if rule and not self.dead:
            self.apply(rule)
        while not claim():
            if self.dead:
                return True
            if not self.waiting:
                return False
            self.apply(self.rules[self.waiting.popleft()])
        return True

    def is_dead(self) -> bool:
        return self.follows(lambda: self.dead)


class Reader:
    """Follows a narration of the shared search: facts, boards, tries and steps back. A task gives the `forms` of its own sentences (pattern, method).

    `place` is the pattern of a cell with its coordinates as groups, `cell` turns their numbers into an index."""

    place = r"row (\d+), column (\d+)"
    equal = True  # whether the rules here narrow as little as those of the search, so that it tries only what the reader would

    def __init__(self, facts: Facts, n: int):
        self.facts, self.n, self.stack, self.broken, self.checked, self.ended = facts, n, [], False, False, False
        self.one = re.compile(self.place + r" (is|can only be) (\d+(?:(?:, \d+)* or \d+)?)")

    def cell(self, row: str, column: str) -> int:
        r, c = int(row) - 1, int(column) - 1
        expect(0 <= r < self.n and 0 <= c < self.n, f"row {row}, column {column} lies outside the grid")
        return self.n * r + c

    def mask(self, text: str) -> int:
        "The values in `1, 2 or 3` as a mask."
        values = list(map(int, re.findall(r"\d+", text)))
        expect(
            joined(list(map(str, values)), "or") == text and values == sorted(set(values)),
            f"the values {text} are not in order",
        )
        expect(all(1 <= value <= self.n for value in values), f"{text} is no value here")
        return sum(1 << value for value in values)

    def said(self, text: str) -> list[tuple[int, int]]:
        "The facts in a list of them as (cell, mask)."
        found = list(self.one.finditer(text))
        expect(found and joined([one[0] for one in found]) == text, f"unknown facts: {text}")
        return [(self.cell(*one.groups()[:-2]), self.mask(one[one.re.groups])) for one in found]

    def deduce(self, text: str, rule=None, union: dict | None = None) -> list[tuple[int, int]]:
        "Take the facts in `text`, which `rule` should give, all of them in its cells; `union` says which values the reason leaves to each cell."
        facts = self.said(text)
        expect(len(dict(facts)) == len(facts), f"a cell is told twice: {text}")
        for cell, mask in facts:
            expect(
                union is None or not mask & ~union.get(cell, 0), f"a value that was not possible is said to be: {text}"
            )
            expect(rule is None or cell in rule.cells, f"a cell outside the line or cage spoken of: {text}")
            self.take(cell, mask, text, rule)
        return facts

    def take(self, cell: int, mask: int, text: str, rule=None) -> None:
        facts = self.facts
        expect(cell not in facts.known, f"a cell is told that was known: {text}")
        expect(facts.follows(lambda: not facts.can[cell] & ~mask, rule), f"this does not follow: {text}")
        facts.put(cell, mask)
        if not mask & mask - 1:
            self.know(cell, mask)

    def know(self, cell: int, mask: int) -> None:
        self.facts.known[cell] = mask.bit_length() - 1

    def board(self) -> str:
        "What a board should show now."
        n, known = self.n, self.facts.known
        return "\n".join(" ".join([str(known.get(n * r + c, ".")) for c in range(n)]) for r in range(n))

    def suppose(self, text: str) -> None:
        ((cell, mask),) = self.said(text)
        expect(cell not in self.facts.known, f"a try in a cell that is known: {text}")
        expect(self.facts.can[cell] & mask or not self.equal, f"a try that is ruled out: {text}")
        self.stack.append((self.facts.copy(), text))
        self.facts.put(cell, mask)
        self.know(cell, mask)

    def back(self, text: str) -> None:
        expect(self.stack, "a step back without a try")
        expect(self.broken or self.facts.is_dead(), f"the try is taken back without a contradiction: {text}")
        self.facts, tried = self.stack.pop()
        expect(text.replace(" is not ", " is ") == tried, f"the last try was {tried}, not that {text}")
        ((cell, mask),) = self.said(tried)
        self.facts.put(cell, ~mask)
        self.broken = not self.facts.can[cell]

    def fail(self, true: bool, text: str) -> None:
        "A contradiction is claimed, which is `true` as far as it can be seen, and which the facts must bear out."
        expect(true, f"this is not so: {text}")
        expect(self.facts.is_dead(), f"there is no contradiction yet: {text}")
        self.broken = True

    def part(self, part) -> None:
        says = part.says[:1].lower() + part.says[1:]
        expect(not self.ended, f"after the end: {says}")
        for pattern, method in self.forms():
            found = pattern.fullmatch(says)
            if found:
                expect(
                    not self.broken or method == "on_back" or method == "on_suppose" and not self.equal,
                    f"it goes on after a contradiction: {says}",
                )
                getattr(self, method)(*found.groups(), *([part] if method.startswith("whole_") else []))
                break
        else:
            raise Wrong(f"unknown sentence: {part.says}")
        if part.board and not method.startswith("whole_"):
            expect(part.board == self.board(), f"the board after '{says}' does not agree with what was said")
        if method in ("on_suppose", "on_back") and self.must_show(method):
            expect(part.board, f"no board after '{says}'")

    def must_show(self, method: str) -> bool:
        return True

    def forms(self):
        "The patterns of all sentences, the task's own first."
        kind = type(self)
        if "_forms" not in vars(kind):
            shared = [
                (r"suppose (.+)\.", "on_suppose"),
                (r"nothing else is left for (.+), so (\1 .+)\.", "on_last"),
                (r"((?:row|\().+ is not .+)\.", "on_back"),
            ]
            kind._forms = [(re.compile(pattern), method) for pattern, method in (*kind.own, *shared)]
        return kind._forms

    def on_suppose(self, text):
        self.suppose(text)
        self.broken = False

    def on_back(self, text):
        self.back(text)

    def on_last(self, _, text):
        "All other values of a cell have failed, or are ruled out by what is known."
        ((cell, mask),) = self.said(text)
        expect(not mask & mask - 1, f"more than one value is left: {text}")
        self.take(cell, mask, text)

    def follow(self, text: str) -> str:
        "The first contradiction in the narration `text`."
        told = read(text)
        if told.problem:
            return told.problem
        self.answer = told.answer
        try:
            for part in told.parts:
                self.part(part)
            expect(self.ended and self.checked and not self.broken, "the narration does not come to an end")
        except Wrong as wrong:
            return str(wrong)
        return ""


class Latin(Reader):
    "A square whose rows and columns hold 1 to n once, told as the Latin squares are."

    closing = ""  # the pattern of what was verified besides the lines
    own = [
        (r"(row|column|box) (\d+) holds ([\d, ]+) already, so (.+)\.", "on_holds"),
        (r"in (row|column|box) (\d+) no other place is left for (\d+), so (.+)\.", "on_place"),
        (r"(row|column|box) (\d+) would hold (\d+) twice\.", "fail_twice"),
        (r"(row|column|box) (\d+) has no place left for (\d+)\.", "fail_place"),
        (r"(row|column|box) (\d+) cannot be filled any more\.", "fail_line"),
        (r"the grid is full\.", "whole_end"),
    ]

    def line(self, kind: str, number: str) -> Line:
        expect((kind, int(number)) in self.lines, f"there is no {kind} {number}")
        return self.lines[kind, int(number)]

    def values(self, line) -> list[int]:
        return sorted(self.facts.known[cell] for cell in line.cells if cell in self.facts.known)

    def on_holds(self, kind, number, held, text):
        line = self.line(kind, number)
        expect(held == ", ".join(map(str, self.values(line))), f"{kind} {number} does not hold just {held}")
        self.deduce(text, line)

    def on_place(self, kind, number, value, text):
        line, value = self.line(kind, number), int(value)
        expect(value not in self.values(line), f"{kind} {number} has its {value} already")
        expect(1 << value in [mask for _, mask in self.said(text)], f"{value} is not placed: {text}")
        self.deduce(text, line)

    def fail_twice(self, kind, number, value):
        self.fail(
            self.values(self.line(kind, number)).count(int(value)) > 1, f"{kind} {number} would hold {value} twice"
        )

    def fail_place(self, kind, number, value):
        line, bit = self.line(kind, number), 1 << int(value)
        said = f"{kind} {number} has no place left for {value}"
        expect(int(value) <= self.n and int(value) not in self.values(line), f"this is not so: {said}")
        self.fail(self.facts.follows(lambda: not any(self.facts.can[cell] & bit for cell in line.cells), line), said)

    def fail_line(self, kind, number):
        self.fail(True, f"{kind} {number} cannot be filled any more")

    def whole_end(self, part):
        n, known = self.n, self.facts.known
        expect(len(known) == n * n, "the grid is not full")
        expect(part.board == self.shown() == self.answer, "the grid at the end does not agree with what was said")
        self.ended = True

    def shown(self) -> str:
        "The answer in its published form."
        n, known = self.n, self.facts.known
        return str([[known[n * r + c] for c in range(n)] for r in range(n)])

    def full_lines(self) -> None:
        "All lines hold every value once."
        for (kind, number), line in self.lines.items():
            expect(self.values(line) == list(range(1, self.n + 1)), f"{kind} {number} does not hold each number once")
        self.checked = True


def latin_lines(n: int) -> dict:
    "The rows and columns of a square of side `n` by name."
    full = (1 << n + 1) - 2
    rows = {("row", i + 1): Line(range(n * i, n * i + n), full) for i in range(n)}
    return rows | {("column", i + 1): Line(range(i, n * n, n), full) for i in range(n)}


class GridReader:
    """Follows a narration of a task with a search of its own on one grid: a try is taken back when a rule is broken.

    `forms` are its sentences (pattern, method); those of the methods in `shows` come with a board."""

    forms = []
    shows = ("given", "suppose", "end")

    def __init__(self):
        self.stack, self.refuted, self.broken, self.checked, self.ended = [], set(), False, False, False

    def board(self, method: str = "") -> str:
        "What a board should show after a sentence of `method`."
        raise NotImplementedError

    def part(self, part) -> None:
        says = part.says
        matches = ((pattern.fullmatch(says), method) for pattern, method in self.forms)
        found, method = next(((found, method) for found, method in matches if found), (None, ""))
        expect(found, f"unknown sentence: {says}")
        expect(not self.ended, f"after the end: {says}")
        expect(not self.broken or method == "back", f"it goes on after a contradiction: {says}")
        getattr(self, method)(*found.groups())
        expect(part.board or method not in self.shows, f"no board after: {says}")
        agrees = part.board in ("", self.board(method))
        expect(agrees, f"the board does not agree with what was said before and in: {says}")

    def follow(self, text: str) -> str:
        "The first contradiction in the narration `text`."
        told = read(text)
        if told.problem:
            return told.problem
        try:
            for part in told.parts:
                self.part(part)
            complete = self.ended and self.checked and told.answer == self.board("end")
            expect(complete, "the answer is not the grid at the end")
        except Wrong as wrong:
            return str(wrong)
        return ""


_TOKEN = re.compile(r"\d+|(?<![^\s|])\.(?![^\s|])")


def spoil_number(text: str, rng) -> str | None:
    "The narration with one number, or one open cell of a board, changed to another number not far away."
    start, end = text.index("\n", text.index("\n") + 1), text.rindex("</think>")
    places = [
        found
        for found in _TOKEN.finditer(text, start, end)
        if text.rfind("Looking back", max(start, found.start() - 60), found.start()) < 0
    ]
    rows = [found for found in places if _row(text, found.start())]
    found = rng.choice(
        rng.choice([group for group in (rows, [found for found in places if found not in rows]) if group])
    )
    value = int(found[0]) if found[0] != "." else 2
    others = [other for other in range(max(1, value - 2), value + 3) if str(other) != found[0]]
    return text[: found.start()] + str(rng.choice(others)) + text[found.end() :]


def _row(text: str, at: int) -> bool:
    "Whether the line around `at` is a row of a board."
    line = text[text.rfind("\n", 0, at) + 1 : text.index("\n", at)]
    return not re.search(r"[a-z]{2}", line)
