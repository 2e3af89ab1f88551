"""A replay of largest_rectangle_in_histogram: which rectangles each bar closes, and those that stay open."""

import re

from replays._charts import reads_bars
from replays._story import ITEMS, Story, expect, ints, pairs, same

story = Story()
reads_bars(story)


def arrive(facts, height: int) -> list[tuple[int, int, int]]:
    "Let the next bar come: the rectangles (height, first bar, last bar) that it closes."
    first, closed = facts.at + 1, []
    while facts.open and facts.open[-1][0] >= height:
        tall, first = facts.open.pop()
        if tall > height:
            closed.append((tall, first, facts.at))
    if height:
        facts.open.append((height, first))
    facts.at += 1
    return closed


@story.says(r"A rectangle stays open until a lower bar comes\.")
def rule(facts):
    pass


@story.says(r"Bars? " + ITEMS + r" closes? nothing\.")
def rising(facts, listed):
    for at, height in pairs(listed):
        same((at, height), (facts.at + 1, facts.heights[facts.at]), "the next bar")
        expect(not arrive(facts, height), f"bar {at} closes something")


@story.says(r"(?:Bar (\d+) \((\d+)\)|(The end)) closes (.*); best (\d+)\.")
def closing(facts, at, height, ended, listed, best):
    if ended:
        same(facts.at, len(facts.heights), "the bars before the end")
    else:
        same((at, height), (facts.at + 1, facts.heights[facts.at]), "the next bar")
    told = [
        [int(group or 0) for group in found]
        for found in re.findall(r"height (\d+) over bars? (\d+)(?:-(\d+))? = (\d+)", listed)
    ]
    expect(len(told) == listed.count("height"), f"unknown rectangles: {listed}")
    closed = arrive(facts, height or 0)
    same([(tall, a, b or a) for tall, a, b, _ in told], closed, "the rectangles that close")
    same([area for *_, area in told], [tall * (b - a + 1) for tall, a, b in closed], "the areas")
    facts.best = max(
        [facts.best, *((tall * (b - a + 1), -i, tall, a, b) for i, (tall, a, b) in enumerate(closed, facts.at))]
    )
    same(best, facts.best[0], "the best area")


@story.says(r"Height (\d+) reaches back to bar (\d+)\.")
def back(facts, height, first):
    same((height, first), facts.open[-1], "the open rectangle")


@story.says(
    r"The largest is (\d+) high over bars? (\d+)(?:-(\d+))?: ([\d, ]+) (?:are all|is) at least (\d+), and (\d+) x (\d+) = (\d+)\."
)
def largest(facts, tall, a, b, listed, least, height, wide, area):
    b = b or a
    same(
        (ints(listed), least, height, wide),
        ([*facts.heights[a - 1 : b]], tall, tall, b - a + 1),
        "the largest rectangle",
    )
    same((min(ints(listed)) >= tall, area, area), (True, tall * wide, facts.best[0]), "the largest area")


@story.says(r"No other rectangle is larger, so the greatest area is (\d+)\.")
def result(facts, area):
    same((area, facts.open), (facts.best[0], []), "the greatest area")


@story.shows(r"open: (.*); best (\d+)")
def board(facts, listed, best):
    same((pairs(listed), best), (facts.open, facts.best[0]), "what is open")


def end(facts, answer):
    same(answer, str(facts.best[0]), "the answer")


def replay(state, text) -> str:
    return story.replay(text, end, heights=state.heights, at=0, open=[], best=(0,))
