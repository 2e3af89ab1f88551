"""Polishing against a server that misbehaves: every skeleton is accepted once or recorded as failed; none is lost, none comes twice, nothing is paid twice."""

import json
import time
from dataclasses import replace

import pytest
from fakeserver import MISBEHAVIOURS, FakeServer, completion, good, misbehaving, retold

from mmhelix_nb import make
from mmhelix_nb.book.server import Server, ServerError
from mmhelix_nb.serg import expert
from mmhelix_nb.traces.polish import Polishing, keeps, kind_of, polish_all

SKELETONS = [
    expert(make(task, level, seed))
    for task in ("binairo", "maze", "hamiltonian_path")
    for level in (1, 2)
    for seed in range(3)
]
QUICK = Server("", "fake", concurrency=4, timeout_s=0.6, backoff_s=0.01, retries=4)
TWICE = Polishing(attempts=2)


def polished(fake, server=QUICK, cache=None, skeletons=SKELETONS):
    """The outcomes, after the account: each skeleton once, in order, accepted or with its reasons."""
    outcomes = polish_all(skeletons, replace(server, url=fake.url), TWICE, cache)
    assert [outcome.skeleton for outcome in outcomes] == skeletons
    for outcome in outcomes:
        assert outcome.reasons if outcome.sample is None else keeps(outcome.skeleton, outcome.sample.reply)
    return outcomes


def boards(sample):
    """The boards that a skeleton shows, without immediate repeats."""
    shown = [step.board for step in sample.steps if len(step.board) > 2]
    return [board for board, before in zip(shown, [None, *shown]) if board != before]


def slow(asked, number):
    if number == 1:
        time.sleep(1.0)
    return good(asked)


PASSING = {  # what goes wrong on the way, at the first one or two times
    "429": lambda asked, number: (429, '{"error": {"message": "slow down"}}', {}) if number < 3 else good(asked),
    "429 with a date": lambda asked, number: (429, "{}", {"Retry-After": "0.05"}) if number < 2 else good(asked),
    "500": lambda asked, number: (500, "oops", {}) if number < 3 else good(asked),
    "503": lambda asked, number: (503, '{"error": "starting"}', {}) if number < 2 else good(asked),
    "timeout": slow,
    "cut before the answer": lambda asked, number: (None, None, None) if number < 3 else good(asked),
    "cut in mid-answer": lambda asked, number: (
        (200, completion("half")[:60], {"Content-Length": "5000"}) if number < 2 else good(asked)
    ),
    "invalid JSON": lambda asked, number: (200, '{"id": "1", "choices": [', {}) if number < 3 else good(asked),
    "no JSON": lambda asked, number: (200, "<html>gateway</html>", {}) if number < 2 else good(asked),
    "no choices": lambda asked, number: (200, completion("x", choices=[]), {}) if number < 3 else good(asked),
    "choices are null": lambda asked, number: (200, completion("x", choices=None), {}) if number < 2 else good(asked),
    "no message": lambda asked, number: (
        (200, completion("x", choices=[{"index": 0, "finish_reason": "stop", "message": None}]), {})
        if number < 2
        else good(asked)
    ),
}


@pytest.mark.parametrize("fault", PASSING)
def test_faults_on_the_way_are_survived(fault):
    with FakeServer(PASSING[fault]) as fake:
        assert all(outcome.sample for outcome in polished(fake))


LASTING = {  # what a reply itself gets wrong, at every attempt
    "truncated": (
        lambda asked, number: (200, completion(retold(asked)[:-40], "length"), {}),
        "cut off at the token limit",
    ),
    "always wrong": (
        lambda asked, number: (200, completion(retold(asked).rsplit("\\boxed", 1)[0] + "\\boxed{7 7 7}"), {}),
        "the verifier says",
    ),
    "empty": (lambda asked, number: (200, completion(""), {}), "an empty reply"),
    "null": (lambda asked, number: (200, completion(None), {}), "an empty reply"),
    "answer only": (lambda asked, number: (200, completion(retold(asked).split("</think>")[1]), {}), ""),
    "leak": (
        lambda asked, number: (
            200,
            completion(retold(asked).replace("Let me think", "As the provided solution shows")),
            {},
        ),
        "it speaks of its notes: ",
    ),
    "rambling": (
        lambda asked, number: (
            200,
            completion(
                retold(asked).replace(
                    "</think>", "wait, let me look at this once more before I go on with it, " * 8 + "</think>"
                )
            ),
            {},
        ),
        "",
    ),
    "500 for ever": (
        lambda asked, number: (500, "oops", {}),
        "no answer: 5 requests failed, the last with HTTP 500: 'oops'",
    ),
    "400": (lambda asked, number: (400, '{"error": {"message": "too long a prompt"}}', {}), "too long a prompt"),
    "filtered": (lambda asked, number: (200, completion("", "content_filter"), {}), "content filter"),
    "only a thought": (misbehaving("reasoning_only"), "cut off at the token limit"),
}


@pytest.mark.parametrize("fault", LASTING)
def test_lasting_faults_are_recorded_with_their_reason(fault):
    behave, said = LASTING[fault]
    with FakeServer(behave) as fake:
        for outcome in polished(fake):
            assert outcome.sample is None and said in outcome.reasons[-1]


def test_a_lost_anchor_is_not_accepted():
    def forgetful(asked, number):
        text = retold(asked)
        board = next(
            board
            for sample in SKELETONS
            if sample.reply in asked["messages"][-1]["content"]
            for board in boards(sample)[1:2]
        )
        return 200, completion(text.replace(board, "(as before)")), {}

    chosen = [sample for sample in SKELETONS if len(boards(sample)) > 2]
    with FakeServer(forgetful) as fake:
        assert all(
            outcome.sample is None and any("anchor is lost" in reason for reason in outcome.reasons)
            for outcome in polished(fake, skeletons=chosen)
        )


def test_a_mixture_of_faults_loses_nothing():
    def mixed(asked, number):
        kind = (sum(map(ord, json.dumps(asked))) + number) % 6
        if kind == 0:
            return 429, "{}", {}
        if kind == 1:
            return None, None, None
        if kind == 2:
            return 200, "{", {}
        if kind == 3:
            return 200, completion("I cannot."), {}
        return good(asked)

    with FakeServer(mixed) as fake:
        outcomes = polished(fake, replace(QUICK, retries=8))
        assert any(outcome.reasons for outcome in outcomes)


def test_the_second_attempt_is_another_request():
    with FakeServer(lambda asked, number: good(asked) if asked["seed"] == 1 else (200, completion("no"), {})) as fake:
        assert all(outcome.sample and len(outcome.reasons) == 1 for outcome in polished(fake))
        assert set(fake.seen.values()) == {1} and len(fake.seen) == 2 * len(SKELETONS)


def test_nothing_is_paid_twice(tmp_path):
    with FakeServer() as fake:
        first = polished(fake, cache=tmp_path / "replies.sqlite")
        again = polished(fake, cache=tmp_path / "replies.sqlite")
        assert set(fake.seen.values()) == {1} and [one.sample for one in first] == [one.sample for one in again]


@pytest.mark.parametrize("name", ["parts", "null_finish", "string_usage", "sse_unasked", "reasoning"])
def test_unusual_answers_are_understood(name):
    with FakeServer(misbehaving(name)) as fake:
        assert all(outcome.sample for outcome in polished(fake, skeletons=SKELETONS[:4]))


def thinking(asked, number):
    """A server that has cut the reply at its thought."""
    thought, rest = retold(asked).removeprefix("<think>").split("</think>")
    body = json.loads(completion(rest))
    body["choices"][0]["message"]["reasoning_content"] = thought
    return 200, json.dumps(body), {}


def opened(asked, number):
    """A server whose template has opened the thought, so that the reply does not."""
    return 200, completion(retold(asked).removeprefix("<think>")), {}


@pytest.mark.parametrize("behave", [thinking, opened])
def test_a_thought_that_stands_apart_is_read(behave):
    with FakeServer(behave) as fake:
        for outcome in polished(fake, skeletons=SKELETONS[:4]):
            assert outcome.sample and not outcome.reasons and outcome.sample.reply.count("<think>") == 1


def test_thinking_is_switched_off_where_the_server_takes_that():
    def plain(asked, number):
        if "chat_template_kwargs" in asked:
            return 400, '{"error": {"message": "Unrecognized request argument"}}', {}
        return good(asked)

    with FakeServer() as fake:
        polished(fake, skeletons=SKELETONS[:4])
        assert all(json.loads(one)["chat_template_kwargs"] == {"enable_thinking": False} for one in fake.seen)
    with FakeServer(plain) as fake:
        outcomes = polished(fake, replace(QUICK, concurrency=1), skeletons=SKELETONS[:4])
        assert all(outcome.sample for outcome in outcomes) and fake.seen.total() == 5  # the first is asked again


def test_one_reason_again_and_again_ends_the_run_with_one_line(tmp_path):
    how = Polishing(attempts=2, patience=6)
    with FakeServer(lambda asked, number: (200, completion("I cannot."), {})) as fake:
        server = replace(QUICK, url=fake.url, concurrency=1)
        for _ in range(2):  # what is known already does not count again
            with pytest.raises(
                ServerError, match=r"6 replies in a row are refused for one reason \(too short\); "
            ) as caught:
                polish_all(SKELETONS, server, how, tmp_path / "replies.sqlite")
            assert "\n" not in str(caught.value)
        assert len(fake.seen) == 12 and set(fake.seen.values()) == {1}


@pytest.mark.parametrize("fence", ["```\n{}\n```", "```markdown\n{}\n```\n", "~~~\n{}", "\n``` text\n{}\n```"])
def test_a_fence_round_a_reply_is_taken_off(fence):
    with FakeServer(lambda asked, number: (200, completion(fence.format(retold(asked))), {})) as fake:
        for outcome in polished(fake, skeletons=SKELETONS[::5]):
            assert outcome.sample and outcome.sample.reply.lstrip().startswith("<think>")
            assert not outcome.sample.reply.rstrip().endswith(("```", "~~~"))


@pytest.mark.parametrize("name", ["401", "402", "403", "404_model", "429_quota", "error_402_in_200"])
def test_what_no_request_changes_ends_the_run_with_one_line(name):
    with FakeServer(misbehaving(name)) as fake, pytest.raises(ServerError, match=r"refuses \(\d+\): .*; ") as caught:
        polished(fake)
    assert MISBEHAVIOURS[name].says in str(caught.value) and "\n" not in str(caught.value)
    assert fake.seen.total() <= QUICK.concurrency


def test_reasons_are_counted_in_words():
    kinds = set()
    for behave, _ in LASTING.values():
        with FakeServer(behave) as fake:
            kinds |= {
                kind_of(reason) for outcome in polished(fake, skeletons=SKELETONS[:2]) for reason in outcome.reasons
            }
    assert kinds == {
        "cut off at the token limit",
        "the verifier says",
        "an empty reply",
        "too short",
        "it speaks of its notes",
        "it repeats itself",
        "no answer",
        "refused by the server",
        "held back by the server's content filter",
    }


def test_a_server_that_is_not_there_ends_the_run_with_one_line():
    with FakeServer() as fake:
        url = fake.url  # nobody listens there any more
    with pytest.raises(ServerError, match="cannot be reached; start the server"):
        polish_all(SKELETONS, replace(QUICK, url=url), TWICE)


def test_the_budget_is_kept():
    with FakeServer() as fake:
        outcomes = polished(fake, replace(QUICK, token_budget=600, concurrency=1))
        assert sum(outcome.sample is not None for outcome in outcomes) == 4 == len(fake.seen)
        outcomes = polished(fake, replace(QUICK, cost_budget=0.001, price_out=10.0, concurrency=1))
        assert sum(outcome.sample is not None for outcome in outcomes) == 2  # 50 tokens out at 10 a million are 0.0005


def test_concurrency_is_bounded():
    with FakeServer(latency=0.05) as fake:
        polished(fake)
        assert 3 <= fake.most <= 4
