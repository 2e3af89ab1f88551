"""A replay of template: every card that is tried, in order, and what came of it."""

from replays._story import Story, expect, ints, same

story = Story()


@story.says(r"The target is (\d+), and these are the cards:")
def begin(facts, target):
    same(target, facts.target, "the target")


@story.says(r"Card (\d+) is not below (\d+), so it is not one of the two\.")
def too_large(facts, card, target):
    expect(facts.tried is None, "the last card is still supposed")
    same((card, target), (facts.open.pop(0), facts.target), "the next card and the target")
    expect(card >= target, "the card is below the target")


@story.says(r"Suppose (\d+) is one of them; the other one must then show (\d+)\.")
def suppose(facts, card, other):
    expect(facts.tried is None, "the last card is still supposed")
    same((card, card + other), (facts.open.pop(0), facts.target), "the next card and the sum")
    facts.tried, facts.failed = card, False


@story.says(r"No card after it shows (\d+)\.")
def missing(facts, other):
    same(other, facts.target - facts.tried, "the card that is looked for")
    expect(other not in facts.open, "it is there")
    facts.failed = True


@story.says(r"Card (\d+) is not one of the two\.")
def give_up(facts, card):
    same((card, True), (facts.tried, facts.failed), "the card that failed")
    facts.tried = None


@story.says(r"Among the cards after it there is (\d+)\.")
def there(facts, other):
    same(other, facts.target - facts.tried, "the card that is looked for")
    expect(other in facts.open, "it is not there")
    facts.pair = (facts.tried, other)


@story.says(r"The cards (\d+) and (\d+) add up to (\d+)\.")
def check(facts, first, second, total):
    same(((first, second), total), (facts.pair, facts.target), "the sum")


@story.says(r"The two cards are")
def conclude(facts):
    expect(facts.pair, "no pair was found")


@story.shows(r"([\d, ]+)")
def board(facts, text):
    same(ints(text), list(facts.pair or facts.cards), "the cards")


def end(facts, answer):
    same(ints(answer), list(facts.pair), "the answer")


def replay(state, text) -> str:
    cards = list(state.cards)
    return story.replay(text, end, cards=cards, open=[*cards], target=state.target, tried=None, failed=False, pair=())
