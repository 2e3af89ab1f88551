"""Items and their narrations, made once and shared by all tests of a worker."""

import hashlib
import os
from functools import cache, lru_cache
from random import Random

from mmhelix_nb.core import Instance, make, pack, tasks
from mmhelix_nb.serg import Sample, expert
from mmhelix_nb.shared.raster import png

TASKS, LEVELS = tasks(), (1, 2, 3, 4, 5)
FUZZ = int(os.environ.get("MMHELIX_FUZZ", 1))  # how many times as many fresh draws as usual


@lru_cache(maxsize=1000)
def item(task: str, level: int, seed: int) -> Instance:
    "The item that everybody gets for the same task, level and seed."
    return make(task, level, seed)


@lru_cache(maxsize=1000)
def sample(task: str, level: int, seed: int, length: str = "normal") -> Sample:
    "The narration of an item."
    return expert(item(task, level, seed), length)


@cache
def fresh_seeds(run_seed: str, task: str, level: int, number: int) -> list[int]:
    "Seeds that this run draws."
    return Random(f"{run_seed}/{task}/{level}").sample(range(100, 10**9), number * FUZZ)


def fresh(run_seed: str, task: str, number: int = 5):
    "Items that no run had before, `number` a level."
    for level in LEVELS:
        for seed in fresh_seeds(run_seed, task, level, number):
            yield item(task, level, seed)


def fingerprint(task: str, seed: int) -> str:
    "A hash of everything that an item shows, over the levels."
    seen = hashlib.sha256()
    for level in LEVELS:
        one = item(task, level, seed)
        shown = (pack(one.state), one.question("image"), one.question("text"), one.answer, one.trace(), one.solution)
        seen.update(repr(shown).encode() + png(one.image) + png(one.picture("dark")) + one.canon)
    return seen.hexdigest()
