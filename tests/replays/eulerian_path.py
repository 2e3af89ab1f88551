"""A replay of eulerian_path: degrees, the walk with its round trips, and its ends."""

from replays._graphs import LIST
from replays._story import ints, same
from replays._walks import follow, no, odd, story_of_walks, whole

story = story_of_walks()


@story.says(rf"A walk has to join {LIST}\.")
def join(facts, listed):
    same((ints(listed), len(ints(listed))), (odd(facts), 2), "the ends of a walk")


@story.says(r"A walk may begin anywhere and has to end there\.")
def anywhere(facts):
    same(odd(facts), [], "the odd nodes")


@story.says(
    r"A walk leaves each node as often as it comes, but for its first and its last; (\d+) odd nodes are too many\."
)
def too_many(facts, n):
    same(n, len(odd(facts)), "the number of odd nodes")
    no(facts, n > 2)


@story.says(r"The walk from (\d+) to (\d+) has (\d+) steps, one for each of the (\d+) edges, all different\.")
def walk(facts, first, last, n, m):
    same((first, last), (facts.walk[0], facts.walk[-1]), "the ends of the walk")
    whole(facts, n, m)


@story.says(r"The Eulerian path is|There is no Eulerian path, so the answer is")
def result(facts):
    pass


def replay(state, text) -> str:
    return follow(story, state, text)
