"""An independent judge of h_index."""

from judges._numbers import states, wrong_numbers

OTHERS = [*map(str, range(-1, 30))]


def reaches(citations, h: int) -> bool:
    left = h
    for value in citations:
        left -= value >= h
    return left <= 0


def judge(state, tokens) -> bool:
    return states(tokens, max(h for h in range(len(state.citations) + 1) if reaches(state.citations, h)))


def guise(state, rng):
    return type(state)(tuple(rng.sample(state.citations, len(state.citations))))


def corrupted(row) -> list[str]:
    return wrong_numbers(row)
