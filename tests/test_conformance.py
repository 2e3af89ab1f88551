"""Rows in the published format are judged right with their answer and wrong with a corrupted one."""

import json
from collections import Counter
from pathlib import Path

import pytest
from judges import judge_of
from provers import prove

from mmhelix_nb.core import from_official, task_module, task_name, tasks
from mmhelix_nb.serg import expert
from mmhelix_nb.shared.draw import STYLES

ROWS = Path(__file__).resolve().parents[2] / "shared" / "conformance" / "rows.jsonl"
GARBAGE = ("", "I do not know", "[]", "???", "the answer is above", "-1", "maybe 3 or 4")


def known(category: str) -> bool:
    "Whether a task for `category` is there."
    try:
        return task_name(category) in tasks()
    except ValueError:
        return False


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    "The rows of all tasks that are there; says how many are left out."
    if not ROWS.exists():
        pytest.skip("no conformance rows beside the repository")
    found = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").split("\n") if line.strip()]
    missing = Counter(row["category"] for row in found if not known(row["category"]))
    print(
        f"{len(found) - missing.total()} rows read, {missing.total()} rows of {len(missing)} tasks that are not there left out: {', '.join(sorted(missing))}"
    )
    return [row for row in found if known(row["category"])]


def named(row: dict, item) -> str:
    """The row and its puzzle, for messages."""
    return f"{row['category']}: {item.state}"


def test_stored_answers_are_right(rows):
    for row in rows:
        item, state = from_official(row), row["initial_state"]
        verdict = item.check(row["answer"])
        assert verdict, (named(row, item), row["answer"], verdict.reason)
        as_text = state if isinstance(state, str) else json.dumps(state)
        assert from_official({**row, "initial_state": as_text}).check(f"\\boxed{{{row['answer']}}}"), named(row, item)


def test_corrupted_answers_are_wrong(rows):
    for row in rows:
        item = from_official(row)
        for answer in (*GARBAGE, *judge_of(task_name(row["category"])).corrupted(row)):
            assert not item.check(f"\\boxed{{{answer}}}"), (named(row, item), answer)


def test_published_puzzles_are_shown_solved_and_told(rows):
    """Everything that our items can do, these can: question, legible picture, answer, narration."""
    for row in rows:
        item = from_official(row)
        assert item.check(item.answer), (named(row, item), item.answer)
        assert item.question("text") != item.question("image"), named(row, item)
        assert task_module(item.task).layout(item.state, STYLES["light"]).clashes() == [], named(row, item)
        told = expert(item)
        assert told.verdict, named(row, item)
        assert prove(item.task, item.state, told.steps) == "", named(row, item)
