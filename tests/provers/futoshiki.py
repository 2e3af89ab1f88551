"""The prover of futoshiki."""

from mmhelix_nb.steps import Fact
from provers._cells import Square, filled, table


class Futoshiki(Square):
    def __init__(self, state):
        n = len(state.grid)
        self.less = [(one, two) if sign == "<" else (two, one) for one, two, sign in state.inequalities]
        pairs = [(low, high) for high in range(1, n + 1) for low in range(1, high)]
        super().__init__(state.grid, {pair: table(pair, pairs) for pair in self.less})

    def readings(self):
        return [*super().readings(), [Fact("less", pair) for pair in self.less]]

    def tally(self, parts):
        if parts[0].kind == "line":
            return filled(parts)
        across = sum(fact.args[0][0] == fact.args[1][0] for fact in parts)
        return [Fact("signs", (across, len(parts) - across))]

    def more_checks(self, grid):
        found = [(a, b, grid[a[0]][a[1]], grid[b[0]][b[1]]) for a, b in self.less]
        wrong = [Fact("no-smaller", one) for one in found if one[2] >= one[3]]
        return wrong[:1] or [Fact("smaller", (tuple(one[2:] for one in found),))] * bool(found)


def prover(state):
    return Futoshiki(state)
