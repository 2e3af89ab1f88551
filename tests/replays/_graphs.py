"""What narrations of graph tasks share: the edges that are read out, and nodes in order."""

import re

from replays._story import Story, ints, same

WAY = r"(\d+(?: -> \d+)*)"
LIST = r"(\d+(?:, \d+)*(?: (?:and|or) \d+)?)"


def neighbours(n: int, edges) -> list[set[int]]:
    "The neighbours of each node."
    return [{u + v - node for u, v in edges if node in (u, v)} for node in range(n)]


def reached(near: list[set[int]], start: int, free: set[int]) -> set[int]:
    "The `free` nodes that can be reached from `start` through free nodes."
    found, fresh = set(), [start]
    while fresh:
        new = near[fresh.pop()] & free - found
        found |= new
        fresh += new
    return found


def reads_edges(story: Story) -> None:
    "Let the story know the sentence that reads out the neighbours of every node."

    @story.says(r"The edges join (.*)\.")
    def edges(facts, text):
        told = [ints(part) for part in text.split("; ")]
        same(told, [[node, *sorted(near)] for node, near in enumerate(facts.near) if near], "the edges")


def reads_answer(story: Story, board: str = r"(No|\[.*\])") -> None:
    "Let the story know the `board` with the answer, which the facts have as `answer`."

    @story.shows(board)
    def last(facts, text):
        same(text, facts.answer, "the answer")


def end(facts, answer: str) -> None:
    "The end of a story whose facts have the `answer`."
    same(answer, facts.answer, "the answer")


def numbers(text) -> list[int]:
    "The numbers of a board in brackets."
    return ints(text) if re.fullmatch(r"\[\d+(, \d+)*\]", text) else []
