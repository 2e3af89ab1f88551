"""Our own skeletons as lessons: puzzles and texts are sound, budgets equal, verdicts follow from numbers, the report draws itself."""

import itertools
import json
import shutil
from dataclasses import replace
from random import Random

import pytest

from mmhelix_nb.book.place import book_folder
from mmhelix_nb.claims import skeletons
from mmhelix_nb.claims.register import VERDICTS, verdict
from mmhelix_nb.core import task_module
from mmhelix_nb.steps import Manner

REPORT = book_folder() / "reports/claims/skeletons.json"


def some(task, split="train", count=12, seed=7):
    """The first puzzles of a seed that no run uses."""
    return [*itertools.islice(skeletons.puzzles(task, split, seed), count)]


@pytest.mark.parametrize("task", skeletons.LEVELS)
def test_what_is_asked_was_never_told(task):
    told, asked = some(task, count=60), some(task, "heldout", 60)
    assert told == some(task, count=60) and not {item.canon for item in told} & {item.canon for item in asked}
    assert {item.task for item in told} == {task} and len({item.category for item in told}) == 1


@pytest.mark.parametrize("task", skeletons.LEVELS)
def test_arms_differ_by_what_serg_reflects(task):
    back = 0
    for item in some(task):
        texts = {arm: skeletons.told(item, arm) for arm in skeletons.ARMS}
        boxes = {text[text.index("\\boxed") :] for text in texts.values()}
        assert len(boxes) == 1 and all(item.check(text) for text in texts.values())
        kinds = {arm: [step.kind for step in skeletons.told_steps(item, arm)] for arm in ("none", "search", "full")}
        assert "backtrack" not in kinds["none"] and 1 <= kinds["search"].count("backtrack") <= skeletons.MOST
        assert "check" not in kinds["search"] and "check" in kinds["full"]
        assert kinds["full"].count("backtrack") == kinds["search"].count("backtrack")
        back += len(texts["full"]) > len(texts["search"]) > len(texts["answer"])
    assert back == 12


@pytest.mark.parametrize("task", skeletons.LEVELS)
def test_a_question_keeps_all_that_is_the_puzzles_own(task):
    items = some(task, count=40)
    asked = [skeletons.question(item) for item in items]
    states = {item.state for item in items}
    assert len(set(asked)) == len(states), "two puzzles are asked alike"
    assert all(len(short) < len(item.question("text")) for short, item in zip(asked, items))


def test_the_plainest_wording_is_one_of_the_tasks_own():
    rng = skeletons.Plain(3)
    assert rng.choice("abc") == "a" and rng.random() == Random(3).random()
    item = some("h_index", count=1)[0]
    drawn = {step.kind for step in task_module("h_index").trace(item.state, Random(0), Manner("fixed", "search"))}
    assert drawn == {step.kind for step in skeletons.told_steps(item, "search")}


def test_the_claims_are_as_they_were_registered():
    assert skeletons.registered() == "123973ab3b7c"
    assert skeletons.registered(replace(skeletons.LAB, items=1)) != skeletons.registered()


def toy(accuracy, seed, cell):
    """A run that is right in so many of a hundred puzzles."""
    right = "".join(str(int(Random(f"{cell}/{seed}/{i}").random() < accuracy)) for i in range(100))
    return {"right": right, "registered": skeletons.registered()}


def test_verdicts_follow_from_numbers():
    claim = skeletons.CLAIMS[0]

    def said(first, second, seeds=(0, 1)):
        runs = {}
        for cell, share in ((claim.first, first), (claim.second, second)):
            runs |= {f"{cell}-seed{seed}": toy(share, seed, cell) for seed in seeds}
        return skeletons.judged({"seeds": [0, 1], "runs": runs})

    outcomes = [said(*shares)["verdicts"][claim.key]["verdict"] for shares in ((0.9, 0.4), (0.4, 0.9), (0.6, 0.5))]
    assert outcomes == ["stood", "did not", "undecided"]
    alone = said(0.9, 0.4, seeds=(0,))
    assert alone["verdicts"][claim.key]["verdict"] == "undecided"
    (row,) = (one for one in skeletons.rows(alone) if one["key"] == claim.key)
    assert row["seeds"] == [0] and "decides nothing" in row["ours"]
    others = [one for one in skeletons.rows(alone) if one["key"] != claim.key]
    assert {one["verdict"] for one in others} == {"not run"}


@pytest.mark.skipif(not REPORT.is_file(), reason="no report is committed")
def test_the_committed_report_is_what_its_json_draws(tmp_path):
    shutil.copy(REPORT, tmp_path)
    skeletons.redraw(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (REPORT.parent / path.name).read_bytes(), path.name
    kept = json.loads(REPORT.read_text(encoding="utf-8"))
    known = {one.key: one for one in skeletons.CLAIMS}
    assert kept["registered"] == skeletons.registered() == kept["runs"][next(iter(kept["runs"]))]["registered"]
    for key, one in kept["verdicts"].items():
        assert one["verdict"] == verdict(known[key], one["test"]) in VERDICTS
    for name, run in kept["runs"].items():
        assert run["greedy"]["right"] == run["right"].count("1") and run["seed"] in kept["seeds"], name
    rows = {row["key"]: row["ours"] for row in skeletons.rows(kept)}
    assert "17.8 against 20.0 % right, both below the 30.4 of the most frequent answer" in rows["5.72"]
