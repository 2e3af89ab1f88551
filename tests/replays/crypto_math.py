"""A replay of crypto_math: the digits known so far, each column's sum, and whether the tries that are given up lead to nothing."""

import re

from replays._story import Story, expect, ints, same
from replays._story import spoil as spoil_number

story = Story()
PLACES = (
    "units tens hundreds thousands ten-thousands hundred-thousands millions ten-millions hundred-millions last".split()
)
NAMES = "|".join(PLACES)


class Addition:
    "The letters of each column, and a count of what a search through them tries."

    def __init__(self, words):
        *terms, result = self.words = words
        self.width, self.letters = len(result), sorted({*"".join(words)})
        leading = {word[0] for word in words if len(word) > 1}
        self.domain = {letter: range(letter in leading, 10) for letter in self.letters}
        self.longer = self.width > max(map(len, terms))
        if self.longer:
            self.domain[result[0]] = range(1, len(terms))
        self.given = {letter: digits[0] for letter, digits in self.domain.items() if len(digits) == 1}
        self.new = []
        met = set(self.given)
        for place in range(self.width):
            order = dict.fromkeys(word[-1 - place] for word in words if place < len(word))
            self.new.append([letter for letter in order if letter not in met and self.net(letter, place)])
            met.update(self.new[-1])
        self.new.append([letter for letter in self.letters if letter not in met])

    def net(self, letter: str, place: int) -> int:
        "How often the letter counts in a column, above the line less below."
        *terms, result = (word[-1 - place] if place < len(word) else "" for word in self.words)
        return terms.count(letter) - (result == letter)

    def total(self, place: int, digits: dict, carry: int) -> int:
        "Sum of a column as far as its letters are known."
        return carry + sum(
            self.net(letter, place) * digits[letter]
            for letter in {word[-1 - place] for word in self.words if place < len(word)}
            if letter in digits
        )

    def search(self, place: int, digits: dict, carry: int) -> tuple[int, int]:
        "How many digits are tried on the letters from the column `place` on, and the last column that is reached; raises `Wrong` at a solution."
        if place > self.width:
            expect(carry, "a try that was given up leads to a solution")
        if place > self.width:
            return 0, place
        unknown = [letter for letter in self.new[place] if letter not in digits]
        total = self.total(place, digits, carry) if place < self.width else carry
        if not unknown:
            return (0, place) if total % 10 else self.search(place + 1, digits, total // 10)
        letter, tried, deepest = unknown[0], 0, place
        for digit in self.domain[letter]:
            if digit in digits.values():
                continue
            if len(unknown) == 1 and place < self.width and (total + self.net(letter, place) * digit) % 10:
                continue
            below, reached = self.search(place, digits | {letter: digit}, carry)
            tried, deepest = tried + 1 + below, max(deepest, reached)
        return tried, deepest


@story.says(r"The addition is ([A-Z]+(?: \+ [A-Z]+)+ = [A-Z]+)\.")
def addition(facts, text):
    same(text, facts.equation, "the addition")


@story.says(r"The result ([A-Z]+) is longer than the terms, so ([A-Z]) is what (\d+) terms can carry: ([\d or]+)\.")
def longer(facts, result, letter, n, digits):
    same(
        (result, letter, n, facts.sum.longer),
        (facts.sum.words[-1], result[0], len(facts.sum.words) - 1, True),
        "the result",
    )
    same(ints(digits), [*facts.sum.domain[letter]], f"the digits of {letter}")
    facts.known |= facts.sum.given


@story.says(rf"The ({NAMES}) column: (.*) must end in ([A-Z]|0)(?:; ([A-Z]) stands above and below and cancels)?\.")
def column(facts, name, above, below, twice):
    facts.place += 1
    same((name, facts.trying), (PLACES[facts.place], {}), "the column")
    *terms, result = (word[-1 - facts.place] if facts.place < len(word) else "" for word in facts.sum.words)
    letters = [letter for letter in terms if letter]
    if twice:
        letters.remove(twice)
    same((twice or below, below), (result, 0 if twice else result), "what stands below the line")
    expect(twice or result not in letters, f"{result} cancels")
    facts.above, facts.below = letters, 0 if twice else result
    same(
        str(above).split(" + "),
        [*letters, *([str(facts.carry)] if facts.carry or not letters else [])],
        "what is added",
    )


def free(facts, letter: str) -> list[int]:
    "The digits of the letter that no other letter has and that were not ruled out."
    others = facts.ruled.get((letter, tuple(sorted(facts.known.items()))), set())
    return [digit for digit in facts.sum.domain[letter] if digit not in facts.known.values() and digit not in others]


@story.says(r"Try ([A-Z]) = (\d(?: or \d)*)\.")
def attempt(facts, letter, digits):
    digits = ints(digits)
    expect(
        letter not in facts.known
        and all(digit in facts.sum.domain[letter] and digit not in facts.known.values() for digit in digits),
        f"{letter} cannot be {digits}",
    )
    expect(letter in facts.sum.new[facts.place], f"{letter} is no new letter of this column")
    expect({*digits} < {*free(facts, letter)}, f"{letter} = {digits[-1]} is no try, nothing else is left")
    facts.last, facts.trying = (letter, digits), {letter: digits}
    if len(digits) == 1:
        facts.known[letter] = digits[0]


@story.says(rf"No digit fits any more in the ({NAMES}) column\.")
def at_once(facts, name):
    failed(facts, 0, name)


@story.says(rf"One more digit fits, then the ({NAMES}) column fails\.")
def after_one(facts, name):
    failed(facts, 1, name)


@story.says(rf"(\d+) digits tried on other letters all fail, the furthest at the ({NAMES}) column\.")
def after_many(facts, n, name):
    failed(facts, n, name)


def failed(facts, n: int, name: str):
    "Search once more below what is tried now."
    letter, digits = facts.last
    facts.known.pop(letter, None)
    for digit in digits:
        tried, reached = facts.sum.search(facts.place, facts.known | {letter: digit}, facts.carry)
        same((n, name), (tried, PLACES[min(reached, 9)]), f"what fails below {letter} = {digit}")
    facts.failed = facts.last


@story.says(r"([A-Z]) is not (\d(?: or \d)*)\.")
def dropped(facts, letter, digits):
    same((letter, ints(digits)), facts.failed, "what is given up")
    facts.ruled.setdefault((letter, tuple(sorted(facts.known.items()))), set()).update(ints(digits))
    facts.trying = {}


def fits(facts, letter: str, digit: int) -> bool:
    "Whether the digit is free for the letter and its column ends as it must."
    if digit in facts.known.values() or digit not in facts.sum.domain[letter]:
        return False
    return (
        facts.place >= facts.sum.width
        or facts.sum.total(facts.place, facts.known | {letter: digit}, facts.carry) % 10 == 0
    )


def last_one(facts, letter: str, digit: int):
    "The digit is the only one that fits and was not ruled out."
    facts.trying = {}
    others = facts.ruled.get((letter, tuple(sorted(facts.known.items()))), set())
    same(
        [digit],
        [one for one in range(10) if fits(facts, letter, one) and one not in others][:1],
        f"the digit of {letter}",
    )
    facts.known[letter] = digit


@story.says(r"The column leaves ([A-Z]) = (\d)\.")
def forced(facts, letter, digit):
    last_one(facts, letter, digit)


@story.says(r"Nothing else is left for ([A-Z]), so ([A-Z]) = (\d)\.")
def only(facts, letter, again, digit):
    expect(
        letter not in facts.known and letter in facts.sum.new[facts.place], f"{letter} is no new letter of this column"
    )
    same((again, [digit]), (letter, free(facts, letter)), f"what is left for {letter}")
    facts.known[letter] = digit


@story.says(r"The letter ([A-Z]) cancels in every column; (\d) is free for it\.")
def cancelled(facts, letter, digit):
    expect(letter in facts.sum.new[-1], f"{letter} counts in some column")
    facts.place = facts.sum.width
    last_one(facts, letter, digit)


@story.says(
    r"(?:([\d +]+) = (\d+) ends in (\d), as it must|That is (\d), as it must be)(?: for ([A-Z]))?; the carry is (\d+)\."
)
def summed(facts, parts, total, ending, alone, below, carry):
    facts.trying = {}
    shown = [facts.known[letter] for letter in facts.above] + ([facts.carry] if facts.carry or not facts.above else [])
    same(ints(parts if alone is None else alone), shown, "the digits of the column")
    if alone is None:
        same((total, ending), (sum(shown), sum(shown) % 10), "the sum of the column")
    same((below or 0, sum(shown) % 10), (facts.below, facts.known[below] if below else 0), "the end of the column")
    same(carry, sum(shown) // 10, "the carry")
    facts.carry = carry


@story.says(r"With these digits (.*) is ([\d +]+) = (\d+), which is right, and all digits differ\.")
def check(facts, text, terms, total):
    digits = text.translate({ord(letter): str(digit) for letter, digit in facts.known.items()})
    same((text, f"{terms} = {total}"), (facts.equation, digits), "the addition")
    same(
        (sum(ints(terms)), len({*facts.known.values()})),
        (total, len(facts.sum.letters)),
        "the sum and the number of different digits",
    )


@story.says(r"The digits are (.*)")
def result(facts, text):
    same(text, ", ".join(f"{letter}={facts.known[letter]}" for letter in facts.sum.letters), "the digits")


@story.shows(r"(.*); carry (\d+)")
def board(facts, text, carry):
    known = {letter: str(digit) for letter, digit in facts.known.items()} | {
        letter: "/".join(map(str, digits)) for letter, digits in facts.trying.items()
    }
    same(
        (text, carry),
        (", ".join(f"{letter}={known[letter]}" for letter in sorted(known)) or "nothing known", facts.carry),
        "what is known",
    )


def end(facts, answer):
    same(answer, ", ".join(f"{letter}={facts.known[letter]}" for letter in facts.sum.letters), "the answer")


def replay(state, text) -> str:
    *terms, result = state.words
    facts = {
        "equation": f"{' + '.join(terms)} = {result}",
        "sum": Addition(state.words),
        "known": {},
        "trying": {},
        "place": -1,
        "carry": 0,
        "ruled": {},
    }
    return story.replay(text, end, **facts)


def spoil(text: str, rng) -> str:
    "The narration with one number or one letter changed."
    if rng.random() < 0.7:
        return spoil_number(text, rng)
    spot = rng.choice([*re.finditer(r"\b[A-J](?= = \d| is not|=\d|\.)", text)])
    return (
        text[: spot.start()] + rng.choice([letter for letter in "ABCDEFGHIJ" if letter != spot[0]]) + text[spot.end() :]
    )
