"""An independent judge of word_ladder."""

from functools import cache
from pathlib import Path

import mmhelix_nb

OTHERS = ["cat", "dog", "cot", "the", "zzz", "cqt", "coat", "a", "ladder", "not"]


@cache
def english() -> frozenset[str]:
    return frozenset((Path(mmhelix_nb.__file__).parent / "data" / "accepted_words.txt").read_text().splitlines())


def judge(state, tokens) -> bool:
    words = [token.lower() for token in tokens]
    if len(words) < 2 or len(set(words)) < len(words):
        return False
    if [words[0], words[-1]] != [state.start_word.lower(), state.target_word.lower()]:
        return False
    return all(word in english() for word in words[1:-1]) and all(_near(a, b) for a, b in zip(words, words[1:]))


def _near(one: str, other: str) -> bool:
    "Whether some cut leaves equal heads and equal tails around one letter."
    return (
        len(one) == len(other)
        and one != other
        and any(one[:i] + one[i + 1 :] == other[:i] + other[i + 1 :] for i in range(len(one)))
    )


def guise(state, rng):
    return (
        type(state)(state.target_word, state.start_word)
        if rng.random() < 0.5
        else type(state)(state.start_word.upper(), state.target_word)
    )


def corrupted(row) -> list[str]:
    words = row["answer"].split(" -> ")
    ladders = [
        words[::-1],
        words[:-1],
        words[1:],
        [*words, words[0]],
        [words[0], words[-1]],
        [words[0], *words],
        ["zzzzz"[: len(words[0])] if i == 1 else word for i, word in enumerate(words)],
    ]
    return [" -> ".join(ladder) for ladder in ladders] + [f"not {row['answer']}", row["answer"].replace(" -> ", "")]
