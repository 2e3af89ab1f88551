"""The prover of count_hills_and_valleys."""

from itertools import groupby

from mmhelix_nb.steps import Fact
from provers._charts import Most
from provers._proof import expect


class Terrain(Most):
    def __init__(self, bars):
        super().__init__(bars)
        groups = [list(group) for _, group in groupby(enumerate(self.bars, 1), lambda bar: bar[1])]
        self.spans = [(group[0][0], group[-1][0]) for group in groups]
        self.heights = [group[0][1] for group in groups]

    def turns(self):
        "The hills and valleys, as (number of the plateau, kind)."
        found = []
        for at in range(1, len(self.spans) - 1):
            left, here, right = self.heights[at - 1 : at + 2]
            if left < here > right or left > here < right:
                found.append((at, "hill" if here > left else "valley"))
        return found

    def plateau(self, span, height):
        expect(span in self.spans and self.heights[self.spans.index(span)] == height, "this is no plateau")
        at = self.spans.index(span)
        expect(0 < at < len(self.spans) - 1, "an end never counts")
        return at

    def shows_plateaus(self, heights, number, reasons):
        (reason,) = reasons
        flat = tuple(span for span in self.spans if span[0] != span[1])
        expect(reason.args == (flat,) if flat else reason.rule == "none-equal", "other bars are level")
        return list(heights) == self.heights and number == len(heights)

    def shows_turn_of(self, kind, span, height, number, reasons):
        (reason,) = reasons
        at = self.plateau(span, height)
        before = [fact for frame in self.frames for fact in frame if fact.kind in ("hill", "valley")]
        expect(
            reason.rule == "beside" and reason.args == (self.heights[at - 1], self.heights[at + 1]), "other neighbours"
        )
        expect(
            reason.facts[0].kind == "plateaus" and list(reason.facts[1:]) == before[-1:], "another one was counted last"
        )
        expect(not before or before[-1].args[0][1] < span[0], "it was counted already")
        return (at, kind) in self.turns() and number == len(before) + 1

    def shows_slope(self, heights, reasons):
        counted = [fact for frame in self.frames for fact in frame if fact.kind in ("hill", "valley")]
        refuted = {fact.args[0] for fact in self.known("no-turn")}
        done = max((self.spans.index(fact.args[0]) for fact in counted), default=0)
        following = [at for at, _ in self.turns() if at > done]
        between = range(done + 1, following[0] if following else len(self.spans) - 1)
        return list(heights) == [self.heights[at] for at in between if self.spans[at] not in refuted]

    def shows_hill(self, *args, reasons):
        return self.shows_turn_of("hill", *args, reasons=reasons)

    def shows_valley(self, *args, reasons):
        return self.shows_turn_of("valley", *args, reasons=reasons)

    def breaks(self, reason):
        at = self.plateau(*self.tries[-1].args)
        left, here, right = self.heights[at - 1 : at + 2]
        return reason.rule == "on" and reason.args == (left, right) and (left < here < right or left > here > right)

    def denies(self, fact, tried):
        return fact == Fact("no-turn", tried.args)

    def shows_result(self, amount, reasons):
        (reason,) = reasons
        said = [fact for frame in self.frames for fact in frame if fact.kind in ("hill", "valley")]
        expect(reason.rule == "all" and list(reason.facts[1:]) == said, "some are left out")
        return reason.args == (len(self.spans),) and amount == len(said) == len(self.turns())

    def computed(self, parts):
        (copied,) = parts[0].args
        hills, total = sum(kind == "hill" for _, kind in self.turns()), len(self.turns())
        sums = (hills, total - hills, total)
        return [Fact("again", sums) if copied == total else Fact("no-again", (*sums, copied))]


def prover(state):
    return Terrain(state.terrain)
