"""Replays: from the text of a narration alone, does each anchor follow from the puzzle and from what was said before?

A module `tests/replays/<task>.py` has

    replay(state, text) -> str      "" where all is consistent, else the first contradiction in words

and may have

    spoil(text, rng) -> str         the narration with one fact or anchor falsified in a way that a careful reader notices (default: one number changed)

It is written apart from the task's own module: it knows the rules of the puzzle and the wording of the sentences, not the search. Every anchor (a grid, a path, a
position, a table of values) has to agree with the puzzle and with the facts stated so far; facts that were stated under a try are forgotten when the try is taken
back; the last anchor has to agree with the boxed answer; and every stated fact that can be checked by arithmetic or by the rules is checked.
"""

import importlib
from functools import cache
from types import SimpleNamespace

from replays._story import spoil


@cache
def replay_of(task: str) -> SimpleNamespace:
    "The replay module of `task`, defaults filled in."
    return SimpleNamespace(**{"spoil": spoil} | vars(importlib.import_module(f"replays.{task}")))
