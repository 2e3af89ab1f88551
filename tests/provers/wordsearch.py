"""The prover of wordsearch: letters are read off the grid."""

from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect

STEPS = {
    "E": (1, 0),
    "SE": (1, 1),
    "S": (0, 1),
    "SW": (-1, 1),
    "W": (-1, 0),
    "NW": (-1, -1),
    "N": (0, -1),
    "NE": (1, -1),
}


class Wordsearch(Proof):
    def __init__(self, state):
        super().__init__()
        self.grid, self.word, self.n = state.grid, state.word, len(state.grid)
        self.found: tuple | None = None  # the cell and the way that is followed and not taken back
        self.begins: list = []  # the first letters that were not looked at yet, in order
        self.around: tuple = ()  # the cell that is looked at, and the ways of its second letters

    def line(self, cell, way):
        "The letters from a cell on, as many as the word has; empty where the grid ends before."
        (x, y), (right, down) = cell, STEPS[way]
        cells = [(x + i * right, y + i * down) for i in range(len(self.word))]
        if not all(0 <= c < self.n and 0 <= r < self.n for c, r in cells):
            return ""
        return "".join(self.grid[r][c] for c, r in cells)

    def readings(self):
        return [[Fact("line", (("row", r), tuple(row))) for r, row in enumerate(self.grid)]]

    def tally(self, parts):
        rows = [fact.args[1] for fact in parts]
        return [
            Fact("initials", (self.word[0], tuple(sum(row[c] == self.word[0] for row in rows) for c in range(self.n))))
        ]

    def follows(self, step):
        for fact in step.facts:
            shown = getattr(self, f"shows_{fact.kind}", None)
            expect(shown and shown(*fact.args), f"{fact} is not so")

    def shows_starts(self, letter, cells):
        every = {(c, r) for r, row in enumerate(self.grid) for c, sign in enumerate(row) if sign == letter}
        self.begins = [*cells]
        return letter == self.word[0] and set(cells) == every and len(cells) == len(every)

    def shows_second(self, cell, letter, ways):
        begins = {way for way in STEPS if self.line(cell, way)[:2] == self.word[:2]}
        x, y = cell
        expect(0 <= x < self.n and 0 <= y < self.n and self.grid[y][x] == self.word[0], f"{cell} is no first letter")
        expect(self.begins and cell == self.begins.pop(0), f"{cell} is not the next first letter")
        self.around = cell, ways
        return letter == self.word[1] and (set(ways) == begins or self.ends(cell, ways, begins))

    def ends(self, cell, ways, begins):
        "Whether the last of the ways finds the word, so that no other was looked at."
        return bool(ways) and set(ways) <= begins and self.line(cell, ways[-1]) == self.word

    def shows_reads(self, cell, way, said):
        return (
            cell == self.around[0]
            and way in self.around[1]
            and self.line(cell, way).startswith(said)
            and said[:-1] == self.word[: len(said) - 1]
            and not self.word.startswith(said)
        )

    def on_hypothesise(self, step):
        cell, way, part = step.facts[0].args
        expect(self.line(cell, way).startswith(part) and self.word.startswith(part), f"{part} is not there")
        self.found = cell, way
        super().on_hypothesise(step)

    def breaks(self, reason):
        (follow,) = reason.facts
        cell, way, part = follow.args
        number, sign, wanted = reason.args
        at = number - 1
        return at == len(part) and self.line(cell, way)[at] == sign != wanted == self.word[at]

    def denies(self, fact, tried):
        self.found = None
        return fact == Fact("not", tried.args[:2])

    def copies(self):
        expect(self.found, "nothing was found")
        (x, y), way = self.found
        right, down = STEPS[way]
        return [
            Fact("stands", (i + 1, letter, (x + i * right, y + i * down)))
            for i, letter in enumerate(self.line((x, y), way))
        ]

    def computed(self, parts):
        cells, way = [fact.args[2] for fact in parts], self.found[1]
        for one, other in zip(cells, cells[1:]):
            if (other[0] - one[0], other[1] - one[1]) != STEPS[way]:
                return [Fact("no-step", (one, other, way))]
        return [Fact("spells", ("".join(self.grid[r][c] for c, r in cells), way, cells[0]))]

    def answer(self, parts):
        (x, y), way = parts[0].args[2], self.found[1]
        expect("".join(fact.args[1] for fact in parts) == self.word, "these letters are not the word")
        return f"{self.word} {way} @ ({x + 1}, {y + 1})"


def prover(state):
    return Wordsearch(state)
