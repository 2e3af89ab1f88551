"""An independent judge of container_with_most_water."""

from itertools import combinations

OTHERS = ["-1", "0", "1", "12", "24", "36", "48", "60", "72", "84", "96", "108"]


def judge(state, tokens) -> bool:
    if len(tokens) != 1 or not tokens[0].lstrip("-").isdecimal():
        return False
    areas = {abs(j - i) * (a if a < b else b) for (i, a), (j, b) in combinations(enumerate(state.heights), 2)}
    return int(tokens[0]) in areas and not any(area > int(tokens[0]) for area in areas)


def guise(state, rng):
    return type(state)(state.heights[::-1] if rng.random() < 0.5 else state.heights)


def corrupted(row) -> list[str]:
    answer, heights = row["answer"], row["initial_state"]["heights"]
    wrong = [str(int(answer) + step) for step in (-1, 1, 100)] + [
        str(sum(heights)),
        f"{answer} or {int(answer) + 1}",
        f"not {answer}",
    ]
    return [text for text in wrong if text != answer]
