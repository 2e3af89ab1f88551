"""Narrations: replayed from their text alone, told in three lengths, no two alike, accepted by the verifier."""

import os
from random import Random

import pytest
from replays import replay_of

from mmhelix_nb.core import make, tasks
from mmhelix_nb.serg import expert
from mmhelix_nb.steps import LENGTHS, token_count

TASKS, LEVELS = tasks(), (1, 2, 3, 4, 5)
SEEDS = 5 * int(os.environ.get("MMHELIX_FUZZ", 1))  # `MMHELIX_FUZZ=10 pytest tests/test_traces.py` replays 50 a cell
every_task = pytest.mark.parametrize("task", TASKS)


@every_task
def test_every_anchor_follows(task):
    """A replay that knows the rules and the wording, but not the search, finds no contradiction."""
    for level in LEVELS:
        for seed in range(SEEDS):
            item = make(task, level, seed)
            for length in ("normal", "full"):
                problem = replay_of(task).replay(item.state, expert(item, length).reply)
                assert not problem, (level, seed, length, problem)


@every_task
def test_a_falsified_narration_is_noticed(task):
    """The replay is no rubber stamp: it notices nine of ten falsified narrations at least."""
    spoiled = noticed = 0
    for level in LEVELS:
        for seed in range(SEEDS):
            item = make(task, level, seed)
            text = expert(item).reply
            wrong = replay_of(task).spoil(text, Random(f"{task}/{level}/{seed}"))
            if wrong is None or wrong == text:
                continue
            spoiled, noticed = spoiled + 1, noticed + bool(replay_of(task).replay(item.state, wrong))
    assert spoiled >= 3 * SEEDS and noticed >= 0.9 * spoiled, (noticed, spoiled)


@every_task
def test_lengths_are_ordered_and_right(task):
    for level in LEVELS:
        item = make(task, level, 2)
        told = {length: expert(item, length) for length in LENGTHS}
        assert all(sample.verdict for sample in told.values())
        tokens = [token_count(told[length].reply) for length in LENGTHS]
        assert tokens == sorted(tokens) and tokens[0] < tokens[1]
        assert told["normal"].reply.startswith("<think>") and told["full"].reply.count("</think>") == 1


@every_task
def test_no_two_samples_open_alike(task):
    openings = [expert(make(task, level, seed)).reply[:300] for level in LEVELS for seed in range(20)]
    assert len(set(openings)) == len(openings)
