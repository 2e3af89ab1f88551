"""A replay of longest_increasing_subsequence: for each position the smaller values before it and the length that follows."""

from itertools import pairwise

from replays._story import Story, expect, ints, same

story = Story()


def arrive(facts, at: int, value: int) -> list[int]:
    "Go on to the next position: the places before it whose values are smaller."
    same((at, value), (len(facts.lengths) + 1, facts.sequence[len(facts.lengths)]), "the next position")
    return [place for place, other in enumerate(facts.sequence[: at - 1], 1) if other < value]


@story.says(r"The bars are ([\d, ]+)\.")
def bars(facts, listed):
    same(tuple(ints(listed)), facts.sequence, "the bars")


@story.says(r"For each position I look for the smaller value before it that has the greatest length\.")
def plan(facts):
    pass


@story.says(r"Position (\d+) \((\d+)\): nothing before it is smaller, so length (\d+)\.")
def alone(facts, at, value, length):
    same((arrive(facts, at, value), length), ([], 1), "the smaller values")
    facts.lengths.append(1)


@story.says(
    r"Position (\d+) \((\d+)\): (\d+) smaller before it, best (\d+) at (\d+) with length (\d+), so length (\d+)\."
)
def longer(facts, at, value, n, best, where, before, length):
    smaller = arrive(facts, at, value)
    same(n, len(smaller), "the number of smaller values")
    expect(where in smaller, f"position {where} holds no smaller value before position {at}")
    same((best, before), (facts.sequence[where - 1], facts.lengths[where - 1]), f"position {where}")
    same((before, length), (max(facts.lengths[place - 1] for place in smaller), before + 1), "the greatest length")
    facts.lengths.append(length)


@story.says(
    r"Going back from the best length gives ([\d <]+), at positions ([\d, ]+): (\d+) in order, each larger than the one before\."
)
def chain(facts, values, places, n):
    values, places = ints(values), ints(places)
    same((values, n), ([facts.sequence[place - 1] for place in places], max(facts.lengths)), "the chain")
    same([facts.lengths[place - 1] for place in places], [*range(1, n + 1)], "the lengths of the chain")
    expect(
        all(a < b for a, b in pairwise(values)) and all(a < b for a, b in pairwise(places)), "the chain does not rise"
    )


@story.says(r"No position has a greater length, so the longest increasing subsequence has length (\d+)\.")
def result(facts, length):
    same((length, len(facts.lengths)), (max(facts.lengths), len(facts.sequence)), "the greatest length")


@story.shows(r"lengths: (.*)")
def board(facts, listed):
    same(ints(listed), facts.lengths, "the lengths")


def end(facts, answer):
    same(answer, str(max(facts.lengths)), "the answer")


def replay(state, text) -> str:
    return story.replay(text, end, sequence=state.sequence, lengths=[])
