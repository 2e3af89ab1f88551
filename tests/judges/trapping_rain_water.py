"""An independent judge of trapping_rain_water."""

from judges._numbers import states, wrong_numbers

OTHERS = ["-1", "0", "1", "7", "12", "20", "24", "30", "36", "40", "45", "48", "60"]


def judge(state, tokens) -> bool:
    water = 0
    for level in range(
        1, max(state.height) + 1
    ):  # layer by layer: gaps between the first and the last bar that reach it
        walls = [at for at, height in enumerate(state.height) if height >= level]
        water += walls[-1] - walls[0] + 1 - len(walls)
    return states(tokens, water)


def guise(state, rng):
    shift = rng.randint(0, 9)
    height = tuple(own + shift for own in state.height)
    return type(state)(height[::-1] if rng.random() < 0.5 else height)


def corrupted(row) -> list[str]:
    return wrong_numbers(row, str(sum(row["initial_state"]["height"])))
