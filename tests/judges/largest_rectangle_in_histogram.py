"""An independent judge of largest_rectangle_in_histogram."""

from itertools import groupby

OTHERS = ["-1", "0", "1", "7", "12", "20", "24", "30", "36", "40", "45", "48", "60"]


def judge(state, tokens) -> bool:
    if len(tokens) != 1 or not tokens[0].lstrip("-").isdecimal():
        return False
    runs = {
        level: [len(list(run)) for high, run in groupby(height >= level for height in state.heights) if high]
        for level in set(state.heights)
    }
    return int(tokens[0]) == max(level * max(lengths) for level, lengths in runs.items())


def guise(state, rng):
    return type(state)(state.heights[::-1] if rng.random() < 0.5 else state.heights)


def corrupted(row) -> list[str]:
    answer, heights = row["answer"], row["initial_state"]["heights"]
    wrong = [str(int(answer) + step) for step in (-1, 1, 50)] + [
        str(sum(heights)),
        f"{answer} or {int(answer) + 1}",
        f"not {answer}",
    ]
    return [text for text in wrong if text != answer]
