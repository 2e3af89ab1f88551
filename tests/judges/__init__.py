"""Independent judges, one module a task, written apart from the checks.

A module has
    judge(state, tokens) -> bool    whether the tokens are a right answer, by the rules alone
    OTHERS                          tokens that a mutation may put in
    guise(state, rng) -> State      the same puzzle turned, mirrored or renamed: its canonical form is equal
    corrupted(row) -> list[str]     answers that are wrong for a published row
and may have
    split(answer) -> list[str]      the tokens of an answer (default: runs of letters and digits)
    write(state, tokens) -> str     tokens as an answer (default: blanks between)
    SEVERAL = True                  where other answers than the solver's are often right
    count(state, most) -> int       number of solutions, counted up to `most`, where there must be exactly one
"""

import importlib
import re
from functools import cache
from types import SimpleNamespace

DEFAULTS = {
    "split": lambda answer: re.findall(r"\w+", answer),
    "write": lambda state, tokens: " ".join(tokens),
    "SEVERAL": False,
    "count": None,
}


@cache
def judge_of(task: str) -> SimpleNamespace:
    "The judge of `task`, defaults filled in."
    return SimpleNamespace(**DEFAULTS | vars(importlib.import_module(f"judges.{task}")))
