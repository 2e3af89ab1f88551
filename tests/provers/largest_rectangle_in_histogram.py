"""The prover of largest_rectangle_in_histogram."""

from mmhelix_nb.steps import Fact
from provers._charts import Most
from provers._proof import expect


class Histogram(Most):
    def block(self, bar):
        "The rectangle as high as a bar, as far as the bars reach that height."
        height, first, last = self.bars[bar - 1], bar, bar
        while first > 1 and self.bars[first - 2] >= height:
            first -= 1
        while last < len(self.bars) and self.bars[last] >= height:
            last += 1
        return height, (first, last), last - first + 1, height * (last - first + 1)

    def shows_block(self, height, span, wide, amount, reasons):
        (reason,) = reasons
        first, last = span
        if reason.rule == "ends":
            bar, lower = reason.args
            expect(1 <= bar <= len(self.bars) and self.bars[bar - 1] == lower, "the bar has another height")
        expect(last == (len(self.bars) if reason.rule == "end" else reason.args[0] - 1), "it ends elsewhere")
        covered = range(first, last + 1)
        return any((height, span, wide, amount) == self.block(bar) for bar in covered if 0 < bar <= len(self.bars))

    def best(self):
        "The largest rectangle that was told first."
        found = [fact.args for fact in self.known("block")]
        return max(found, key=lambda args: args[-1], default=(0, (1, len(self.bars)), len(self.bars), 0))

    def shows_result(self, amount, reasons):
        (reason,) = reasons
        said = self.known("block")
        expect(reason.rule == "all" and list(reason.facts) == said and reason.args[0] == len(said), "some are left out")
        wanted = {self.block(bar) for bar in range(1, len(self.bars) + 1) if self.bars[bar - 1]}
        return {fact.args for fact in said} == wanted and amount == self.best()[-1]

    def computed(self, parts):
        height, span, wide, area = self.best()
        (copied,) = parts[0].args
        if copied != area:
            return [Fact("no-again", (height, span, wide, area, copied))]
        return [Fact("again", (height, span, self.bars[span[0] - 1 : span[1]], wide, area))]


def prover(state):
    return Histogram(state.heights)
