"""Rows in the published format are judged right with their answer and wrong with a corrupted one."""
import json
from collections import Counter
from pathlib import Path

import pytest

from mmhelix_nb.core import from_official, task_name, tasks

ROWS = Path(__file__).resolve().parents[2] / "shared" / "conformance" / "rows.jsonl"
GARBAGE = ("", "I do not know", "[]", "???", "the answer is above", "-1", "maybe 3 or 4")


def known(category: str) -> bool:
    "Whether a task for `category` is there."
    try: return task_name(category) in tasks()
    except ValueError: return False


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    "The rows of all tasks that are there; says how many are left out."
    if not ROWS.exists(): pytest.skip("no conformance rows beside the repository")
    found = [json.loads(line) for line in ROWS.read_text().splitlines() if line.strip()]
    missing = Counter(row["category"] for row in found if not known(row["category"]))
    print(f"{len(found) - missing.total()} rows read, {missing.total()} rows of {len(missing)} tasks that are not there left out: {', '.join(sorted(missing))}")
    return [row for row in found if known(row["category"])]


def flip(answer: str, at: int) -> str:
    "The answer with its digit number `at` (of 0 and 1) flipped."
    places = [i for i, sign in enumerate(answer) if sign in "01"]
    place = places[at % len(places)]
    return answer[:place] + "10"[int(answer[place])] + answer[place + 1 :]


def corrupted(row: dict) -> list[str]:
    "Answers that are wrong for `row` by the rules of its task."
    answer, task = row["answer"], task_name(row["category"])
    if task == "longest_increasing_subsequence": return [str(int(answer) + step) for step in (-1, 1, 10)] + [f"not {answer}", f"{answer} or {int(answer) + 1}"]
    if task == "binairo": return [flip(answer, at) for at in (0, 7, 20)] + ["\n".join(answer.split("\n")[:-1]), answer.replace("1", "0")]
    if task == "maze": return [answer.rsplit(" ", 1)[0], answer.split(" ", 1)[1], f"{answer} {answer}", answer.replace("up", "down"), f"{answer} 3"][: 5 if "up" in answer else 3]
    if task == "hamiltonian_path":
        nodes = list(range(len(row["initial_state"])))
        if answer.lower() == "no": return ["Yes", str(nodes), str(nodes[::-1])]
        path = json.loads(answer)
        return ["No", str(path[::-1]), str(path[:-1]), str(path[1:]), str([*path, path[0]]), answer[:-1], str([*path[:-1], len(nodes)])]
    return []


def test_stored_answers_are_right(rows):
    for row in rows:
        verdict = from_official(row).check(row["answer"])
        assert verdict, (row["category"], row["answer"], verdict.reason)
        assert from_official({**row, "initial_state": json.dumps(row["initial_state"]) if not isinstance(row["initial_state"], str) else row["initial_state"]}).check(f"\\boxed{{{row['answer']}}}")


def test_corrupted_answers_are_wrong(rows):
    for row in rows:
        item = from_official(row)
        for answer in (*GARBAGE, *corrupted(row)): assert not item.check(f"\\boxed{{{answer}}}"), (row["category"], answer)


def test_our_answers_to_published_rows_are_right(rows):
    for row in rows:
        item = from_official(row)
        assert item.check(item.answer), (row["category"], item.answer)
        assert item.question("text") and item.image.size and item.trace() and item.canon
