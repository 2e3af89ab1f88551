"""Narrations: replayed from their text alone, told in three lengths, no two alike, accepted by the verifier."""

from random import Random

import pytest
from replays import replay_of
from shelf import LEVELS, TASKS, fresh, item, sample

from mmhelix_nb.serg import expert
from mmhelix_nb.steps import LENGTHS, token_count

every_task = pytest.mark.parametrize("task", TASKS)


@pytest.mark.fresh
@every_task
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
    ("futoshiki", 2, 0, 2): "row 2, column 4 is 1, so it is 1 or 4 as well as 1 or 3",
    ("kakuro", 4, 0, 2): "the other cell of the run is 1, 2 or 3 as well",
}


@every_task
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
@every_task
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
