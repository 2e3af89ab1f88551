"""The prover of crypto_math."""

from itertools import product

from mmhelix_nb.steps import Fact
from provers._cells import Cells, Place, distinct
from provers._proof import expect

NAMES = "units tens hundreds thousands ten-thousands hundred-thousands millions ten-millions hundred-millions".split()


def right(column, way) -> bool:
    "Whether values for the cells of a column, as (name, how often it counts), make it right with different letters."
    letters = [value for (name, _), value in zip(column, way) if name[0].isupper()]
    return len(set(letters)) == len(letters) and not sum(count * value for (_, count), value in zip(column, way))


def ways(column, domains) -> list[tuple]:
    "The ways to fill a column; the last cell follows from the others."
    *front, (_, last) = column
    found = []
    for some in product(*map(sorted, domains[:-1])):
        value, rest = divmod(-sum(count * value for (_, count), value in zip(front, some)), last)
        if not rest and value in domains[-1] and right(column, (*some, value)):
            found.append((*some, value))
    return sorted(found)


def column_place(column) -> Place:
    def claims(more, domains):
        if not more:
            return True
        open_cells = [i for i, domain in enumerate(domains) if len(domain) > 1]
        told = [tuple((column[i][0], way[i]) for i in open_cells) for way in ways(column, domains)]
        return more == (tuple(told),) if len(more) == 1 else more == (len(told), told[0])

    return Place(tuple(name for name, _ in column), lambda domains: bool(ways(column, domains)), claims)


class Crypto(Cells):
    outer = True

    def __init__(self, state):
        *self.terms, self.result = self.words = state.words
        self.letters = sorted(set("".join(self.words)))
        self.leading = sorted({word[0] for word in self.words if len(word) > 1})
        width = max(map(len, self.words))
        blank = {letter: range(10) for letter in self.letters} | {
            f"c{k}": range(len(self.terms)) for k in range(1, width)
        }
        places = {(NAMES[k],): column_place(self.column(k, width)) for k in range(width)}
        super().__init__(blank, places, {})
        self.different = distinct(self.letters)

    def column(self, k, width):
        "The cells of a column with how often they count, letters in the order of the words, then the carries; what cancels is left out."
        counts: dict[str, int] = {}
        for word in self.words:
            if k < len(word):
                letter = word[-1 - k]
                counts[letter] = counts.get(letter, 0) + (-1 if word is self.words[-1] else 1)
        cells = [(letter, count) for letter, count in counts.items() if count]
        return cells + [(f"c{k}", 1)] * (k > 0) + [(f"c{k + 1}", -10)] * (k + 1 < width)

    def place(self, args):
        return super().place(args) if args and isinstance(args[0], str) else (self.different, args)

    def readings(self):
        return [[Fact("word", (number, word)) for number, word in enumerate(self.words, 1)]]

    def tally(self, parts):
        letters = "".join(fact.args[1] for fact in parts)
        return [Fact("letters", (len(letters), len(set(letters))))]

    def follows(self, step):
        if step.reasons[0].rule == "lead":
            expect(step.reasons[0].args == (tuple(self.leading),), "other letters lead")
            expect(list(step.facts) == [Fact("not", (letter, (0,))) for letter in self.leading], "this does not follow")
            return
        for fact in step.facts:
            values = [fact.args[1]] if fact.kind == "is" else list(fact.args[1])
            expect(values == sorted(set(values)), "a digit is named twice")
        super().follows(step)

    def copies(self):
        return [Fact("copy", (letter, self.value(letter))) for letter in self.letters]

    def computed(self, parts):
        digits = dict(fact.args for fact in parts)
        for at, letter in enumerate(self.letters):
            for twin in self.letters[:at]:
                if digits[twin] == digits[letter]:
                    return [Fact("no-differ", (twin, letter, digits[letter]))]
        *terms, result = (int("".join(str(digits[letter]) for letter in word)) for word in self.words)
        if sum(terms) != result:
            return [Fact("no-adds", (tuple(terms), sum(terms), result))]
        return [
            Fact("differ", (tuple(digits[letter] for letter in self.letters),)),
            Fact("adds", (tuple(terms), result)),
        ]

    def answer(self, parts):
        return ", ".join(f"{letter}={digit}" for letter, digit in (fact.args for fact in parts))


def prover(state):
    return Crypto(state)
