"""Traces: proven step by step from their facts, told in three lengths, no two alike, accepted by the verifier."""

import re
from collections import Counter
from random import Random

import pytest
from provers import PROVEN, prove, spoil
from replays import replay_of
from shelf import LEVELS, TASKS, fresh, item, sample

from mmhelix_nb.core import task_module
from mmhelix_nb.serg import expert
from mmhelix_nb.steps import LENGTHS, REFLECTIONS, Manner, token_count

every_task = pytest.mark.parametrize("task", TASKS)
told_by_text = pytest.mark.parametrize("task", [task for task in TASKS if task not in PROVEN])  # these have a replay
proven = pytest.mark.parametrize("task", PROVEN)
MANNERS = [Manner(), *(Manner(order, "search") for order in ("fixed", "random", "heuristic")), Manner("", "none")]


# Facts


@pytest.mark.fresh
@proven
def test_every_fact_follows_from_its_reason(task, run_seed, rng):
    """A prover that knows the rules of the puzzle finds no gap, however the search is told; `make traces` proves 250 of each task."""
    for one in fresh(run_seed, task, 2):
        for manner in (MANNERS[0], rng.choice(MANNERS[1:])):
            gap = prove(task, one.state, one.trace(manner))
            assert not gap, (one.level, one.seed, manner, gap)


@proven
def test_a_false_fact_is_noticed(task):
    """Of 50 traces in which one number of a fact is changed a prover notices at least 47: some changes are true as well."""
    missed = []
    for level in LEVELS:
        for seed in range(2):
            one = item(task, level, seed)
            steps, rng = one.trace(), Random(f"{task}/{level}/{seed}")
            for _ in range(5):
                wrong = spoil(steps, rng)
                if not prove(task, one.state, wrong):
                    missed += [(level, seed, step.says, step.facts) for step, old in zip(wrong, steps) if step != old]
    assert len(missed) <= 3, missed


@proven
def test_slips_are_marked_mended_and_told_in_full_only(task):
    kinds = Counter()
    for telling in range(40):
        one = item(task, 1, telling % 4)
        steps = one.trace(telling=telling)
        kinds["slips"] += any(step.kind == "repair" for step in steps)
        kinds["false"] += any(step.false for step in steps)
        assert steps[-1].kind == "conclude" and steps[-1].facts[0].args == (one.answer,)
        assert all(set(step.false) <= set(step.facts) for step in steps)
    assert 4 <= kinds["slips"] <= 32, kinds
    for reflection in REFLECTIONS[1:]:
        told = [item(task, 3, seed).trace(Manner("", reflection)) for seed in range(5)]
        assert not {"check", "repair"} & {step.kind for steps in told for step in steps}
        assert reflection == "search" or "backtrack" not in {step.kind for steps in told for step in steps}


def unnamed(voice, step) -> list[str]:
    """What stands in the facts of a step, or is the place of a reason, and is not in its words or on its board."""
    said = f"{step.says} {step.board}".lower()
    parts = [
        name for fact in step.facts if fact.kind in voice.words for name in voice.slots(fact.kind, fact.args).values()
    ]
    for reason in step.reasons:
        kinds = [kind for sign in ("", "-", "~", "^") if (kind := f"{reason.rule}{sign}") in voice.grounds]
        if kinds and voice.grounds[kinds[0]][0] and reason.args:
            parts.append(voice.called(voice.grounds[kinds[0]][0][0], reason.args[0]))
    return [part for part in parts if part.lower() not in said and not step.board]


@proven
def test_words_name_what_the_facts_name(task):
    voice = task_module(task).VOICE
    for seed in range(5):
        for step in item(task, 2, seed).trace():
            assert not (missing := unnamed(voice, step)), (step.says, missing)


@proven
def test_sentences_are_cased_and_closed(task):
    for seed in range(5):
        for step in item(task, 2, seed).trace():
            assert (
                step.says[:1].isupper() or step.says[:1].isdigit() or step.says[:1].islower() and step.kind == "deduce"
            )
            assert step.says[-1] in ".:,;?" or step.board, step.says
            told = re.sub(r"\[.*?\]", "[]", step.says)  # rows of a grid have dots of their own
            assert not re.search(r"  |\.\.|\{|, ,| [.,;:](?!\d)", told), step.says


# Texts


@pytest.mark.fresh
@told_by_text
def test_every_anchor_follows(task, run_seed):
    """A replay that knows the rules and the wording, but not the search, finds no contradiction."""
    for one in fresh(run_seed, task):
        for length in ("normal", "full"):
            problem = replay_of(task).replay(one.state, expert(one, length).reply)
            assert not problem, (one.level, one.seed, length, problem)


def unnoticed(task: str, one, text: str, rng: Random) -> str:
    """Falsify the narration `text`; the place and the change where the replay does not notice, else nothing."""
    wrong = replay_of(task).spoil(text, rng)
    assert wrong and wrong != text, "nothing was falsified"
    if replay_of(task).replay(one.state, wrong):
        return ""
    at = next(i for i, (a, b) in enumerate(zip(text, wrong)) if a != b)
    return f"{text[at - 90 : at + 30]!r} became {wrong[at - 9 : at + 30]!r}"


# Falsifications that are true as well, by item and number of the draw. What else stays unnoticed is a gap in the replay.
TRUE_AS_WELL = {
    ("hamiltonian_path", 3, 4, 1): "going to 6 cuts off 11 as well as 10",
    ("eulero", 2, 4, 3): "the pair A2 stands elsewhere as well as B2",
    ("kakuro", 4, 0, 2): "the other cell of the run is 1, 2 or 3 as well",
}


@told_by_text
def test_a_falsified_narration_is_noticed(task):
    """The replay is no rubber stamp: of 100 falsified narrations it notices all, but for those that are true as well."""
    missed = {}
    for level in LEVELS:
        for seed in range(5):
            rng = Random(f"{task}/{level}/{seed}")
            for number in range(4):
                if change := unnoticed(task, item(task, level, seed), sample(task, level, seed).reply, rng):
                    missed[task, level, seed, number] = change
    assert missed.keys() == {key for key in TRUE_AS_WELL if key[0] == task}, missed


@pytest.mark.fresh
@pytest.mark.bulk
@told_by_text
def test_hardly_any_falsification_is_true_as_well(task, run_seed, rng):
    missed = [unnoticed(task, one, expert(one).reply, rng) for one in fresh(run_seed, task)]
    most = (
        0.02 * len(missed) + 3
    )  # 1 of 100 in kakuro and skyscrapers, where many sentences about a line are true; 3 by chance
    assert sum(map(bool, missed)) <= most, [change for change in missed if change]


@every_task
def test_lengths_are_ordered_and_right(task):
    for level in LEVELS:
        told = {length: sample(task, level, 2, length) for length in LENGTHS}
        assert all(one.verdict for one in told.values())
        tokens = [token_count(told[length].reply) for length in LENGTHS]
        assert tokens == sorted(tokens) and tokens[0] < tokens[1]
        assert told["normal"].reply.startswith("<think>") and told["full"].reply.count("</think>") == 1


@every_task
def test_no_two_samples_open_alike(task):
    openings = [sample(task, level, seed).reply[:300] for level in LEVELS for seed in range(20)]
    assert len(set(openings)) == len(openings)
