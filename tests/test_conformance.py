"""Rows in the published format are judged right with their answer and wrong with a corrupted one."""

import json
from collections import Counter
from pathlib import Path

import pytest
from judges import judge_of

from mmhelix_nb.core import from_official, task_name, tasks

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
    found = [json.loads(line) for line in ROWS.read_text().splitlines() if line.strip()]
    missing = Counter(row["category"] for row in found if not known(row["category"]))
    print(
        f"{len(found) - missing.total()} rows read, {missing.total()} rows of {len(missing)} tasks that are not there left out: {', '.join(sorted(missing))}"
    )
    return [row for row in found if known(row["category"])]


def test_stored_answers_are_right(rows):
    for row in rows:
        verdict = from_official(row).check(row["answer"])
        assert verdict, (row["category"], row["answer"], verdict.reason)
        assert from_official(
            {
                **row,
                "initial_state": json.dumps(row["initial_state"])
                if not isinstance(row["initial_state"], str)
                else row["initial_state"],
            }
        ).check(f"\\boxed{{{row['answer']}}}")


def test_corrupted_answers_are_wrong(rows):
    for row in rows:
        item = from_official(row)
        for answer in (*GARBAGE, *judge_of(task_name(row["category"])).corrupted(row)):
            assert not item.check(f"\\boxed{{{answer}}}"), (row["category"], answer)


def test_our_answers_to_published_rows_are_right(rows):
    for row in rows:
        item = from_official(row)
        assert item.check(item.answer), (row["category"], item.answer)
        assert item.question("text") and item.image.size and item.trace() and item.canon
