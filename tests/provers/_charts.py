"""Charts of bars: what is read of them, and how many there are, the highest and the lowest."""

from mmhelix_nb.steps import Fact
from provers._proof import Proof

STRIP = 18  # bars in a line of the picture at most


def lines_of(bars) -> list[Fact]:
    "The bars in lines of nearly equal length."
    count = -(-len(bars) // STRIP)
    length = -(-len(bars) // count)
    return [Fact("bars", (at + 1, tuple(bars[at : at + length]))) for at in range(0, len(bars), length)]


class Chart(Proof):
    "A puzzle about the heights of `bars`."

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
