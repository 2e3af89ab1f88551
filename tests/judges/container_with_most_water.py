"""An independent judge of container_with_most_water."""

from itertools import combinations

from judges._numbers import states, wrong_numbers

OTHERS = ["-1", "0", "1", "12", "24", "36", "48", "60", "72", "84", "96", "108"]


def judge(state, tokens) -> bool:
    areas = {abs(j - i) * (a if a < b else b) for (i, a), (j, b) in combinations(enumerate(state.heights), 2)}
    return states(tokens, max(areas))


def guise(state, rng):
    return type(state)(state.heights[::-1] if rng.random() < 0.5 else state.heights)


def corrupted(row) -> list[str]:
    return wrong_numbers(row, str(sum(row["initial_state"]["heights"])))
