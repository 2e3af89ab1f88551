"""What the judges of answers that list cells share."""

import re

OTHERS = [*map(str, range(11)), "x", "-1"]


def split(answer) -> list[str]:
    "The numbers of an answer."
    return re.findall(r"\d+", answer)


def pairs(tokens) -> list[tuple[int, int]] | None:
    "The tokens as pairs of numbers; None where there are none, where one comes twice, or where something else stands among them."
    if not tokens or len(tokens) % 2 or not all(token.isdecimal() for token in tokens):
        return None
    numbers = list(map(int, tokens))
    found = list(zip(numbers[::2], numbers[1::2]))
    return found if len(set(found)) == len(found) else None
