"""A replay of h_index: each trial with the open values, and the bounds after it."""

from replays._story import Story, expect, ints, same

story = Story()


@story.says(r"The (\d+) papers have ([\d, ]+) citations, so h is between (\d+) and (\d+)\.")
def papers(facts, n, listed, low, high):
    same((ints(listed), n), (facts.open, len(facts.open)), "the citations")
    same((low, high), (facts.low, facts.high), "the bounds")


@story.says(r"Is h at least (\d+), the middle of (\d+) to (\d+)\?")
def question(facts, h, low, high):
    same((low, high, h), (facts.low, facts.high, (low + high + 1) // 2), "the bounds and their middle")
    facts.h = h


@story.says(r"(?:Then )?(\d+) values must be at least (\d+)\.")
def wanted(facts, n, h):
    same((n, h), (facts.h, facts.h), "what must hold")


@story.says(r"Open values that are at least (\d+): (.*)\.")
def reached(facts, h, listed):
    facts.reached = [value for value in facts.open if value >= facts.h]
    same((h, ints(listed)), (facts.h, facts.reached), "the values that are large enough")


@story.says(r"That makes (?:(\d+) counted before \+ (\d+) = )?(\d+), (enough for|fewer than) (\d+)\.")
def total(facts, counted, new, sum_, verdict, h):
    if counted is not None:
        same((counted, new), (facts.counted, len(facts.reached)), "the values counted")
    same(
        (sum_, h, verdict),
        (facts.counted + len(facts.reached), facts.h, "enough for" if sum_ >= facts.h else "fewer than"),
        "the sum",
    )
    facts.sum = sum_


@story.says(r"H is at least (\d+)\.")
def enough(facts, h):
    same(h, facts.h, "the new lower bound")
    expect(facts.sum >= h, "there are not enough values")
    facts.low, facts.open = h, facts.reached


@story.says(r"The number h is at most (\d+); the (\d+) values? counts? for every such h, and the others stay open\.")
def too_few(facts, h, n):
    same((h, n), (facts.h - 1, facts.sum), "the new upper bound")
    expect(facts.sum < facts.h, "there are enough values")
    facts.high, facts.counted, facts.open = h, facts.sum, [value for value in facts.open if value not in facts.reached]


@story.says(
    r"In the whole chart (\d+) values are at least (\d+), and (\d+) are at least (\d+): enough for (\d+), not for (\d+)\."
)
def check(facts, n, h, more, above, good, bad):
    same((h, above, good, bad), (facts.low, h + 1, h, h + 1), "the numbers that are checked")
    same(
        (n, more),
        tuple(sum(value >= number for value in facts.all) for number in (h, above)),
        "the values in the whole chart",
    )
    expect(n >= h and more < above, "the check fails")


@story.says(r"One number is left, so the h-index is (\d+)\.")
def result(facts, h):
    same((h, h), (facts.low, facts.high), "the h-index")


@story.shows(r"h (\d+) to (\d+)(?:, counted (\d+), open: (.*))?")
def board(facts, low, high, counted, values):
    same((low, high), (facts.low, facts.high), "the bounds")
    if values is not None:
        same((counted, ints(values)), (facts.counted, facts.open), "the open values")


def end(facts, answer):
    same((answer, answer), (str(facts.low), str(facts.high)), "the answer")


def replay(state, text) -> str:
    values = [*state.citations]
    return story.replay(text, end, all=values, open=values, low=0, high=len(values), counted=0, h=0, reached=[], sum=0)
