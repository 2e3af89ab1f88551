"""The prover of best_time_to_buy_and_sell_stock."""

from mmhelix_nb.steps import Fact
from provers._charts import Most
from provers._proof import expect


class Stock(Most):
    def priced(self, day, price):
        return 0 < day <= len(self.bars) and self.bars[day - 1] == price

    def shows_trade(self, day, price, day2, price2, amount, reasons):
        expect(self.priced(day, price) and self.priced(day2, price2), "another price")
        lowest = self.bars.index(min(self.bars)) + 1
        later = self.bars[day - 1 :]
        expect(
            day == lowest and price2 == max(later) and day2 == day + later.index(price2), "not the lowest or highest"
        )
        return reasons[0].rule == "low-high" and amount == price2 - price

    def shows_rise(self, day, price, day2, price2, gain, amount, reasons):
        (reason,) = reasons
        expect(self.priced(day, price) and self.priced(day2, price2) and day < day2, "another price")
        path = self.bars[day - 1 : day2]
        expect(all(one <= two for one, two in zip(path, path[1:])), "the price falls on the way")
        before = self.known("rise")
        expect(list(reason.facts) == before[-1:], "the rise before it is another one")
        old = before[-1].args[-1] if before else 0
        expect(not before or before[-1].args[2] < day and reason.args == (old,), "the rises overlap")
        return gain == price2 - price and amount == old + gain

    def shows_result(self, amount, reasons):
        (reason,) = reasons
        said = self.known("rise")
        expect(reason.rule == "all" and list(reason.facts) == said, "some rises are left out")
        inside = {day for fact in said for day in range(fact.args[0], fact.args[2])}
        up = {day for day in range(1, len(self.bars)) if self.bars[day] > self.bars[day - 1]}
        total = said[-1].args[-1] if said else 0
        return up <= inside and reason.args == (len(said), total) and amount == total

    def computed(self, parts):
        (copied,) = parts[0].args
        steps = list(zip(self.bars, self.bars[1:]))
        up, falls = sum(max(0, b - a) for a, b in steps), sum(max(0, a - b) for a, b in steps)
        return [Fact("again" if copied == up else "no-again", (self.bars[0], copied, falls, self.bars[-1]))]


def prover(state):
    return Stock(state.prices)
