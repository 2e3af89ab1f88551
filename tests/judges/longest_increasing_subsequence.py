"""An independent judge of longest_increasing_subsequence."""

from functools import cache

from judges._numbers import states, wrong_numbers

OTHERS = [*map(str, range(-1, 20))]


def judge(state, tokens) -> bool:
    @cache
    def best(at, floor):
        if at == len(state.sequence):
            return 0
        take = 1 + best(at + 1, state.sequence[at]) if state.sequence[at] > floor else 0
        return max(take, best(at + 1, floor))

    return states(tokens, best(0, -1))


def guise(state, rng):
    values, shift = state.sequence, rng.randint(1, 50)
    return type(state)(
        tuple(max(values) - value for value in values[::-1])
        if rng.random() < 0.5
        else tuple(3 * value + shift for value in values)
    )


def corrupted(row) -> list[str]:
    return wrong_numbers(row)
