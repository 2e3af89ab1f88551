"""A narration followed sentence by sentence: each kind of sentence has a reader that checks it and adds to the facts."""

import re
from types import SimpleNamespace

from replays._text import read

ITEMS = r"([\d (),]+)"  # as in 3 (12), 4 (9)


class Wrong(Exception):
    "The first contradiction, in words."


def expect(holds, problem: str) -> None:
    "Stop the reading where something does not hold."
    if not holds:
        raise Wrong(problem)


def same(said, true, what: str) -> None:
    "Stop the reading where what is said is not what is true."
    if said != true:
        raise Wrong(f"{what}: {said} is said, {true} is true")


def ints(text) -> list[int]:
    "All whole numbers in `text`, in order; a number alone may have been read already."
    return [*map(int, re.findall(r"\d+", str(text)))]


def pairs(text) -> list[tuple[int, int]]:
    "The numbers of `text` in twos."
    numbers = ints(text)
    return [*zip(numbers[::2], numbers[1::2])]


class Story:
    "The kinds of sentences of one task."

    def __init__(self):
        self.kinds, self.boards = [], []

    def says(self, pattern: str):
        "Register the reader of sentences that match `pattern`; it gets the facts and the groups, whole numbers as such."

        def register(reader):
            self.kinds.append((re.compile(pattern), reader))
            return reader

        return register

    def shows(self, pattern: str):
        "Register the reader of boards that match `pattern`."

        def register(reader):
            self.boards.append((re.compile(pattern, re.DOTALL), reader))
            return reader

        return register

    def replay(self, text: str, end, **facts) -> str:
        "The first contradiction of a narration that begins with the `facts`; `end` checks the facts and the answer at the end."
        told, known = read(text), SimpleNamespace(**facts)
        if told.problem:
            return told.problem
        try:
            for part in told.parts:
                call(self.kinds, part.says, known, "sentence")
                if part.board:
                    call(self.boards, part.board, known, "board")
            end(known, told.answer)
        except Wrong as wrong:
            return str(wrong)
        except (IndexError, KeyError, ValueError, ZeroDivisionError) as error:
            return f"{type(error).__name__}: {error}"  # a place or a value that does not exist
        return ""


def call(kinds, text: str, facts, what: str) -> None:
    "Give `text` to the reader whose pattern it matches."
    for pattern, reader in kinds:
        if match := pattern.fullmatch(text):
            return reader(facts, *(int(group) if group and group.isdecimal() else group for group in match.groups()))
    raise Wrong(f"unknown {what}: {text}")


def spoil(text: str, rng) -> str:
    "The narration with one number changed."
    spot = rng.choice([*re.finditer(r"\d+", text)])
    new = max(0, int(spot[0]) + rng.choice((-2, -1, 1, 2, 10))) if int(spot[0]) else 1
    return f"{text[: spot.start()]}{new}{text[spot.end() :]}"
