"""The prover of word_ladder: listed words are words and new, and the search goes on with one of the nearest that it has listed."""

from functools import cache
from pathlib import Path

import mmhelix_nb
from mmhelix_nb.steps import Fact
from provers._proof import Proof, expect


@cache
def english(name: str) -> frozenset[str]:
    return frozenset((Path(mmhelix_nb.__file__).parent / "data" / f"{name}.txt").read_text().splitlines())


def off(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other)) + 9 * abs(len(one) - len(other))


class WordLadder(Proof):
    def __init__(self, state):
        super().__init__()
        self.start, self.target = state.start_word.lower(), state.target_word.lower()
        self.ends = state.start_word, state.target_word
        self.open: dict[str, int] = {
            self.start: off(self.start, self.target)
        }  # words that were listed, and how far off they are
        self.before = {self.start: ""}
        self.last: set[str] = {self.start}  # what was listed last, or turned to

    def readings(self):
        return [[Fact("word", ("start", self.start)), Fact("word", ("target", self.target))]]

    def tally(self, parts):
        one, other = (fact.args[1] for fact in parts)
        return [Fact("differ", (len(one), off(one, other)))]

    def follows(self, step):
        for fact in step.facts:
            expect(fact.kind == "next" and step.reasons[0].rule == "letter", f"{fact} is of no known kind")
            word, found = fact.args
            expect(
                word in self.last and self.open.pop(word) <= min(self.open.values(), default=99) or self.turned,
                f"{word} is not next",
            )
            self.open.pop(word, None)
            for near, letters in found:
                expect(
                    off(near, word) == 1 and near in english("accepted_words") and near not in self.before,
                    f"{near} is no new word",
                )
                expect(letters == off(near, self.target), f"{near} is not {letters} off")
                self.open[near], self.before[near] = letters, word
            self.last, self.turned = {near for near, _ in found}, False

    turned = False  # whether the next word was chosen

    def on_contradiction(self, step):
        if step.reasons[0].rule != "stuck":
            return super().on_contradiction(step)
        (word,) = step.reasons[0].args
        expect(word in self.last and word in self.open, f"{word} is not what is looked at")
        known = [near for near in english("words") if off(near, word) == 1 and near not in self.before]
        expect(not known, f"there is {known} beside {word}")
        self.open.pop(word)
        return None

    def on_backtrack(self, step):
        (fact,), (reason,) = step.facts, step.reasons
        word, letters = fact.args
        self.rests(step.reasons)
        expect(reason.args == fact.args and word in self.open, f"{word} is not left")
        expect(letters == self.open[word] == min(self.open.values()), f"{word} is not the nearest")
        expect(word in dict(reason.facts[0].args[1]), f"{word} was not listed there")
        self.last = {word}

    def on_hypothesise(self, step):
        (fact,) = step.facts
        word, letters = fact.args
        expect(word in self.last and self.open[word] == letters, f"{word} was not listed")
        self.last, self.turned = {word}, True

    def copies(self):
        words = [self.target]
        while words[-1] != self.start:
            expect(words[-1] in self.before, "the target was not reached")
            words.append(self.before[words[-1]])
        return [Fact("rung", (word,)) for word in reversed(words)]

    def computed(self, parts):
        words = [fact.args[0] for fact in parts]
        for one, other in zip(words, words[1:]):
            if off(one, other) != 1:
                return [Fact("no-change", (one, other, off(one, other)))]
        return [
            Fact(
                "changes",
                (tuple(f"{a}>{b}" for one, other in zip(words, words[1:]) for a, b in zip(one, other) if a != b),),
            )
        ]

    def answer(self, parts):
        middle = [fact.args[0] for fact in parts[1:-1]]
        return " -> ".join([self.ends[0], *middle, self.ends[1]])


def prover(state):
    return WordLadder(state)
