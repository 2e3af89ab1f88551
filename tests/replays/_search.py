"""What a search tells, cell by cell: facts with their reasons, tries that are taken back, anchors.

A task subclasses `Search`: a cell holds a mask of the values that it may have (bit v for value v), a fact narrows one mask."""

import random
import re

from judges import judge_of

from ._text import is_prose, read


class Wrong(Exception):
    "What a sentence says is wrong; the message tells why."


class Search:
    """A narration under way; a subclass gives the puzzle.

    `FACTS` maps what is said of a cell to its mask, `CELL` matches a cell's name, `REASONS` and `BROKEN` map a pattern of sentences to the name of the method
    that checks it: a reason is called with the facts (cell, mask) and the groups, a contradiction with the groups; both return what is wrong."""

    TASK = CELL = CHECK = BOARD = SIGNS = ""
    END = "That is the solution."
    FACTS, REASONS, BROKEN = {}, {}, {}

    def __init__(self, state):
        self.state = state
        self.cells = self.names()  # by the name in sentences
        self.masks = self.start()
        self.tries = []  # cell, values that are left for it after this try, masks before it
        self.last = None  # the try that was taken back last
        self.next = ""  # back: the last try must be taken back; try: another value of the same cell must be tried; last: its last one must be concluded
        self.checked = self.ended = False

    def __init_subclass__(cls):
        cls.reasons = [(re.compile(pattern), check) for pattern, check in cls.REASONS.items()]
        cls.broken = [(re.compile(pattern), check) for pattern, check in cls.BROKEN.items()]
        if not cls.FACTS:
            return  # the task has sentences of its own
        words = "|".join(map(re.escape, cls.FACTS))
        cls.fact = re.compile(rf"({cls.CELL}) ({words})")
        facts = rf"{cls.CELL} (?:{words})(?:(?:, | and ){cls.CELL} (?:{words}))*"
        cls.deduction = re.compile(rf"(.+), so ({facts})\.", re.S)
        cls.supposed = re.compile(rf"Suppose ({cls.CELL}) ({words})\.")
        cls.denied = re.compile(rf"({cls.CELL}) is not (.+)\.", re.I)

    def names(self) -> dict:
        "The cells by their names in sentences."
        raise NotImplementedError

    def start(self) -> dict:
        "What each cell may be before the first step."
        raise NotImplementedError

    def given(self) -> list[tuple[str, str]]:
        "The sentences before the first step, each with its board."
        raise NotImplementedError

    def board(self) -> str:
        "The anchor of what is known."
        raise NotImplementedError

    def answer(self) -> str:
        "The boxed answer, when all is known."
        return self.board()

    def read(self, text: str) -> str:
        "The first contradiction in `text`."
        told = read(text, self.is_prose)
        if told.problem:
            return told.problem
        given = self.given()
        for part, (says, board) in zip(told.parts, given):
            if (part.says, part.board) != (says, board):
                return f"the puzzle does not say: {part.says}\n{part.board}"
        for part in told.parts[len(given) :]:
            try:
                problem = self.step(part) or self.anchor(part.board)
            except Wrong as wrong:
                problem = str(wrong)
            if problem:
                return f"{problem}: {part.says}"
        if not self.ended:
            return "the end is missing"
        return "" if told.answer == self.answer() else "the boxed answer is another one"

    def is_prose(self, line: str) -> bool:
        return is_prose(line) and not re.fullmatch(self.BOARD, line)

    def step(self, part) -> str:
        "Take in one sentence."
        says = part.says
        if self.ended:
            return "something follows the end"
        if self.checked != (says == self.END):
            return "the end is missing" if self.checked else "the end comes too early"
        if self.checked:
            return self.end(part)
        if found := self.supposed.fullmatch(says):
            return self.wrong_kind(part, "hypothesise") or self.suppose(part, *found.groups())
        if found := self.denied.fullmatch(says):
            return self.wrong_kind(part, "backtrack") or self.go_back(part, *found.groups())
        if self.next == "last":
            return self.wrong_kind(part, "deduce") or self.conclude(says)
        return f"a step {self.next} is due" if self.next else self.news(part)

    def news(self, part) -> str:
        "Take in a sentence about the position: the check at the end, a deduction, a contradiction."
        says = part.says
        if says == self.CHECK:
            return self.wrong_kind(part, "check") or self.check()
        if found := self.deduction.fullmatch(says):
            return self.wrong_kind(part, "deduce") or self.deduce(*found.groups())
        for pattern, check in self.broken:
            if found := pattern.fullmatch(says):
                self.next = "back"
                return (
                    self.wrong_kind(part, "contradiction")
                    or getattr(self, check)(*found.groups())
                    or ("" if self.tries else "there is no try to take back")
                )
        return "unknown sentence"

    def wrong_kind(self, part, kind: str) -> str:
        return f"the phrase before it speaks of a step {part.kind}" if part.kind not in ("", kind) else ""

    def cell(self, name: str):
        "The cell called `name`, at the beginning of a sentence too."
        return self.cells.get(name, self.cells.get(name[:1].lower() + name[1:]))

    def deduce(self, reason: str, facts: str) -> str:
        return self.learn(reason, [(self.cell(name), self.FACTS[words]) for name, words in self.fact.findall(facts)])

    def learn(self, reason: str, told: list) -> str:
        "Take in facts, pairs of cell and mask, that follow from a reason."
        if not told or len(dict(told)) < len(told):
            return "a cell is named twice, or none"
        problem = next((flaw for cell, mask in told if (flaw := self.not_new(cell, mask))), "") or self.reason(
            reason, told
        )
        if not problem:
            self.masks |= dict(told)
        return problem

    def not_new(self, cell, mask: int) -> str:
        "Why a fact cannot be news; empty where it can."
        if cell not in self.masks:
            return "there is no such cell"
        return "" if 0 < self.masks[cell] & mask == mask < self.masks[cell] else "that is known or excluded already"

    def reason(self, says: str, facts: list) -> str:
        for pattern, check in self.reasons:
            if found := pattern.fullmatch(says):
                return getattr(self, check)(facts, *found.groups())
        return "unknown reason"

    def no_try(self, part, cell) -> str:
        "Why `cell` cannot be tried now; empty where it can."
        if self.next == "back":
            return "the last try must be taken back first"
        if self.next == "last":
            return "the last value is no try"
        if self.next and self.last[0] != cell:
            return "another value of the same cell is due"
        return "" if part.board else "the position is not shown"

    def suppose(self, part, name: str, words: str) -> str:
        cell, mask = self.cell(name), self.FACTS[words]
        if problem := self.no_try(part, cell):
            return problem
        left = self.last[1] if self.next else self.masks.get(cell, 0)
        problem = self.not_new(cell, mask) or ("" if left & mask == mask else "that was tried already")
        if problem:
            return problem
        self.tries.append((cell, left & ~mask, self.masks.copy()))
        self.masks[cell], self.next = mask, ""
        return ""

    def take_back(self, part) -> str:
        "Make the last try the one that was taken back last; what speaks against it."
        if self.next != "back":
            return "nothing is wrong with the last try"
        if not part.board:
            return "the position is not shown"
        if not self.tries:
            return "there is no try to take back"
        self.last = self.tries.pop()
        return ""

    def go_back(self, part, name: str, words: str) -> str:
        if problem := self.take_back(part):
            return problem
        tried, left, before = self.last
        if self.cell(name) != tried or self.FACTS.get(f"is {words}") != self.masks[tried]:
            return "another try is the last one"
        self.masks, self.next = before, "last" if left & left - 1 == 0 else "try"
        return ""

    def conclude(self, says: str) -> str:
        "All other values of the cell of the last try have failed."
        (cell, left, _), found = (
            self.last,
            re.fullmatch(rf"Nothing else is left for ({self.CELL}), so ({self.CELL} .+)\.", says),
        )
        fact = found and self.fact.fullmatch(found[2])
        if not fact or self.cell(found[1]) != cell or self.cell(fact[1]) != cell or self.FACTS[fact[2]] != left:
            return "the last value of the same cell is due"
        self.masks[cell], self.next = left, ""
        return ""

    def check(self) -> str:
        self.checked = True
        return "" if all(mask & mask - 1 == 0 for mask in self.masks.values()) else "there are open cells"

    def end(self, part) -> str:
        self.ended, judge = True, judge_of(self.TASK)
        if part.board != self.answer():
            return "the answer is not what was found"
        part.board = ""
        return "" if judge.judge(self.state, judge.split(self.answer())) else "the answer breaks a rule"

    def anchor(self, board: str) -> str:
        return "" if board in ("", self.board()) else f"the position should be\n{self.board()}\nnot\n{board}\n"

    def ways(self, cells, patterns) -> list[int]:
        "The patterns (masks, bit i for cell number i) that agree with what is known."
        ones = sum(1 << i for i, cell in enumerate(cells) if self.masks[cell] == 2)
        zeros = sum(1 << i for i, cell in enumerate(cells) if self.masks[cell] == 1)
        return [pattern for pattern in patterns if not pattern & zeros and not ones & ~pattern]

    def forced(self, facts, cells, patterns) -> str:
        "Why the facts do not follow from `patterns` of the cells; empty where they do."
        ways, places = self.ways(cells, patterns), {cell: i for i, cell in enumerate(cells)}
        if not ways:
            return "there is no way at all"
        for cell, mask in facts:
            if cell not in places:
                return "a fact lies elsewhere"
            if any(1 << (way >> places[cell] & 1) != mask for way in ways):
                return "a fact does not follow"
        return ""

    def with_value(self, cells, mask: int) -> list:
        return [cell for cell in cells if self.masks[cell] == mask]


def flood(begin, cells: set, near) -> set:
    "The cells that hang together with `begin`, over `cells`."
    seen, fresh = set(), {begin}
    while fresh:
        seen |= fresh
        fresh = {other for cell in fresh for other in near(cell)} & cells - seen
    return seen


def together(wanted, cells: set, near) -> bool:
    "Whether the `wanted` cells hang together over `cells`."
    wanted = set(wanted)
    return not wanted or wanted <= flood(next(iter(wanted)), cells, near)


def sides(cell):
    "The places above, below, left and right."
    r, c = cell
    return (r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)


class OneFigure(Search):
    "A square of cells of which those with the mask `FIGURE` hang together by edges."

    FIGURE = 0

    def figure(self, closed=()):
        "The cells that belong to it, and those that may without `closed`."
        able = {cell for cell, mask in self.masks.items() if mask & self.FIGURE}
        return self.with_value(self.masks, self.FIGURE), able - set(closed)

    def needed(self, facts):
        cut = all(mask == self.FIGURE and not together(*self.figure([cell]), sides) for cell, mask in facts)
        return "" if cut else "a fact does not follow"

    def out_of_reach(self, facts):
        sure, free = self.figure()
        lost = free - flood(sure[0], free, sides) if sure else set()
        return "" if all(mask == 3 - self.FIGURE and cell in lost for cell, mask in facts) else "a fact does not follow"

    def cut_off(self):
        return "they hang together" if together(*self.figure(), sides) else ""


def square(n: int, first: int) -> dict:
    "The cells of a square grid by name; rows and columns count from `first`."
    return {f"row {r + first}, column {c + first}": (r, c) for r in range(n) for c in range(n)}


SQUARE = r"[Rr]ow \d+, column \d+"


def line(n: int, name: str, number: int) -> list:
    "The cells of row or column `number`, from 0 on."
    if not 0 <= number < n:
        raise Wrong("there is no such line")
    return [(number, i) if name.lower() == "row" else (i, number) for i in range(n)]


def spoil(task, text: str, rng: random.Random) -> str:
    "The text with a fact, a symbol of an anchor or a number changed, from the puzzle's own words on."
    start, stop = text.index("\n", len("<think>\n")), text.index("\n</think>")
    facts = re.finditer(rf"\b(?:{'|'.join(map(re.escape, task.FACTS)) or '$^'})\b", text)
    rows = re.finditer(rf"^(?:{task.BOARD})$", text, re.M)
    kinds = [
        [found.span() for found in facts],
        [found.span() for found in re.finditer(r"\d", text)],
        [(i, i + 1) for row in rows for i in range(*row.span()) if text[i] in task.SIGNS],
    ]
    inside = [spans for kind in kinds if (spans := [span for span in kind if start < span[0] < stop])]
    begin, end = rng.choice(rng.choice(inside))
    was = text[begin:end]
    others = next(some for some in (task.FACTS, task.SIGNS, "0123456789") if was in some)
    return text[:begin] + rng.choice([other for other in others if other != was]) + text[end:]
