"""An independent judge of h_index."""

OTHERS = [*map(str, range(-1, 30))]


def reaches(citations, h: int) -> bool:
    left = h
    for value in citations:
        left -= value >= h
    return left <= 0


def judge(state, tokens) -> bool:
    if len(tokens) != 1 or not tokens[0].lstrip("-").isdecimal():
        return False
    h = int(tokens[0])
    return (
        h >= 0
        and reaches(state.citations, h)
        and not any(reaches(state.citations, more) for more in range(h + 1, len(state.citations) + 1))
    )


def guise(state, rng):
    return type(state)(tuple(rng.sample(state.citations, len(state.citations))))


def corrupted(row) -> list[str]:
    answer = int(row["answer"])
    return [str(answer + step) for step in (-1, 1, 10)] + [
        f"not {answer}",
        f"{answer} or {answer + 1}",
        f"{answer}, {answer}",
    ]
