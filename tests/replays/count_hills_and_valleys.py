"""A replay of count_hills_and_valleys: the plateaus, each turn, and the counts."""

from itertools import groupby

from replays._charts import reads_bars
from replays._story import Story, expect, ints, same

story = Story()
reads_bars(story, "terrain")


def plateaus(terrain) -> list[tuple[int, int, int]]:
    "Height, first and last bar of each plateau."
    groups = [(height, [at for at, _ in group]) for height, group in groupby(enumerate(terrain, 1), lambda one: one[1])]
    return [(height, places[0], places[-1]) for height, places in groups]


@story.says(r"Equal neighbours merge: (.*)\.")
def merged(facts, told):
    same(
        ints(told),
        [number for height, a, b in facts.found if a < b for number in (a, b, height)],
        "the equal neighbours",
    )


@story.says(r"No two neighbours are equal, so nothing merges\.")
def unmerged(facts):
    same(len(facts.found), len(facts.terrain), "the number of plateaus")


@story.says(r"That leaves (\d+) plateaus\.")
def left(facts, n):
    same(n, len(facts.found), "the number of plateaus")


@story.says(r"The ends (\d+) and (\d+) never count\.")
def ends(facts, a, b):
    same((a, b), (facts.found[0][0], facts.found[-1][0]), "the ends")


@story.says(r"([\d, ]+) only leads? (up|down)\.")
def passed(facts, listed, way):
    for height in ints(listed):
        before, here, after = (one[0] for one in facts.found[facts.at - 1 : facts.at + 2])
        same(height, here, "a height that is passed")
        expect(before < here < after if way == "up" else before > here > after, f"height {height} does not lead {way}")
        facts.at += 1


@story.says(r"Height (\d+) \((bars? [\d-]+)\) lies (above|below) (\d+) and (\d+): a (hill|valley), number (\d+)\.")
def turn(facts, height, where, side, before, after, name, number):
    one, here, other = facts.found[facts.at - 1 : facts.at + 2]
    same(
        (before, (height, ints(where)[0], ints(where)[-1]), after),
        (one[0], here, other[0]),
        "a plateau and its neighbours",
    )
    same(
        (name, side, number),
        (*(("hill", "above") if height > before else ("valley", "below")), len(facts.turns) + 1),
        "the turn",
    )
    expect(
        height > max(before, after) if name == "hill" else height < min(before, after), f"height {height} is no {name}"
    )
    facts.turns.append((name, height))
    facts.at, facts.last = facts.at + 1, here[2]


@story.says(r"After that ([\d, ]+) only leads? on to the last height (\d+)\.")
def rest(facts, listed, last):
    same((ints(listed), last), ([one[0] for one in facts.found[facts.at : -1]], facts.found[-1][0]), "the last heights")
    slope = [one[0] for one in facts.found[facts.at - 1 :]]
    expect(slope in (sorted(slope), sorted(slope, reverse=True)), "the last heights have a turn")
    facts.at = len(facts.found) - 1


@story.says(r"(Hill|Valley)s: (.*), so (\d+)\.")
def listed(facts, name, heights, n):
    same(
        (ints(heights), n),
        ([height for kind, height in facts.turns if kind == name.lower()], len(ints(heights))),
        f"the {name.lower()}s",
    )


@story.says(r"They take turns\.")
def alternate(facts):
    expect(all(a[0] != b[0] for a, b in zip(facts.turns, facts.turns[1:])), "they do not take turns")


@story.says(r"(\d+) \+ (\d+) = (\d+), so there (?:is|are) (\d+) hills? (?:and|or) valleys?\.")
def result(facts, hills, valleys, both, answer):
    count = sum(name == "hill" for name, _ in facts.turns)
    same(
        (hills, valleys, both, answer), (count, len(facts.turns) - count, len(facts.turns), len(facts.turns)), "the sum"
    )
    expect(facts.at >= len(facts.found) - 1, "some plateaus were not looked at")


@story.shows(r"(\d+) counted(?: up to bar (\d+))?")
def board(facts, count, last):
    same((count, last), (len(facts.turns), facts.last), "the count")


@story.shows(r"([\d ]+)")
def heights(facts, row):
    same(ints(row), [one[0] for one in facts.found], "the plateaus")


def end(facts, answer):
    same(answer, str(len(facts.turns)), "the answer")


def replay(state, text) -> str:
    return story.replay(text, end, terrain=state.terrain, found=plateaus(state.terrain), at=1, turns=[], last=None)
