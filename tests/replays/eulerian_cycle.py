"""A replay of eulerian_cycle: degrees, the closed walk with its round trips, and its end."""

from replays._graphs import LIST
from replays._story import ints, same
from replays._walks import follow, no, odd, story_of_walks, whole

story = story_of_walks()


@story.says(r"A closed walk exists if the edges hang together\.")
def possible(facts):
    same(odd(facts), [], "the odd nodes")


@story.says(rf"A closed walk leaves each node as often as it comes, which is impossible at {LIST}\.")
def impossible(facts, listed):
    same(ints(listed), odd(facts), "the odd nodes")
    no(facts, ints(listed))


@story.says(
    r"The walk has (\d+) steps, one for each of the (\d+) edges, all different, and ends at (\d+), where it began\."
)
def walk(facts, n, m, last):
    same((last, last), (facts.walk[0], facts.walk[-1]), "the ends of the walk")
    whole(facts, n, m)


@story.says(r"The Eulerian cycle is|There is no Eulerian cycle, so the answer is")
def result(facts):
    pass


def replay(state, text) -> str:
    return follow(story, state, text)
