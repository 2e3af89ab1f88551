"""The prover of twenty_four_points."""

import ast
import re
from fractions import Fraction

from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect

SIGNS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "×": lambda a, b: a * b,
    "÷": lambda a, b: a / b if b else None,
}


def results(a, b) -> set:
    "What two values make, no negative ones."
    made = {sign(*pair) for sign in SIGNS.values() for pair in ((a, b), (b, a))}
    return {value for value in made if value is not None and value >= 0}


def partners(goal, value) -> set:
    "The values, none negative, that make a goal together with a value, whichever stands first."
    found = {goal - value, value - goal, goal + value, goal * value}
    found |= {goal / value} if value else set()
    found |= {value / goal} if goal else set()
    return {abs(one) for one in found}


def values_of(parts) -> set:
    return {Fraction(part) for part in parts}


def worth(text: str) -> Fraction:
    "The value of an expression."

    def of(node):
        if isinstance(node, ast.Constant):
            return Fraction(node.value)
        sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "×", ast.Div: "÷"}[type(node.op)]
        return SIGNS[sign](of(node.left), of(node.right))

    return of(ast.parse(text.replace("×", "*").replace("÷", "/"), mode="eval").body)


class TwentyFour(Proof):
    def __init__(self, numbers):
        super().__init__()
        self.numbers, self.chain = numbers, ()

    def readings(self):
        return [[Fact("card", card) for card in enumerate(self.numbers, 1)]]

    def tally(self, parts):
        return [Fact("cards", (len(parts), sum(fact.args[1] for fact in parts)))]

    def without(self, *taken) -> list:
        "The numbers that are left when some are taken."
        left = list(self.numbers)
        for number in taken:
            expect(number in left, f"{number} is not on a card")
            left.remove(number)
        return left

    def follows(self, step):
        for fact in step.facts:
            holds = getattr(self, f"shows_{fact.kind.replace('-', '_')}")(*fact.args, reasons=step.reasons)
            expect(holds, f"{fact} does not follow")

    def shows_makes(self, one, other, values, reasons):
        self.without(one, other)
        return values_of(values) == results(Fraction(one), Fraction(other)) and len(values) == len(set(values))

    def shows_asks(self, aside, one, other, values, reasons):
        tried = reasons[0].facts[0]
        expect(tried == self.tries[-1] and tried.kind == "last", "another try")
        left, sign, right, others = tried.args
        expect(sorted(others) == sorted((aside, one, other)), "other numbers are left")
        (part,) = self.without(*others)
        sides = [Fraction(side) for side in (left, right)]
        expect(Fraction(part) in sides and SIGNS[sign](*sides) == 24, "this is not 24")
        sides.remove(part)
        wanted = values_of(values)
        return len(values) == len(wanted) and self.complete(values, sides[0], aside, one, other)

    def complete(self, values, goal, value, one, other) -> bool:
        "Whether all partners are asked for, or some of which the last one is what the table has."
        wanted, whole = values_of(values), partners(goal, Fraction(value))
        return wanted == whole or wanted < whole and Fraction(values[-1]) in results(Fraction(one), Fraction(other))

    def shows_other_half(self, value, one, other, values, reasons):
        tried, made = reasons[0].facts
        expect(tried == self.tries[-1] and tried.kind == "halves" and made.args[:2] == tried.args[0], "another try")
        expect(sorted((*tried.args[0], one, other)) == sorted(self.numbers), "other numbers are left")
        expect(Fraction(value) in values_of(made.args[2]), "the first pair does not make this")
        wanted = values_of(values)
        return len(values) == len(wanted) and self.complete(values, Fraction(24), value, one, other)

    def shows_found(self, one, other, value, reasons):
        asked, made = reasons[0].facts
        expect(asked.args[1:3] == made.args[:2] == (one, other), "another pair")
        return value in asked.args[3] and value in made.args[2]

    def shows_result(self, expression, reasons):
        self.chain = reasons[0].args[0]
        for line in self.chain:
            left, right = line.split(" = ")
            expect(worth(left) == worth(right), f"{line} is wrong")
        expect(self.chain[-1].endswith(" = 24") and worth(expression) == 24, "this is not 24")
        return sorted(map(int, re.findall("[0-9]+", expression))) == sorted(self.numbers)

    def breaks(self, reason):
        tried = self.tries[-1]
        asked = [fact for fact in reason.facts if fact.kind in ("asks", "other-half")]
        made = {fact.args[:2]: values_of(fact.args[2]) for fact in reason.facts if fact.kind == "makes"}
        for fact in asked:
            part, one, other, values = fact.args
            goal = Fraction(24) if fact.kind == "other-half" else self.rest(tried)
            expect(values_of(values) == partners(goal, Fraction(part)), "a value was not asked for")
            expect(not values_of(values) & made[one, other], "the table has one of these")
        if tried.kind == "last":
            return {fact.args[0] for fact in asked} == set(tried.args[3])
        first = [
            fact for frame in self.frames for fact in frame if fact.kind == "makes" and fact.args[:2] == tried.args[0]
        ]
        return {Fraction(fact.args[0]) for fact in asked} == values_of(first[0].args[2]) - {0}

    def rest(self, tried) -> Fraction:
        "What the other three numbers must make."
        (part,) = self.without(*tried.args[3])
        sides = [Fraction(tried.args[0]), Fraction(tried.args[2])]
        sides.remove(part)
        return sides[0]

    def denies(self, fact, tried):
        return fact == Fact(f"not-{tried.kind}", tried.args[:3] if tried.kind == "last" else tried.args)

    def copies(self):
        return [fact for frame in self.frames for fact in frame if fact.kind == "result"]

    def computed(self, parts):
        used = tuple(sorted(map(int, re.findall("[0-9]+", parts[0].args[0]))))
        if used != self.numbers:
            return [Fact("no-uses", (used, self.numbers))]
        return [Fact("uses", (self.numbers,)), Fact("worth", (self.chain,))]

    def answer(self, parts):
        return parts[0].args[0]


def prover(state):
    return TwentyFour(state.numbers)
