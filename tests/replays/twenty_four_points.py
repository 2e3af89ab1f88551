"""A replay of twenty_four_points: the table of pairs, what each try needs from it, and the operations of the expression."""

import ast
import re
from fractions import Fraction
from itertools import combinations

from judges.twenty_four_points import worth

from replays._story import Story, expect, ints, same

story = Story()


def value(expression: str) -> Fraction:
    "The value of an expression with × and ÷."
    try:
        return worth(ast.parse(expression.replace("×", "*").replace("÷", "/"), mode="eval").body, [])
    except SyntaxError:
        raise ValueError(expression) from None


def made_of(a, b) -> set[Fraction]:
    "What two values make: sums, differences without sign, products and quotients."
    a, b = Fraction(a), Fraction(b)
    return {a + b, abs(a - b), a * b, *([a / b] if b else []), *([b / a] if a else [])}


def needed(goal: Fraction, part: Fraction) -> set[Fraction]:
    "The values without sign that make `goal` together with `part`."
    found = {goal / part, goal * part, *([part / goal] if goal else []), abs(goal - part), goal + part}
    return {rest for rest in found if goal in made_of(rest, part)}


def follow(chain: str) -> list[str]:
    "The operations of a chain, each checked; returns their sides, left ones and right ones."
    sides = [side.strip() for line in chain.split(", ") for side in line.split(" = ")]
    for left, right in zip(sides[::2], sides[1::2]):
        same(value(left), value(right), f"{left} = {right}")
    return sides


@story.says(r"The numbers are ([\d, ]+)\.")
def numbers(facts, listed):
    same(tuple(ints(listed)), facts.numbers, "the numbers")


@story.says(r"Two of them make:")
def table(facts):
    pass


@story.shows(r"(\d+, \d+: .*)")
def rows(facts, text):
    for row in text.split("\n"):
        pair, made = row.split(": ")
        facts.table[tuple(ints(pair))] = {Fraction(one) for one in made.split(", ")}
    same(facts.table, {pair: made_of(*pair) for pair in combinations(facts.numbers, 2)}, "the table")


@story.says(r"(?:The last operation is|I make) (24 .*)\.")
def claim(facts, text):
    facts.claim = text
    if "=" not in text:
        expect(
            text.startswith("24 from ") and sorted(ints(text)[1:]) == sorted(facts.numbers),
            f"{text}: these are not the numbers",
        )
        facts.options = [(Fraction(24), sorted(facts.numbers))]
        return
    follow(text)
    one, other = (Fraction(part.strip("()")) for part in text.split()[2::2])
    facts.options = [
        (goal, sorted(without(facts.numbers, part)))
        for part, goal in ((other, one), (one, other))
        if part in facts.numbers
    ]


def without(numbers, one) -> list:
    "The numbers, `one` of them taken out."
    rest = [*numbers]
    rest.remove(one)
    return rest


@story.says(r"(With .*)\.")
def questions(facts, text):
    facts.asked, seen = [], []
    for clause in text.split("; "):
        condition, a, b, listed = re.fullmatch(r"[Ww]ith (.*), (\d+) and (\d+) must make (.*)", clause).groups()
        values, pair = [Fraction(one) for one in listed.split(" or ")], (int(a), int(b))
        if condition.endswith(" aside"):
            part, used = Fraction(condition.removesuffix(" aside")), [int(condition.removesuffix(" aside"))]
        else:
            part, used = Fraction(follow(condition)[1].strip("()")), ints(condition.split(" = ")[0])
        goals = [goal for goal, rest in facts.options if rest == sorted([*used, *pair])]
        expect(
            any(set(values) <= needed(goal, part) for goal in goals) and len(set(values)) == len(values),
            f"{clause}: that does not lead to 24",
        )
        facts.asked.append((pair, values, [needed(goal, part) for goal in goals]))
        seen.append((condition, pair))
    same(len(set(seen)), len(seen), "the number of different questions")


@story.says(r"The table has none of these\.")
def none(facts):
    for pair, values, helpful in facts.asked:
        expect(not set(values) & facts.table[pair], f"the table has one of {values}")
        expect(set(values) in helpful, f"{values} is not all that could help")


@story.says(r"The last one is in the table: (.*)\.")
def found(facts, text):
    pair, values, _ = facts.asked[-1]
    left, right = follow(text)
    same((sorted(ints(left)), Fraction(right.strip("()"))), (sorted(pair), values[-1]), "what is in the table")
    expect(values[-1] in facts.table[pair], f"{values[-1]} is not in the table")


@story.says(r"(?:It is not|There is no) (24 .*)\.")
def dropped(facts, text):
    same(text, facts.claim, "what is given up")


@story.says(r"Worked out step by step: (.*)\.")
def chain(facts, text):
    sides = follow(text)
    same((len(sides), value(sides[-1])), (6, Fraction(24)), "the operations and their result")
    have = [Fraction(number) for number in facts.numbers]
    for left, right in zip(sides[::2], sides[1::2]):
        for part in re.findall(r"\([\d/]+\)|\d+", left):
            have.remove(value(part))
        have.append(value(right))
    same(have, [Fraction(24)], "what is left")


@story.says(r"Each of ([\d, ]+) is used once\.")
def used(facts, listed):
    same(tuple(ints(listed)), facts.numbers, "the numbers")


@story.says(r"One way to make 24 is (.*)")
def result(facts, text):
    same((value(text), sorted(ints(text))), (Fraction(24), sorted(facts.numbers)), "the expression")
    facts.answer = text


@story.shows(r"(24 .*)")
def board(facts, text):
    if text.startswith("24 from ") and " and " not in text:
        same(ints(text)[1:], [*facts.numbers], "the numbers")
    else:
        same(text, facts.claim, "the try")


def end(facts, answer):
    same(answer, facts.answer, "the answer")


def replay(state, text) -> str:
    return story.replay(text, end, numbers=state.numbers, table={}, claim="", answer="")
