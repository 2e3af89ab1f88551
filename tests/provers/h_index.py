"""The prover of h_index."""

from mmhelix_nb.steps import Fact
from provers._charts import Chart
from provers._proof import expect


class HIndex(Chart):
    def reach(self, least, below=float("inf")):
        return tuple(value for value in self.bars if least <= value < below)

    def follows(self, step):
        for fact in step.facts:
            expect(getattr(self, f"shows_{fact.kind}", None), f"{fact} is of no known kind")
            expect(getattr(self, f"shows_{fact.kind}")(fact, step.reasons), f"{fact} does not follow")

    def shows_reach(self, fact, reasons):
        number, values, total = fact.args
        return reasons[0].rule == "bars" and values == self.reach(number) and total == len(values)

    def shows_more(self, fact, reasons):
        number, values, before, total = fact.args
        (counted,) = reasons[0].facts
        above, known = counted.args[0], counted.args[-1]
        return values == self.reach(number, above) and before == known and total == before + len(values)

    def counted(self, reason, h):
        "The number that a reason counts for h, which one of its facts gives."
        (count,) = reason.facts
        expect(
            count.args[0] == h == reason.args[0] and count.args[-1] == reason.args[1], "the count is for another number"
        )
        return count.args[-1]

    def shows_least(self, fact, reasons):
        (h,) = fact.args
        return reasons[0].rule == "enough" and self.counted(reasons[0], h) >= h

    def breaks(self, reason):
        h = reason.args[0]
        return self.tries[-1] == Fact("try", (h,)) and self.counted(reason, h) < h

    def denies(self, fact, tried):
        return fact == Fact("most", (tried.args[0] - 1,))

    def shows_sorted(self, fact, reasons):
        return fact.args[0] == tuple(sorted(self.bars, reverse=True))

    def shows_h(self, fact, reasons):
        (h,) = fact.args
        if reasons[0].rule == "meet":
            said = {one.kind: one.args[0] for one in reasons[0].facts}
            bounds = said.get("least", 0), said.get("most", len(self.bars))
            return bounds == reasons[0].args == (h, h)
        ranked = {reason.args[0]: reason.args[1] for reason in reasons}
        values = reasons[0].facts[0].args[0]
        expect(all(values[rank - 1] == value for rank, value in ranked.items()), "another value has this rank")
        return ranked.get(h, 0) >= h and (h == len(values) or ranked[h + 1] < h + 1)

    def copies(self):
        return [fact for frame in self.frames for fact in frame if fact.kind == "h"]

    def computed(self, parts):
        (h,) = parts[0].args
        here, above = len(self.reach(h)), len(self.reach(h + 1))
        if here < h:
            return [Fact("no-holds", (h, here))]
        return [Fact("no-holds", (h + 1, above))] if above > h else [Fact("holds", (h, here, h + 1, above))]

    def answer(self, parts):
        return str(parts[0].args[0])


def prover(state):
    return HIndex(state.citations)
