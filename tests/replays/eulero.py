"""The replay of eulero."""

import re

from replays._grids import Facts, Line, Reader, expect, joined, latin_lines, spoil_number, spoil_sign

LETTERS = "ABCDEFGHI"


class Half:
    "The letters, or the digits, of the pairs in `cells` are all different; `groups` are the pairs with the same one."

    def __init__(self, cells, groups):
        self.cells, self.groups, self.line = cells, groups, Line(range(len(cells)), (1 << len(cells)) - 1)

    def narrow(self, can, memory):
        seen = [sum(1 << i for i, group in enumerate(self.groups) if can[cell] & group) for cell in self.cells]
        changes = self.line.narrow(seen, memory)
        if changes is None:
            return None
        return [
            (self.cells[i], can[self.cells[i]] & sum(group for k, group in enumerate(self.groups) if mask >> k & 1))
            for i, mask in changes
        ]


class Pairs(Reader):
    "A reader that knows letters and digits of cells; `known` holds texts such as `A1`, `A.` and `.1`."

    own = [
        (r"the square, with \.\. for an empty cell, is", "on_given"),
        (r"(row|column) (\d+) has the (letter|digit)s? ([\w, ]+) already, so (.+)\.", "on_has"),
        (r"in (row|column) (\d+) no other place is left for the (letter|digit) (\w), so (.+)\.", "on_place"),
        (r"the pairs? ([\w, ]+) stands? elsewhere already, so (.+)\.", "on_elsewhere"),
        (r"no other cell can take (\w\d), so (.+)\.", "on_lone"),
        (r"(row|column) (\d+) cannot have every (letter|digit) once any more\.", "fail_line"),
        (r"(\w\d) would stand twice\.", "fail_twice"),
        (r"some pair has no cell left\.", "fail_pair"),
        (r"every row and column has each letter and each digit once, and all (\d+) pairs are different\.", "on_check"),
        (r"the square is full\.", "whole_end"),
    ]

    def __init__(self, state):
        n = len(state.grid)
        digit = [sum(1 << n * a + b for a in range(n)) for b in range(n)]
        letter = [sum(1 << n * a + b for b in range(n)) for a in range(n)]
        self.groups = {"letter": dict(zip(LETTERS, letter)), "digit": dict(zip("123456789", digit))}
        self.halves = {
            (kind, *name): Half(line.cells, groups)
            for kind, groups in (("letter", letter), ("digit", digit))
            for name, line in latin_lines(n).items()
        }
        self.every = Line(range(n * n), (1 << n * n) - 1)
        facts = Facts([(1 << n * n) - 1] * (n * n), [*self.halves.values(), self.every])
        super().__init__(facts, n)
        self.one = re.compile(self.place + r" (?:is|has the letter|has the digit) ([A-I]?[1-9]?)")
        for cell, pair in enumerate(pair for row in state.grid for pair in row):
            if pair:
                self.facts.put(cell, self.bits(pair))
                self.facts.known[cell] = pair

    def bits(self, text: str) -> int:
        "The pairs that `A1`, `A` or `1` allows."
        bits = (1 << self.n**2) - 1
        for sign in text:
            group = self.groups["letter"].get(sign) or self.groups["digit"].get(sign)
            expect(group, f"{text} is no pair here")
            bits &= group
        return bits

    def said(self, text):
        found = list(self.one.finditer(text))
        expect(found and joined([one[0] for one in found]) == text, f"unknown facts: {text}")
        for one in found:
            kind = "is" if len(one[3]) == 2 else "has the letter" if one[3] in LETTERS else "has the digit"
            expect(one[3] and f" {kind} " in one[0], f"unknown facts: {one[0]}")
        return [(self.cell(one[1], one[2]), one[3]) for one in found]

    def take(self, cell, new, text, rule=None):
        facts, had = self.facts, self.facts.known.get(cell, "..")
        expect("." in had and (len(new) == 2 or had == ".."), f"a cell is told that was known: {text}")
        expect(had.strip(".") in new or had == "..", f"{had} was known: {text}")
        bits = self.bits(new)
        expect(facts.follows(lambda: not facts.can[cell] & ~bits, rule), f"this does not follow: {text}")
        facts.put(cell, bits)
        self.know(cell, new)

    def know(self, cell, new):
        self.facts.known[cell] = new if len(new) == 2 else f"{new}." if new in LETTERS else f".{new}"

    def suppose(self, text):
        ((cell, new),) = self.said(text)
        had = self.facts.known.get(cell, "..")
        expect(
            "." in had and len(new) == 2 and (had == ".." or had.strip(".") in new),
            f"a try against what is known: {text}",
        )
        expect(self.facts.can[cell] & self.bits(new), f"a try that is ruled out: {text}")
        self.stack.append((self.facts.copy(), text))
        self.facts.put(cell, self.bits(new))
        self.know(cell, new)

    def back(self, text):
        expect(self.stack, "a step back without a try")
        expect(self.broken or self.facts.is_dead(), f"the try is taken back without a contradiction: {text}")
        self.facts, tried = self.stack.pop()
        expect(text.replace(" is not ", " is ") == tried, f"the last try was {tried}, not that {text}")
        ((cell, new),) = self.said(tried)
        self.facts.put(cell, ~self.bits(new))
        self.broken = not self.facts.can[cell]

    def board(self):
        n = self.n
        return "\n".join(" ".join(self.facts.known.get(n * r + c, "..") for c in range(n)) for r in range(n))

    def half(self, kind, number, what):
        expect((what, kind, int(number)) in self.halves, f"there is no {kind} {number}")
        return self.halves[what, kind, int(number)]

    def signs(self, half, what):
        "The known letters or digits of a line."
        return sorted(sign for cell in half.cells if (sign := self.facts.known.get(cell, "..")[what == "digit"]) != ".")

    def on_given(self):
        pass

    def on_has(self, kind, number, what, signs, text):
        half = self.half(kind, number, what)
        expect(joined(self.signs(half, what)) == signs, f"{kind} {number} does not have just the {what}s {signs}")
        self.deduce(text, half)

    def on_place(self, kind, number, what, sign, text):
        half = self.half(kind, number, what)
        expect(sign not in self.signs(half, what), f"{kind} {number} has the {what} {sign} already")
        expect(any(sign in new for _, new in self.said(text)), f"{sign} is not placed: {text}")
        self.deduce(text, half)

    def on_elsewhere(self, pairs, text):
        names, cells = re.findall(r"\w\d", pairs), [cell for cell, _ in self.said(text)]
        expect(joined(names) == pairs and names == sorted(set(names)), f"unknown pairs {pairs}")
        standing = {pair for cell, pair in self.facts.known.items() if cell not in cells}
        expect(standing.issuperset(names), f"not all of {pairs} stand elsewhere")
        self.deduce(text, self.every)

    def on_lone(self, pair, text):
        expect(
            [new for _, new in self.said(text)] == [pair] and pair not in self.facts.known.values(),
            f"this is not so: no other cell can take {pair}, so {text}",
        )
        self.deduce(text, self.every)

    def on_last(self, _, text):
        ((cell, pair),) = self.said(text)
        expect(len(pair) == 2, f"more than one pair is left: {text}")
        self.take(cell, pair, text)

    def fail_line(self, kind, number, what):
        self.half(kind, number, what)
        self.fail(True, f"{kind} {number} cannot have every {what} once any more")

    def fail_twice(self, pair):
        self.fail(list(self.facts.known.values()).count(pair.upper()) > 1, f"{pair.upper()} would stand twice")

    def fail_pair(self):
        self.fail(True, "some pair has no cell left")

    def on_check(self, pairs):
        known = self.facts.known
        expect(
            int(pairs) == self.n**2 == len(known) == len(set(known.values())),
            "the pairs are not all there and different",
        )
        for (what, kind, number), half in self.halves.items():
            expect(
                self.signs(half, what) == list(self.groups[what])[: self.n],
                f"{kind} {number} does not have each {what} once",
            )
        self.checked = True

    def whole_end(self, part):
        expect(
            part.board == self.board().replace(" ", "|") == self.answer,
            "the square at the end does not agree with what was said",
        )
        self.ended = True


def replay(state, text: str) -> str:
    return Pairs(state).follow(text)


def spoil(text: str, rng):
    "A letter instead of a digit is changed now and then."
    if rng.random() < 0.5:
        return spoil_number(text, rng)
    return spoil_sign(text, rng, r"(?<= )[A-E](?=[\d., ])", "ABCDE")
