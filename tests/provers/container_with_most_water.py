"""The prover of container_with_most_water."""

from mmhelix_nb.steps import Fact
from provers._charts import Most
from provers._proof import expect


class Container(Most):
    def inside(self, first, height, second, height2):
        "What is left between two walls when the lower one has given way, and the bars behind it that are no higher."
        places = list(range(first, second + 1))
        low, end = min(height, height2), 0 if height <= height2 else -1
        gone = [places.pop(end)]
        while len(places) > 1 and self.bars[places[end] - 1] <= low:
            gone.append(places.pop(end))
        return places, tuple(gone)

    def shows_pair(self, first, height, second, height2, low, wide, amount, reasons):
        (reason,) = reasons
        pairs = self.known("pair")
        places = [1, len(self.bars)]
        if pairs:
            expect(reason.rule == "lower" and reason.facts == (pairs[-1],), "these are not the walls")
            places, gone = self.inside(*pairs[-1].args[:4])
            expect(reason.args[0] == gone, "another wall gives way")
        expect((first, second) == (places[0], places[-1]), "these are not the walls")
        heights = self.bars[first - 1], self.bars[second - 1]
        return (height, height2, low, wide, amount) == (*heights, min(heights), second - first, low * wide)

    def best(self):
        return max(self.known("pair"), key=lambda fact: fact.args[-1])

    def shows_result(self, amount, reasons):
        (reason,) = reasons
        last = self.known("pair")[-1]
        expect(reason.rule == "met" and len(self.inside(*last.args[:4])[0]) == 1, "walls are left")
        return amount == reason.args[0] == self.best().args[-1] and reason.facts == (self.best(), last)

    def computed(self, parts):
        *_, low, wide, area = self.best().args
        (copied,) = parts[0].args
        return [Fact("again", (low, wide, area)) if copied == area else Fact("no-again", (low, wide, area, copied))]


def prover(state):
    return Container(state.heights)
