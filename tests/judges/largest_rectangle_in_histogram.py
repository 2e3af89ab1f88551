"""An independent judge of largest_rectangle_in_histogram."""

from itertools import groupby

from judges._numbers import states, wrong_numbers

OTHERS = ["-1", "0", "1", "7", "12", "20", "24", "30", "36", "40", "45", "48", "60"]


def judge(state, tokens) -> bool:
    runs = {
        level: [len(list(run)) for high, run in groupby(height >= level for height in state.heights) if high]
        for level in set(state.heights)
    }
    return states(tokens, max(level * max(lengths) for level, lengths in runs.items()))


def guise(state, rng):
    return type(state)(state.heights[::-1] if rng.random() < 0.5 else state.heights)


def corrupted(row) -> list[str]:
    return wrong_numbers(row, str(sum(row["initial_state"]["heights"])))
