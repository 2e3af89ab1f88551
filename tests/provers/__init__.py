"""Independent provers of traces: each fact of a step follows from its own reason, the rule taken from the puzzle and not from the trace.

A prover `tests/provers/<task>.py` has `prover(state) -> Proof`; it does not import the task."""

from dataclasses import replace
from functools import cache
from importlib import import_module
from types import ModuleType

from mmhelix_nb.steps import Fact


@cache
def prover_of(task: str) -> ModuleType:
    "The prover of a task."
    return import_module(f"provers.{task}")


def prove(task: str, state, steps) -> str:
    "The first gap in a trace; empty where everything is shown."
    return prover_of(task).prover(state).follow(steps)


def numbers_of(args) -> list[int]:
    "All whole numbers in nested tuples, in order."
    return [
        number
        for arg in args
        for number in (numbers_of(arg) if isinstance(arg, tuple) else [arg] if isinstance(arg, int) else [])
    ]


def with_number(args, at: int, value: int) -> tuple:
    "The nested tuples with number `at` replaced."
    found, left = [], at
    for arg in args:
        many = len(numbers_of([arg]))
        if 0 <= left < many:
            arg = with_number(arg, left, value) if isinstance(arg, tuple) else value
        left -= many
        found.append(arg)
    return tuple(found)


def spoil(steps, rng):
    "The steps with one number of one fact changed; what is false already is left alone."
    places = [
        (i, j)
        for i, step in enumerate(steps)
        for j, fact in enumerate(step.facts)
        if fact not in step.false and step.kind != "hypothesise" and numbers_of(fact.args)
    ]
    i, j = rng.choice(places)
    step = steps[i]
    fact = step.facts[j]
    numbers = numbers_of(fact.args)
    at = rng.randrange(len(numbers))
    wrong = Fact(fact.kind, with_number(fact.args, at, numbers[at] + rng.choice((-1, 1))))
    return [*steps[:i], replace(step, facts=(*step.facts[:j], wrong, *step.facts[j + 1 :])), *steps[i + 1 :]]
