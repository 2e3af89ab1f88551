"""An independent judge of template: two different cards whose sum is the target."""

OTHERS = [*map(str, range(1, 100, 7)), "x"]
SEVERAL = True


def judge(state, tokens) -> bool:
    if len(tokens) != 2 or not all(token.isdecimal() for token in tokens):
        return False
    chosen = {int(token) for token in tokens}
    return len(chosen) == 2 and chosen <= set(state.cards) and sum(chosen) == state.target


def guise(state, rng):
    return type(state)(tuple(rng.sample(state.cards, len(state.cards))), state.target)


def corrupted(row) -> list[str]:
    first, second = map(int, row["answer"].split(","))
    return [f"{first}, {second + 1}", f"{first}, {first}", str(first), f"{first}, {second}, {second}"]
