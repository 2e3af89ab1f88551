"""A replay of container_with_most_water: each pair of walls, its area, and which wall gives way."""

from replays._charts import reads_bars
from replays._story import ITEMS, Story, expect, pairs, same

story = Story()
reads_bars(story)


@story.says(r"The walls start at both ends\.")
def beginning(facts):
    pass


@story.says(
    r"Bar (\d+) \((\d+)\) and bar (\d+) \((\d+)\): (\d+) x (\d+) = (\d+), (?:(the best so far)|no more than (\d+))\."
)
def area(facts, left, a, right, b, low, far, product, record, best):
    same((left, right), (facts.left, facts.right), "the walls")
    same(
        (a, b, low, far),
        (facts.heights[left - 1], facts.heights[right - 1], min(a, b), right - left),
        f"bars {left} and {right}",
    )
    same(product, low * far, f"{low} x {far}")
    expect(
        product > facts.best if record else product <= facts.best == best,
        f"the area {product} against the best {facts.best}",
    )
    if record:
        facts.best, facts.walls = product, (left, right)
    facts.measured = True


@story.says(r"(Both are equal; b|B)ar (\d+) gives way(?: and, being no higher, so do(?:es)? " + ITEMS + r")?\.")
def moved(facts, equal, wall, passed):
    a, b = (facts.heights[side - 1] for side in (facts.left, facts.right))
    same(
        (equal != "B", wall, facts.measured),
        (a == b, facts.left if a <= b else facts.right, True),
        "the wall that gives way",
    )
    step, reached = (1 if wall == facts.left else -1), wall
    for at, height in pairs(passed):
        reached += step
        same((at, height), (reached, facts.heights[reached - 1]), "a bar that gives way")
        expect(height <= min(a, b) and facts.left < at < facts.right, f"bar {at} gives way, but is higher")
    if wall == facts.left:
        facts.left = reached + 1
    else:
        facts.right = reached - 1
    inside = facts.left < facts.right
    expect(
        not inside or facts.heights[(facts.left if step == 1 else facts.right) - 1] > min(a, b),
        "another bar had to give way",
    )
    facts.measured = False


@story.says(
    r"The best walls are bars (\d+) and (\d+): the lower is (\d+) high, the positions differ by (\d+) - (\d+) = (\d+), and (\d+) x (\d+) = (\d+)\."
)
def best(facts, a, b, low, second, first, far, height, wide, product):
    same(((a, b), product), (facts.walls, facts.best), "the best walls")
    same((low, second, first, far), (min(facts.heights[a - 1], facts.heights[b - 1]), b, a, b - a), "the best walls")
    same((height, wide, product), (low, far, low * far), "the best area")


@story.says(r"The walls have met, so the greatest area is (\d+)\.")
def result(facts, product):
    expect(facts.left >= facts.right, "the walls have not met")
    same(product, facts.best, "the greatest area")


@story.shows(r"walls (\d+) and (\d+), best area (\d+)")
def board(facts, left, right, product):
    same((left, right, product), (facts.left, facts.right, max(facts.best, 0)), "walls and area")


def end(facts, answer):
    same(answer, str(facts.best), "the answer")


def replay(state, text) -> str:
    return story.replay(
        text, end, heights=state.heights, left=1, right=len(state.heights), best=-1, walls=(), measured=False
    )
