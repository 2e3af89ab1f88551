"""The prover of template: every card that is tried, and what came of it."""

from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect


class TwoCards(Proof):
    def __init__(self, state):
        super().__init__()
        self.cards, self.target = state.cards, state.target

    def readings(self):
        return [[Fact("cards", (self.cards, self.target))]]

    def tally(self, parts):
        cards = parts[0].args[0]
        return [Fact("count", (len(cards), max(cards)))]

    def follows(self, step):
        (fact,), (reason,) = step.facts, step.reasons
        rule = (reason.rule, fact.kind)
        if rule == ("large", "out"):
            expect(fact.args[0] in self.cards and reason.args == (*fact.args, self.target), "another card is out")
            expect(fact.args[0] >= self.target, "the card is below the target")
        elif rule == ("rest", "other"):
            (card,) = self.tries[-1].args
            expect(reason.facts == (Fact("one", (card,)),), "it rests on another card")
            expect(reason.args == (self.target, card, self.target - card), "the rest is another number")
            expect(fact.args == reason.args[2:], "the other card is the rest")
        elif rule == ("there", "pair"):
            one, other = reason.facts
            expect((*one.args, *other.args) == fact.args and other.args == reason.args, "it is another pair")
            expect({*fact.args} <= {*self.cards} and fact.args[0] != fact.args[1], "a card is not there")
        else:
            expect(False, f"{rule} is unknown")

    def breaks(self, reason):
        (other,) = reason.facts
        others = [card for card in self.cards if card != self.tries[-1].args[0]]
        return reason.rule == "missing" and other.args == reason.args and other.args[0] not in others

    def denies(self, fact, tried):
        return fact == Fact("out", tried.args)

    def copies(self):
        return [fact for frame in self.frames for fact in frame if fact.kind == "pair"]

    def computed(self, parts):
        total = sum(parts[0].args)
        return [Fact("sum" if total == self.target else "no-sum", (*parts[0].args, total))]

    def answer(self, parts):
        return "{}, {}".format(*parts[0].args)


def prover(state):
    return TwoCards(state)
