"""An independent judge of trapping_rain_water."""

OTHERS = ["-1", "0", "1", "7", "12", "20", "24", "30", "36", "40", "45", "48", "60"]


def judge(state, tokens) -> bool:
    if len(tokens) != 1 or not tokens[0].lstrip("-").isdecimal():
        return False
    water = 0
    for level in range(
        1, max(state.height) + 1
    ):  # layer by layer: gaps between the first and the last bar that reach it
        walls = [at for at, height in enumerate(state.height) if height >= level]
        water += walls[-1] - walls[0] + 1 - len(walls)
    return int(tokens[0]) == water


def guise(state, rng):
    shift = rng.randint(0, 9)
    height = tuple(own + shift for own in state.height)
    return type(state)(height[::-1] if rng.random() < 0.5 else height)


def corrupted(row) -> list[str]:
    answer, height = row["answer"], row["initial_state"]["height"]
    wrong = [str(int(answer) + step) for step in (-1, 1, 50)] + [
        str(sum(height)),
        f"{answer} or {int(answer) + 1}",
        f"not {answer}",
    ]
    return [text for text in wrong if text != answer]
