"""The guard of retold traces: no spoilt reply is accepted, and hardly any honest one is refused. `make guard` tries a thousand of each kind."""

import re
from random import Random

import pytest
from guard import adversary, honest
from guard.bench import skeleton
from guard.retellings import retellings

from mmhelix_nb.core import tasks
from mmhelix_nb.traces.guard import guard

SAMPLES = [skeleton(number) for number in range(0, 5 * len(tasks()), 5)]  # each task at one level


@pytest.mark.parametrize("sample", SAMPLES, ids=[f"{sample.item.task}-{sample.item.level}" for sample in SAMPLES])
def test_a_skeleton_tells_itself(sample):
    found = guard(sample, sample.reply)
    assert found, found.reason
    assert (found.steps, found.backtracks) == sample.counts


@pytest.mark.parametrize("kind", adversary.KINDS)
def test_spoilt_replies_are_refused(kind):
    made = 0
    for number, sample in enumerate(SAMPLES):
        reply = adversary.KINDS[kind](sample, sample.reply, Random(f"{kind}/{number}"))
        if reply is None or reply == sample.reply or made == 12:
            continue
        made += 1
        assert not guard(sample, reply), (sample.item, reply)
    assert made >= 2


ONCE_ACCEPTED = (  # by the long bench: kind, and number of the skeleton
    ("doubtful_failure", 125),
    ("doubtful_failure", 167),
    ("doubtful_failure", 681),
    ("negated", 304),
    ("negated", 716),
    ("made_up_try", 143),
    ("made_up_try", 911),
    ("doubtful_failure", 213),
    ("doubtful_failure", 12),
    ("doubtful_failure", 13),
    ("other_quantity", 81),
    ("other_quantity", 123),
    ("other_quantity", 375),
    ("other_things", 1648),
)


@pytest.mark.parametrize(("kind", "number"), ONCE_ACCEPTED)
def test_what_the_long_bench_found_is_refused(kind, number):
    sample = skeleton(number)
    spoilt = adversary.KINDS[kind](sample, sample.reply, Random(f"{kind}/{number}"))
    assert spoilt is not None and not guard(sample, spoilt)


def test_a_reason_turned_round_is_mostly_refused():
    """Not where both claims name the same, as in "7 to 2 is out, so the way goes from 7 to 2"."""
    accepted, made = [], 0
    for number, sample in enumerate(SAMPLES):
        reply = adversary.reason_turned(sample, sample.reply, Random(f"reason/{number}"))
        if reply is not None and reply != sample.reply:
            made += 1
            accepted += [sample.item] if guard(sample, reply) else []
    assert made >= 20 and len(accepted) <= made / 3, accepted


def spoilt(sample, remark):
    "The reply with a `remark` before its reasoning."
    return sample.reply.replace("<think>\n", f"<think>\n{remark} ", 1)


def test_an_answer_announced_and_a_slip_made_up_are_refused():
    """`I will end with` tells the answer as `the answer is` does; nobody misread a picture where no step mends it."""
    for sample in SAMPLES:
        answer = sample.item.answer
        if re.fullmatch(r"\d+|Yes|No|[a-z]+( -> [a-z]+)+", answer):
            assert not guard(sample, spoilt(sample, f"I will end with {answer}.")), sample.item
        if not any(step.kind == "repair" for step in sample.steps):
            assert not guard(sample, spoilt(sample, "I misread the picture at first, and mend it.")), sample.item
            asked = guard(sample, spoilt(sample, "Did I misread the picture? I look once more."))
            assert asked, (sample.item, asked.reason)


def test_never_is_a_denial():
    sample = skeleton(50_002)
    told = "E5 gets C"
    assert told in sample.reply
    assert not guard(sample, sample.reply.replace(told, told.replace("gets", "never gets")))


def test_honest_paraphrases_are_accepted():
    refused, made = [], 0
    for kind, change in honest.KINDS.items():
        for number, sample in enumerate(SAMPLES[::4]):
            reply = change(sample, sample.reply, Random(f"{kind}/{number}"))
            if reply is None or reply == sample.reply:
                continue
            made += 1
            found = guard(sample, reply)
            refused += [] if found else [(kind, sample.item.task, found.reason)]
    assert made > 60 and len(refused) <= 0.05 * made, refused


def test_retellings_by_hand_are_accepted():
    told = [(sample.item.task, guard(sample, reply)) for sample, reply in retellings()]
    refused = [(task, found.reason) for task, found in told if not found]
    assert len(told) >= 39 and len(refused) <= 1, refused
    assert all(sample.item.check(reply) for sample, reply in retellings())


def test_what_is_told_is_counted():
    """A row says what its text tells: a way back that is left out is missing, so the reply is refused; all others are counted."""
    for sample, reply in retellings():
        found = guard(sample, reply)
        backtracks = sum(step.kind == "backtrack" for step in sample.steps)
        assert not found or (found.backtracks == backtracks and found.steps >= 0.8 * len(sample.steps))
