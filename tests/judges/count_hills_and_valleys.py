"""An independent judge of count_hills_and_valleys."""

from judges._numbers import states, wrong_numbers

OTHERS = [*map(str, range(-1, 20))]


def judge(state, tokens) -> bool:
    return states(tokens, sum(_extreme(state.terrain, at) for at in range(len(state.terrain))))


def _extreme(terrain, at: int) -> bool:
    "Whether `at` begins a stretch of equal heights with both neighbours lower, or both higher."
    end = at
    while end + 1 < len(terrain) and terrain[end + 1] == terrain[at]:
        end += 1
    if at == 0 or terrain[at - 1] == terrain[at] or end + 1 == len(terrain):
        return False
    return (terrain[at - 1] - terrain[at]) * (terrain[end + 1] - terrain[at]) > 0


def guise(state, rng):
    terrain = (
        tuple(max(state.terrain) + 1 - height for height in state.terrain)
        if rng.random() < 0.5
        else tuple(2 * height + 3 for height in state.terrain)
    )
    return type(state)(terrain[::-1] if rng.random() < 0.5 else terrain)


def corrupted(row) -> list[str]:
    return wrong_numbers(row)
