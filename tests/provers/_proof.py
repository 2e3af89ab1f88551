"""Steps followed one by one: what was read, what follows, what is tried and taken back, what is copied out and checked."""

from collections.abc import Iterable

from mmhelix_nb.steps import Fact, Reason, Step


class Gap(Exception):
    "The first thing in a trace that is not shown, in words."


def expect(holds, problem: str) -> None:
    "Stop where something does not hold."
    if not holds:
        raise Gap(problem)


class Proof:
    """What the provers of all tasks share; a family or a task overrides what it asks.

    Facts stand in frames, one for each try that is open; a fact `rests` on tries."""

    inner: tuple[int, ...] = ()  # readings, from 1, in which a misread part makes the tally impossible in itself

    def __init__(self):
        self.frames: list[dict[Fact, frozenset[Fact]]] = [{}]  # facts, each with the tries that it rests on
        self.tries: list[Fact] = []
        self.broken: frozenset[Fact] | None = (
            None  # the tries that a contradiction rests on, until one of them is taken back
        )
        self.truth: list[Fact] = []  # of what was read last
        self.seen: list[Fact] = []
        self.right: list[Fact] = []  # of what was copied out last
        self.copied: list[Fact] = []
        self.reading = 0

    # What a family or a task says

    def readings(self) -> list[list[Fact]]:
        "What the picture shows, reading by reading."
        return []

    def tally(self, parts: list[Fact]) -> list[Fact]:
        "What is counted of the parts of a reading."
        return []

    def follows(self, step: Step) -> None:
        "Raise `Gap` where the facts of a step do not follow from its reasons, whose facts are known."
        raise NotImplementedError

    def breaks(self, reason: Reason) -> bool:
        "Whether a reason, whose facts are known, cannot be."
        raise NotImplementedError

    def denies(self, fact: Fact, tried: Fact) -> bool:
        "Whether a fact says that what was tried is not so."
        return fact == Fact("not", (tried.args[0], (tried.args[1],)))

    def copies(self) -> list[Fact]:
        "What has to be copied out, from what is known."
        raise NotImplementedError

    def computed(self, parts: list[Fact]) -> list[Fact]:
        "The checks of a copy; one that fails is the last."
        raise NotImplementedError

    def answer(self, parts: list[Fact]) -> str:
        "The answer that a copy makes."
        raise NotImplementedError

    # What is the same for all

    def know(self, facts: Iterable[Fact], rests: Iterable[Fact] = ()) -> None:
        for fact in facts:
            self.frames[-1].setdefault(fact, frozenset(rests))

    def rests(self, reasons: Iterable[Reason]) -> frozenset[Fact]:
        "The tries that reasons rest on; all their facts must have been said and still hold."
        found: set[Fact] = set()
        for reason in reasons:
            for fact in reason.facts:
                frame = next((frame for frame in self.frames if fact in frame), None)
                expect(frame is not None, f"{fact} was not said, or was taken back")
                found |= (
                    {fact} if fact in self.tries else frame[fact]
                )  # what is tried was perhaps shown under wider tries
        return frozenset(found)

    def follow(self, steps: list[Step]) -> str:
        "The first gap; empty where there is none."
        try:
            for number, step in enumerate(steps):
                try:
                    expect(len(set(step.facts)) == len(step.facts), "something is said twice")
                    getattr(self, f"on_{step.kind}", self.on_deduce)(step)
                except Gap as gap:
                    raise Gap(f"step {number} ({step.says}): {gap}") from None
            expect(steps and steps[-1].kind == "conclude", "there is no conclusion")
            expect(self.broken is None, "a contradiction is left open")
        except Gap as gap:
            return str(gap)
        return ""

    def on_read(self, step: Step) -> None:
        expect(self.reading < len(self.readings()), "there is nothing more to read")
        self.truth, self.seen = self.readings()[self.reading], list(step.facts)
        self.reading += 1
        wrong = [fact for fact in self.seen if fact not in self.truth]
        expect(wrong == list(step.false), f"{wrong} is not what the picture shows")
        self.know(fact for fact in self.seen if fact not in wrong)

    def on_check(self, step: Step) -> None:
        rules = {reason.rule for reason in step.reasons}
        if rules == {"count"}:
            expect(self.seen == self.truth or set(self.seen) == set(self.truth), "a misreading is not noticed")
            expect(list(step.facts) == self.tally(self.truth), "the count is wrong")
        elif rules == {"computed"}:
            expect(self.copied == self.right, "a slip is not noticed")
            expect(list(step.facts) == self.computed(self.copied), "the check is computed wrongly")
        else:
            self.on_deduce(step)

    def on_deduce(self, step: Step) -> None:
        if step.kind == "observe" and not step.reasons:
            self.on_copy(step)
            return
        expect(step.reasons or not step.facts, "there is no reason")
        rests = self.rests(step.reasons)
        self.follows(step)
        self.know(step.facts, rests)

    def on_hypothesise(self, step: Step) -> None:
        expect(len(step.facts) == 1, "one thing is tried at a time")
        self.tries.append(step.facts[0])
        self.frames.append({})
        self.know(step.facts, step.facts)

    def on_contradiction(self, step: Step) -> None:
        rules = {reason.rule for reason in step.reasons}
        if rules == {"count"}:
            expect(set(self.seen) != set(self.truth), "nothing was misread")
            true, written = self.tally(self.truth), self.tally(self.seen)
            expect(true != written, "the count is the same")
            counted = written if self.reading in self.inner else [fact for fact in true if fact not in written]
            expect(list(step.facts) == counted, "the count is wrong")
            return
        if rules == {"computed"}:
            expect(self.copied != self.right, "nothing was miscopied")
            expect(list(step.facts) == self.computed(self.copied)[-1:], "the check is computed wrongly")
            return
        expect(step.reasons, "there is no reason")
        rests = self.rests(step.reasons)
        expect(all(self.breaks(reason) for reason in step.reasons), "this is no contradiction")
        expect(not step.facts, "a contradiction says nothing new")
        self.broken = rests

    def on_backtrack(self, step: Step) -> None:
        expect(self.broken is not None and self.tries, "nothing has failed")
        (reason,) = step.reasons
        expect(reason.rule == "contradiction" and reason.facts[0] in self.tries, "no try that stands is taken back")
        number = self.tries.index(reason.facts[0])
        tried, outer = self.tries[number], set(reason.facts[1:])
        expect(self.broken <= {tried, *outer} and outer <= set(self.tries[:number]), "it rests on other tries")
        expect(len(step.facts) == 1 and self.denies(step.facts[0], tried), "the try is not what is taken back")
        under, self.tries = self.tries[number:], self.tries[:number]
        frames, self.frames = self.frames[number + 1 :], self.frames[: number + 1]
        for fact, rests in (item for frame in frames for item in frame.items()):
            if rests.isdisjoint(under):
                self.know([fact], rests)
        self.broken = None
        self.know(step.facts, outer)

    def on_repair(self, step: Step) -> None:
        if self.copied != self.right:
            expect(
                list(step.facts) == [fact for fact in self.right if fact not in self.copied], "the slip is not mended"
            )
            self.copied = self.right
        else:
            expect(
                list(step.facts) == [fact for fact in self.truth if fact not in self.seen],
                "the misreading is not mended",
            )
            self.know(step.facts)
            self.seen = self.truth

    def on_copy(self, step: Step) -> None:
        self.right, self.copied = self.copies(), list(step.facts)
        expect(
            [fact for fact in self.copied if fact not in self.right] == list(step.false),
            "the copy is not what was found",
        )
        if not step.false:
            expect(len(self.copied) in (len(self.right), len(self.right) - 1), "the copy is not complete")

    def on_conclude(self, step: Step) -> None:
        expect(set(self.seen) == set(self.truth), "a misreading was not mended")
        expect(self.copied == self.right, "a slip was not mended")
        expect(step.facts == (Fact("answer", (self.answer(self.copied),)),), "the answer is not what was copied out")
