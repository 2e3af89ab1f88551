"""Narrations of moves and paths: each sentence matched with the forms that a task knows."""

import re
from collections.abc import Callable, Iterator
from functools import wraps
from random import Random

from ._text import read

TURNS = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}
MOVE = "(?:up|right|down|left)"
CELL = r"\((\d+), (\d+)\)"


class Wrong(Exception):
    "What a reader finds wrong in a narration."


def need(fact, problem: str) -> None:
    "Raise `Wrong` unless `fact` holds."
    if not fact:
        raise Wrong(problem)


def reader(follow: Callable) -> Callable:
    "Make `follow(state, text)` return the problem that it raises, or nothing."

    @wraps(follow)
    def replay(state, text: str) -> str:
        try:
            follow(state, text)
        except Wrong as problem:
            return str(problem)
        return ""

    return replay


def told(
    text: str, forms: dict[str, str], once: str, links: str, is_board: Callable[[str], object]
) -> Iterator[tuple[str, tuple, str]]:
    """For each sentence the name of its form, the groups of the form, and the board below it; at the end `answer` with the boxed answer.

    The forms named in `once` must be told in this order, once each. Of `links`, a>b says that b follows a and nothing else does, a~b that b only follows a."""
    narration = read(text, lambda line: not is_board(line))
    need(not narration.problem, narration.problem)
    order, before = [], ""
    pairs = [(link[: (at := re.search("[>~]", link).start())], link[at], link[at + 1 :]) for link in links.split()]
    for part in narration.parts:
        found = ((name, re.fullmatch(form, part.says)) for name, form in forms.items())
        name, match = next(((name, match) for name, match in found if match), ("", None))
        need(match, f"unknown sentence: {part.says}")
        for first, sign, second in pairs:
            need(
                before == first if name == second else before != first or sign == "~", f"{name} was told after {before}"
            )
        need(part.board or name != "list", "the answer is not told")
        order, before = order + [name] * (name in once.split()), name
        yield name, match.groups(), part.board
    need(order == once.split(), f"told were {order}, not {once.split()}")
    yield "answer", (narration.answer,), ""


class Follower:
    """Follows a narration of a task with many kinds of sentences: each goes to the method that is named for its form, with the groups of the form.

    A task gives the forms with what `told` asks of them, `is_board`, a method `on_<form>` for each form that says something to check, and `on_board`."""

    FORMS: dict[str, str] = {}
    ONCE = LINKS = ""
    board = ""  # below the sentence that is being read

    def is_board(self, line: str) -> object:
        "Whether a line belongs to a board."
        return False

    def on_board(self, name: str) -> None:
        "Check the board, or that there is none, after a sentence of the form `name`."

    def on_answer(self, answer: str) -> None:
        "Check the boxed answer."

    def follow(self, text: str) -> None:
        "Read `text`; raises `Wrong`."
        for name, groups, board in told(text, self.FORMS, self.ONCE, self.LINKS, self.is_board):
            self.board = board
            getattr(self, f"on_{name}", lambda *groups: None)(*groups)
            self.on_board(name)


def cells(text: str) -> list[tuple[int, int]]:
    "All pairs of numbers in brackets."
    return [(int(a), int(b)) for a, b in re.findall(r"\((\d+), ?(\d+)\)", text)]


def step(cell: tuple[int, int], move: str) -> tuple[int, int]:
    "The cell that `move` leads to."
    return cell[0] + TURNS[move][0], cell[1] + TURNS[move][1]


def other(piece: str, rng: Random, choices) -> str:
    "One of `choices` that is not `piece`."
    return rng.choice([choice for choice in choices if choice != piece])


def falsified(text: str, rng: Random, pattern: str, choices: Callable[[str], object]) -> str | None:
    "`text` with one match of `pattern` replaced by another of its `choices`, below the first line of the thought; None where nothing matches."
    start = text.index("\n", len("<think>")) + 1
    found = list(re.finditer(pattern, text[start : text.rindex("</think>")], re.MULTILINE))
    if not found:
        return None
    match = rng.choice(found)
    return text[: start + match.start()] + other(match[0], rng, choices(match[0])) + text[start + match.end() :]


def numbers(piece: str) -> list[str]:
    "Numbers near the number `piece`."
    return [str(max(0, int(piece) + change)) for change in (-2, -1, 1, 2)]


def symbols(piece: str):
    "Other moves for a move, other numbers for a number."
    return list(TURNS) if piece in TURNS else numbers(piece)
