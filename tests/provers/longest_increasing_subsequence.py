"""The prover of longest_increasing_subsequence."""

from mmhelix_nb.steps import Fact
from provers._charts import Most
from provers._proof import expect


class Subsequence(Most):
    def shows_chain(self, values, amount, reasons):
        walk = []
        for value in self.bars:
            if not walk or value > walk[-1]:
                walk.append(value)
        return reasons[0].rule == "next-larger" and values == tuple(walk) and amount == len(walk)

    def shows_ends(self, place, value, amount, reasons):
        (reason,) = reasons
        expect(0 < place <= len(self.bars) and self.bars[place - 1] == value, "the bar has another value")
        before = {at for at in range(1, place) if self.bars[at - 1] < value}
        said = [fact.args for fact in reason.facts]
        expect({args[0] for args in said} == before, "a smaller value before it is left out")
        expect(len({args[0] for args in said}) == len(said), "a position has two lengths")
        if not before:
            return reason.rule == "none" and amount == 1
        most = max(args[2] for args in said)
        return reason.rule == "after" and reason.args in said and reason.args[2] == most == amount - 1

    def longest(self):
        "A longest subsequence, back from the first best position, by the first best of the smaller ones before it."
        lengths, back = [], []
        for at, value in enumerate(self.bars):
            smaller = [i for i in range(at) if self.bars[i] < value]
            back.append(max(smaller, key=lambda i: lengths[i], default=None))
            lengths.append(1 + (lengths[back[-1]] if smaller else 0))
        at, found = lengths.index(max(lengths)), []
        while at is not None:
            found.append(self.bars[at])
            at = back[at]
        return tuple(found[::-1])

    def shows_result(self, amount, reasons):
        (reason,) = reasons
        said = self.known("ends")
        expect(
            reason.rule == "longest" and list(reason.facts) == said and len(said) == len(self.bars), "some are missing"
        )
        return amount == reason.args[0] == max(fact.args[2] for fact in said)

    def computed(self, parts):
        values, (copied,) = self.longest(), parts[0].args
        if copied != len(values):
            return [Fact("no-again", (values, len(values), copied))]
        return [Fact("again", (values, len(values)))]


def prover(state):
    return Subsequence(state.sequence)
