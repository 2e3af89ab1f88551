"""Rows of other people: damaged ones are refused by field and value, those in the columns of MM-HELIX-100K are judged by their response."""

import json
from random import Random

import pytest

from mmhelix_nb.benchmark.published import judge_row, verify_rows
from mmhelix_nb.core import from_official, make, tasks

JUNK = (
    None,
    True,
    -1,
    0,
    3,
    10**12,
    1.5,
    float("nan"),
    "",
    "x",
    "No",
    "1,2",
    "9" * 40,
    [],
    [[]],
    [1],
    ["a"],
    [None],
    [[1, "x"], [2]],
    {},
    {"a": 1},
    "A|B\nC",
    "| |1|\n|2|",
)


def damaged(value, rng: Random, depth: int = 0):
    """`value` with one part of it replaced, left out, doubled or renamed."""
    kind = rng.random()
    if kind < 0.25 or depth > 5 or not value:
        return rng.choice(JUNK)
    if isinstance(value, (dict, list)):
        value = value.copy()
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        if kind < 0.4:
            del value[key]
        elif kind < 0.5 and isinstance(value, list):
            value.insert(key, value[key])
        elif kind < 0.5:
            value[f"{key}x"] = value.pop(key)
        else:
            value[key] = damaged(value[key], rng, depth + 1)
        return value
    if isinstance(value, str):
        at = rng.randrange(len(value))
        return value[:at] + (rng.choice("x 0|\n,9") if kind < 0.6 else "") + value[at + (kind < 0.8) :]
    return rng.choice((value + 1, -value, value * 1000, str(value), float(value)))


@pytest.mark.parametrize("task", tasks())
def test_damaged_rows_raise_nothing_but_value_errors(task):
    refused = 0
    for number in range(80):
        rng, item = Random(f"{task}/{number}"), make(task, 1 + number % 2, number % 3)
        text, state = item.question("text"), item.state.to_official()
        if state is None or number % 3 == 0:
            text = damaged(text, rng)
        else:
            state = damaged(state, rng)
        try:
            other = from_official({"category": task, "initial_state": state, "question_text": text})
        except ValueError as error:
            refused += 1
            assert str(error)
            continue
        for answer in (item.answer, "No"):
            assert other.check(answer).reason  # whatever was read can be judged
    assert refused


def as_100k(task: str, reply: str) -> dict:
    """An item in the columns of MM-HELIX-100K, `reply` being what the language model said."""
    item = make(task, 1, 0)
    state = item.state.to_official()
    texts = {
        "question": item.question("image"),
        "answer": item.answer,
        "initial_state": state if isinstance(state, str) else json.dumps(state),
        "cot": "First,\n...",
        "Qwen3_235B": reply,
    }
    return {
        "task": task,
        "level": 1,
        "category": task,
        **{name: text.replace("\n", "\\n") for name, text in texts.items()},
    }  # line breaks stand as two characters


@pytest.mark.parametrize("task", tasks())
def test_the_response_is_judged_and_not_the_stored_answer(task):
    kind, reason = judge_row(as_100k(task, f"<think>\nHm.\n</think>\n\n\\boxed{{{make(task, 1, 0).answer}}}"))
    if task in ("max_flow", "shortest_distance_weighted", "graph_isomorphism"):
        assert kind == "stored"
    elif task == "snake":
        assert kind == "unreadable" and "question_text" in reason  # its counts stand in the text form alone
    else:
        assert kind == "right", reason
    assert judge_row(as_100k(task, "<think>\nHm.\n</think>\n\nI give up."))[0] in ("wrong", "unreadable")


def test_report_counts_each_kind(tmp_path):
    rows = [
        as_100k(task, reply)
        for task in ("maze", "max_flow")
        for reply in (f"\\boxed{{{make(task, 1, 0).answer}}}", "\\boxed{77}")
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    report = verify_rows(tmp_path)
    assert (report["rows"], report["right"], report["stored"]) == (4, 1, 1)
    assert report["tasks"]["maze"]["wrong"] == report["tasks"]["max_flow"]["wrong"] == 1
    assert verify_rows(tmp_path, "answer")["right"] == 2  # the stored answers themselves
