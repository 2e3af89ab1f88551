"""Charts of bars: what is read of them, and how many there are, the highest and the lowest."""

from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect

STRIP = 18  # bars in a line of the picture at most


def lines_of(bars) -> list[Fact]:
    "The bars in lines of nearly equal length."
    count = -(-len(bars) // STRIP)
    length = -(-len(bars) // count)
    return [Fact("bars", (at + 1, tuple(bars[at : at + length]))) for at in range(0, len(bars), length)]


class Chart(Proof):
    "A puzzle about the heights of `bars`."

    outer = True

    def __init__(self, bars):
        super().__init__()
        self.bars = tuple(bars)

    def readings(self):
        return [lines_of(self.bars)]

    def tally(self, parts):
        values = [value for fact in parts for value in fact.args[1]]
        high, low = max(values), min(values)
        places = [tuple(i + 1 for i, value in enumerate(values) if value == one) for one in (high, low)]
        return [Fact("extremes", (len(values), high, places[0], low, places[1]))]


class Most(Chart):
    "A puzzle about the most of something: `best` amounts are guessed, and beaten by facts whose last part is larger; `result` is shown by all that was measured."

    def follows(self, step):
        for fact in step.facts:
            expect(hasattr(self, f"shows_{fact.kind}"), f"{fact} is of no known kind")
            expect(getattr(self, f"shows_{fact.kind}")(*fact.args, reasons=step.reasons), f"{fact} does not follow")

    def breaks(self, reason):
        amount, guessed = reason.args
        (fact,) = reason.facts
        expect(reason.rule == "larger" and self.tries[-1] == Fact("best", (guessed,)), "another guess is beaten")
        return fact.args[-1] == amount > guessed

    def denies(self, fact, tried):
        return fact == Fact("not-best", tried.args)

    def known(self, kind):
        "All facts of a kind that hold, as they were told."
        return [fact for frame in self.frames for fact in frame if fact.kind == kind]

    def copies(self):
        return self.known("result")

    def answer(self, parts):
        return str(parts[0].args[0])
