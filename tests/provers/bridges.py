"""The prover of bridges: a cell is a span, called by the places (column, row) of its two islands."""

from itertools import product

from mmhelix_nb.steps import Fact
from provers._cells import Cells, Place, filled, row_facts


def neighbours(islands):
    "The pairs of islands with nothing between, ascending."
    found = []
    for x, y in islands:
        right = [(x2, y) for x2, y2 in islands if y2 == y and x2 > x]
        below = [(x, y2) for x2, y2 in islands if x2 == x and y2 > y]
        found += [((x, y), min(line)) for line in (right, below) if line]
    return sorted(found)


def cross(one, other):
    (a, b), (c, d) = sorted((one, other), key=lambda span: span[0][0] == span[1][0])
    return a[1] == b[1] and c[0] == d[0] and a[0] < c[0] < b[0] and c[1] < a[1] < d[1]


def reached(islands, spans):
    "The islands that one gets to from the first."
    seen, todo = set(), [islands[0]]
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo += [two if one == here else one for one, two in spans if here in (one, two)]
    return seen


class Bridges(Cells):
    def __init__(self, state):
        self.number = {(x, y): number for x, y, number in state.islands}
        self.islands = list(self.number)
        self.spans = neighbours(self.islands)
        places = {}
        for island, number in self.number.items():
            own = tuple(span for span in self.spans if island in span)
            places[(island,)] = Place(own, self.adds(number), self.says(number, len(own)))
        for one, other in product(self.spans, self.spans):
            if one != other and cross(one, other):
                places[one, other] = Place((one, other), lambda domains: any(0 in domain for domain in domains))
        super().__init__({span: range(3) for span in self.spans}, places, {})

    def adds(self, number):
        return lambda domains: any(sum(ends) == number for ends in product(*domains))

    def says(self, number, ways):
        return lambda more, domains: more == (number, ways)

    def place(self, args):
        if (args[0],) in self.places or args[:2] in self.places:
            return super().place(args)

        def open_spans(domains):
            return [span for span, domain in zip(self.spans, domains) if domain != {0}]

        def whole(domains):
            return len(reached(self.islands, open_spans(domains))) == len(self.islands)

        def cut(more, domains):
            group = set(more[0])
            return 0 < len(group) < len(self.islands) and not any(
                (one in group) != (two in group) for one, two in open_spans(domains)
            )

        return Place(tuple(self.spans), whole, cut), args

    def rows(self):
        width, height = (max(place[way] for place in self.islands) + 1 for way in (0, 1))
        return [[str(self.number.get((x, y), "")) for x in range(width)] for y in range(height)]

    def readings(self):
        return [row_facts(self.rows())]

    def tally(self, parts):
        return filled(parts)

    def copies(self):
        return [Fact("laid", (span, self.value(span))) for span in self.spans if self.value(span)]

    def computed(self, parts):
        sums = []
        for island, number in self.number.items():
            own = tuple(fact.args[1] for fact in parts if island in fact.args[0])
            if sum(own) != number:
                return [Fact("no-summed", (island, own, number))]
            sums.append(own)
        laid = [fact.args[0] for fact in parts]
        if any(cross(one, other) for one in laid for other in laid) or len(reached(self.islands, laid)) < len(sums):
            return []
        return [Fact("summed", (tuple(sums),)), Fact("joined", (len(sums),))]

    def answer(self, parts):
        return "\n".join(f"({a},{b})-({c},{d}):{count}" for ((a, b), (c, d)), count in (fact.args for fact in parts))


def prover(state):
    return Bridges(state)
