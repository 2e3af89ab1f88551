"""The prover of nibbles: every walk is made, move by move."""

from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect

STEPS = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}


def step(cell, move):
    return cell[0] + STEPS[move][0], cell[1] + STEPS[move][1]


class Nibbles(Proof):
    inner = (1,)

    def __init__(self, state):
        super().__init__()
        self.state, self.n = state, state.size
        self.places: list = [
            (tuple(state.snake), frozenset(state.apples))
        ]  # after each walk that stands; None where it is only tried
        self.failed = [0]  # walks from each of them that have failed
        self.walks = 0
        self.last, self.round = (
            None,
            None,
        )  # the apple of the walk that failed last here, and the one to which there is a way round
        self.rounds = [set()]  # after each walk that stands, the apples round to which a way was looked for,
        self.tried = [set()]  # and those to which a walk has failed

    def now(self):
        return next(place for place in reversed(self.places) if place)

    def free(self, cell):
        return 0 <= cell[0] < self.n and 0 <= cell[1] < self.n

    def walked(self, place, moves):
        "The place after some moves, or the number of the first that fails and the cell that it leads to."
        snake, apples = place
        for number, move in enumerate(moves, 1):
            head = step(snake[0], move)
            if head in snake or not self.free(head):
                return number, head
            snake, apples = (head, *(snake if head in apples else snake[:-1])), apples - {head}
        return snake, apples

    def spread(self, apple):
        "The new cells that can be reached after each move, past the other apples."
        snake, apples = self.now()
        reached, layer, counts = {snake[0]}, {snake[0]}, []
        while layer and apple not in reached:
            covered = set(snake[: max(0, len(snake) - len(counts))]) | apples - {apple}
            if not counts:
                back = [step(snake[0], move) for move in STEPS]
                covered |= {cell for cell in back if len(snake) == 1 and cell == self.behind()}
            layer = {step(cell, move) for cell in layer for move in STEPS} - reached - covered
            layer = {cell for cell in layer if self.free(cell)}
            reached |= layer
            counts.append(len(layer))
        return tuple(counts)

    def behind(self):
        down, right = STEPS[self.state.direction]
        return self.state.snake[0][0] - down, self.state.snake[0][1] - right

    def is_behind(self, apple):
        "Whether an apple lies straight behind the head, so that no straight walk leads there."
        snake, _ = self.now()
        neck = snake[1] if len(snake) > 1 else self.behind()
        back, way = [(cell[0] - snake[0][0], cell[1] - snake[0][1]) for cell in (neck, apple)]
        return max(abs(way[0]), abs(way[1])) * back[0] == way[0] and max(abs(way[0]), abs(way[1])) * back[1] == way[1]

    def body(self, snake):
        "The body from the head on, as moves."
        name = {change: move for move, change in STEPS.items()}
        return tuple(name[b[0] - a[0], b[1] - a[1]] for a, b in zip(snake, snake[1:]))

    def readings(self):
        return [
            [
                Fact("snake", (self.state.snake[0], self.body(self.state.snake))),
                *(Fact("apple", (cell,)) for cell in self.state.apples),
            ]
        ]

    def tally(self, parts):
        cells, apples = [parts[0].args[0]], {fact.args[0] for fact in parts[1:]}
        for move in parts[0].args[1]:
            cell = step(cells[-1], move)
            if cell in apples or cell in cells or not self.free(cell):
                return [Fact("no-inside", (cell,))]
            cells.append(cell)
        return [Fact("numbers", (len(cells), len(apples)))]

    def follows(self, step_):
        (fact,), (reason,) = step_.facts, step_.reasons
        if fact.kind == "spread":
            apple, counts = fact.args
            expect(apple in self.now()[1] and counts == self.spread(apple), f"{counts} are not the cells")
            expect(counts[-1] or apple == self.last or self.is_behind(apple), "another apple was tried")
            expect(apple not in self.rounds[-1], "a way round was looked for before")
            self.rounds[-1].add(apple)
            self.round = apple if counts[-1] else None
            return
        expect(fact.kind == "at" and reason.rule == "walked", f"{fact} is of no known kind")
        walk = self.tries[-1]
        expect(
            self.places[-1] is None and reason.facts[0] == walk and reason.args == walk.args[:1], "no walk is under way"
        )
        snake, apples = self.walked(self.now(), walk.args[2])
        expect(
            isinstance(snake, tuple) and fact.args == (snake[0], self.body(snake), len(snake)),
            "the walk does not end so",
        )
        expect(walk.args[1] not in apples, "the apple is not eaten")
        self.places[-1] = snake, apples
        self.failed.append(0)
        self.rounds.append(set())
        self.tried.append(set())
        self.last = None

    def on_hypothesise(self, step_):
        super().on_hypothesise(step_)
        number, apple, _ = step_.facts[0].args
        self.walks += 1
        expect(number == self.walks and apple in self.now()[1] and self.places[-1], "another walk is tried")
        expect(self.round in (None, apple), "the way round leads to another apple")
        self.round = None
        self.places.append(None)

    def breaks(self, reason):
        walk = reason.facts[0]
        if reason.rule == "hits":
            number, move, cell = reason.args
            return (
                walk == self.tries[-1]
                and self.walked(self.now(), walk.args[2]) == (number, cell)
                and walk.args[2][number - 1] == move
            )
        expect(self.rounds.pop() | self.tried.pop() == self.now()[1], "an apple was not tried")
        return self.places[-1] and reason.args == (self.now()[0][0], self.failed.pop())

    def denies(self, fact, tried):
        self.places.pop()
        self.failed[-1] += 1
        self.last = tried.args[1]
        self.tried[-1].add(self.last)
        return fact == Fact("not", tried.args[:1])

    def copies(self):
        expect(self.places[-1] and not self.places[-1][1], "apples are left")
        return [Fact("leg", walk.args[1:]) for walk in self.tries]

    def computed(self, parts):
        place, made = self.places[0], 0
        for fact in parts:
            after = self.walked(place, fact.args[1])
            if isinstance(after[0], int):
                number, cell = after
                return [Fact("no-free", (made + number, fact.args[1][number - 1], cell))]
            place, made = after, made + len(fact.args[1])
        if place[1]:
            return [Fact("no-eaten", ([cell for cell in self.state.apples if cell in place[1]][0],))]
        return [Fact("eaten", (tuple(len(fact.args[1]) for fact in parts), place[0][0], len(place[0])))]

    def answer(self, parts):
        return " ".join(move for fact in parts for move in fact.args[1])


def prover(state):
    return Nibbles(state)
