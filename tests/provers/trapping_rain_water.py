"""The prover of trapping_rain_water."""

from mmhelix_nb.steps import Fact
from provers._charts import Most
from provers._proof import expect


class Water(Most):
    def held(self, at):
        "The water above a bar, counted from 1."
        own = self.bars[at - 1]
        return max(0, min(max(self.bars[:at]), max(self.bars[at - 1 :])) - own)

    def shows_dips(self, bars, waters, amount, reasons):
        found = {}
        for at in range(2, len(self.bars)):
            low = min(self.bars[at - 2], self.bars[at])
            if low > self.bars[at - 1]:
                found[at] = low - self.bars[at - 1]
        return reasons[0].rule == "neighbours" and dict(zip(bars, waters)) == found and amount == sum(waters)

    def dry(self, reasons):
        "Whether the walls that are said to hold nothing do so: the next bar inwards is as high."
        for reason in reasons:
            for wall in reason.args[0] if reason.rule == "dry" else ():
                own, beside = self.bars[wall - 1], self.bars[max(0, wall - 2) : wall - 1] + self.bars[wall : wall + 1]
                expect(any(other >= own for other in beside), f"wall {wall} has a dip on both sides")

    def shows_water(self, bars, waters, amount, reasons):
        reason = reasons[-1]
        wall, low, other, high = reason.args
        expect(reason.rule == "lower", "there is no wall")
        expect(self.bars[wall - 1] == low <= high == self.bars[other - 1], "the walls have other heights")
        self.dry(reasons)
        before = self.known("water")
        expect(list(reason.facts) == before[-1:], "other water was told last")
        told = {at for fact in before for at in fact.args[0]}
        expect(bars and not told & set(bars), "a bar is counted twice")
        inward = range(min(wall, other), max(wall, other) + 1)
        expect(
            all(at in inward and low - self.bars[at - 1] == self.held(at) == water for at, water in zip(bars, waters)),
            "another amount stays there",
        )
        between = range(min(wall, *bars), max(wall, *bars) + 1)
        expect(all(self.bars[at - 1] <= low for at in between), "a higher bar stands between")
        return len(bars) == len(waters) and amount == sum(waters) + (before[-1].args[-1] if before else 0)

    def shows_result(self, amount, reasons):
        reason, said = reasons[-1], self.known("water")
        self.dry(reasons)
        expect(reason.rule == "all" and list(reason.facts) == said, "some water is left out")
        wet = {at for at in range(1, len(self.bars) + 1) if self.held(at)}
        expect(wet == {at for fact in said for at in fact.args[0]}, "a bar with water is left out")
        return reason.args == (amount,) and amount == (said[-1].args[-1] if said else 0)

    def computed(self, parts):
        (copied,) = parts[0].args
        total, bars = sum(self.held(at) for at in range(1, len(self.bars) + 1)), sum(self.bars)
        sums = (bars + total, bars, total)
        return [Fact("again", sums) if copied == total else Fact("no-again", (*sums, copied))]


def prover(state):
    return Water(state.height)
