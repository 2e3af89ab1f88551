"""A replay of trapping_rain_water: which wall decides which bars, and the water on them."""

import re

from replays._charts import reads_bars
from replays._story import ITEMS, Story, expect, ints, pairs, same

story = Story()
reads_bars(story)


def decide(facts, wall: int, dry: bool = False) -> list[tuple[int, int]]:
    "Move the lower `wall` inwards: the bars that it decides, with their water, without those that have none."
    expect(facts.left < facts.right, "the walls have met")
    heights, a, b = facts.heights, facts.heights[facts.left - 1], facts.heights[facts.right - 1]
    same(wall, facts.left if a <= b else facts.right, "the lower wall")
    step, at, wet = (1 if wall == facts.left else -1), wall, []
    while facts.left < (at := at + step) < facts.right and heights[at - 1] <= heights[wall - 1]:
        if heights[at - 1] < heights[wall - 1]:
            wet.append((at, heights[wall - 1] - heights[at - 1]))
    if step == 1:
        facts.left = at
    else:
        facts.right = at
    expect(not dry or not wet, f"wall {wall} holds something")
    return wet


@story.says(r"The walls start at both ends, and the lower one moves inwards\.")
def beginning(facts):
    pass


@story.says(r"Walls? " + ITEMS + r" holds? nothing\.")
def dry(facts, listed):
    for wall, height in pairs(listed):
        same(height, facts.heights[wall - 1], f"bar {wall}")
        decide(facts, wall, dry=True)


@story.says(
    r"Wall (\d+) \((\d+)\) is no higher than wall (\d+) \((\d+)\), so bars up to (\d+) beside it are decided: (.*); (?:(\d+) here, )?(\d+) so far\."
)
def wet(facts, wall, low, other, high, level, listed, here, so_far):
    same((low, high, level), (facts.heights[wall - 1], facts.heights[other - 1], low), f"walls {wall} and {other}")
    expect({wall, other} == {facts.left, facts.right} and low <= high, f"walls {wall} and {other} do not stand so")
    told = [[*map(int, found)] for found in re.findall(r"bar (\d+) holds (\d+)-(\d+)=(\d+)", listed)]
    expect(len(told) == listed.count("holds"), f"unknown bars: {listed}")
    same([(at, water) for at, *_, water in told], decide(facts, wall), "the water")
    same([(top, own) for _, top, own, _ in told], [(low, facts.heights[at - 1]) for at, *_ in told], "the differences")
    facts.waters.append(sum(water for *_, water in told))
    expect(here is None or here == facts.waters[-1], "the sum of this stretch is wrong")
    same(so_far, sum(facts.waters), "the water so far")


@story.says(r"The last walls?, ([\d, ]+), holds? nothing, and the walls meet\.")
def rest(facts, listed):
    for wall in ints(listed):
        decide(facts, wall, dry=True)
    expect(facts.left >= facts.right, "the walls have not met")


@story.says(r"All stretches together: ([\d +]+) = (\d+)\.")
def sum_(facts, parts, total):
    same((ints(parts), total), (facts.waters or [0], sum(facts.waters)), "the sum")


@story.says(r"Every bar is decided, so (\d+) units? of water stays?\.")
def result(facts, total):
    same((total, facts.left >= facts.right), (sum(facts.waters), True), "the water")


@story.shows(r"walls (\d+) and (\d+), water (\d+)")
def board(facts, left, right, water):
    same((left, right, water), (facts.left, facts.right, sum(facts.waters)), "walls and water")


def end(facts, answer):
    same(answer, str(sum(facts.waters)), "the answer")


def replay(state, text) -> str:
    return story.replay(text, end, heights=state.height, left=1, right=len(state.height), waters=[])
