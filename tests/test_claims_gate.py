"""The claims about the gate: wrong experts touch nothing else, pictures looked at once give the same numbers, verdicts follow from numbers."""

import hashlib
import json
import shutil
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import pytest

from mmhelix_nb.book.jobs import CHAPTERS, behind, graph, run_folder, touched
from mmhelix_nb.book.methods import METHODS
from mmhelix_nb.book.place import book_folder
from mmhelix_nb.book.profiles import ProfileError, read_profile
from mmhelix_nb.book.results import read_curve
from mmhelix_nb.book.rows import rows_path
from mmhelix_nb.book.settings import Lab
from mmhelix_nb.book.statistics import share_record
from mmhelix_nb.claims import gate
from mmhelix_nb.claims.register import Registered, frozen, verdict
from mmhelix_nb.core import unpack
from mmhelix_nb.puzzles.binairo import check
from mmhelix_nb.training import noise
from mmhelix_nb.training.lab import lab_files, lab_rows

REPORT = book_folder() / "reports/claims/gate.json"


def boxed(row) -> str:
    """What an expert ends with."""
    return row["completion"][0]["content"].partition("\\boxed{")[2].rstrip("}")


# ---- wrong experts -----------------------------------------------------------------------------------------------


def test_the_lab_is_as_it_was():
    """The rows of the finished runs, and their jobs: a section `lab` that is left out changes nothing."""
    files = lab_files(12, 3)
    told = [
        [name, {k: v for k, v in row.items() if k != "images"}] for name, own in sorted(files.items()) for row in own
    ]
    assert hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16] == "06095063574ea637"
    assert noise.spoilt(files["sft"], Lab()) == files["sft"]
    plain = read_profile("mini")
    assert "experts" not in graph(plain) and rows_path(plain, "rl") == Path("runs/mini/base/rl.parquet")


def test_other_experts_need_no_other_base():
    other = read_profile("mini", overrides="lab.wrong=0.6 lab.wrong_kind=law")
    jobs = graph(other)
    for job in ("base", "evaluation-base", "generators"):
        assert touched(other, job) == ()
    for job in ("sft", "ahpo-ahpo", "evaluation-static"):
        assert touched(other, job) == ("lab.wrong=0.6", "lab.wrong_kind=law") and "experts" in behind(jobs, job)
    assert rows_path(other, "heldout").parent == run_folder(other, "base")
    assert rows_path(other, "sft").parent == run_folder(other, "experts")
    assert "experts" in graph(read_profile("mini", overrides="lab.distinct=12"))
    with pytest.raises(ProfileError, match="lab"):
        read_profile("gpu24", overrides="lab.wrong=0.5")


@pytest.mark.parametrize("kind", ["random", "other", "law", "long"])
def test_wrong_experts_are_wrong(kind):
    rows = lab_rows("binairo", "train", 60, 1)
    found = noise.spoilt(rows, Lab(wrong=1.0, wrong_kind=kind))
    assert found == noise.spoilt(rows, Lab(wrong=1.0, wrong_kind=kind))
    for row, own in zip(found, rows):
        state = unpack("binairo", row["state"])
        said, right = boxed(row), row["answer"]
        assert {k: v for k, v in row.items() if k != "completion"} == {
            k: v for k, v in own.items() if k != "completion"
        }
        assert bool(check(state, said)) == (said == right) == (kind == "long")
        given = [
            (a, b) for a, b in zip("".join(said.split()), (c for line in state.grid for c in line)) if b is not None
        ]
        assert all(int(a) == b for a, b in given)
    if kind == "long":
        assert (
            min(len(row["completion"][0]["content"]) for row in found)
            > 2 * max(len(row["answer"]) for row in rows) + 40
        )


def test_noise_is_nested_and_may_spare_easy_puzzles():
    rows = lab_rows("binairo", "train", 90, 1)
    wrong = [
        {row["seed"] for row in noise.spoilt(rows, Lab(wrong=share)) if boxed(row) != row["answer"]}
        for share in (0.2, 0.5, 1.0)
    ]
    assert wrong[0] < wrong[1] < wrong[2] and len(wrong[2]) == 90
    hard = noise.spoilt(rows, Lab(wrong=1.0, wrong_from=5))
    assert {row["level"] for row in hard if boxed(row) != row["answer"]} == {5, 6}
    few = noise.spoilt(rows, Lab(distinct=7))
    assert len(few) == 90 and set(Counter(row["seed"] for row in few).values()) == {12, 13}


def test_the_job_writes_both_files(tmp_path):
    overrides = ["lab.wrong=0.5", "sft.samples=8"]
    found = noise.run_experts("mini", tmp_path / "runs", tmp_path / "reports", overrides)
    book = read_profile("mini", overrides=overrides)
    from mmhelix_nb.book.rows import load_rows

    taught, mixed = (load_rows(rows_path(book, name, tmp_path / "runs")) for name in ("sft", "rl"))
    assert found["samples"] == 8 > found["right"] == sum(boxed(row) == row["answer"] for row in taught)
    assert mixed[:8] == taught and [bool(row["completion"]) for row in mixed[8:]] == [False] * 4


# ---- faster, with the same numbers -------------------------------------------------------------------------------


def test_pictures_prepared_once_give_the_same_numbers(tmp_path):
    pytest.importorskip("trl")
    from test_ahpo import PROCESSOR, ROWS, chance, settings, tiny

    from mmhelix_nb.ahpo import train_ahpo
    from mmhelix_nb.training.pictures import preparing_once

    curves = []
    for name in ("plain", "once"):
        with preparing_once(PROCESSOR) if name == "once" else nullcontext():
            train_ahpo(tiny(), PROCESSOR, ROWS, settings(steps=2, save_steps=2), tmp_path / name, "ahpo", reward=chance)
        curves.append(read_curve(tmp_path / name / "curve.jsonl"))
    assert curves[0] == curves[1] and len(curves[0]) == 2


def test_warm_is_static_and_then_grpo():
    pytest.importorskip("trl")
    from mmhelix_nb.ahpo import ahpo_config, gate_at
    from mmhelix_nb.book.settings import Ahpo

    small = Ahpo(optim="adamw_torch", bf16=False, gradient_checkpointing=False)
    config = ahpo_config(small, METHODS["warm"], "nowhere")
    assert [gate_at(config, done)(5, 5) for done in (0.0, 0.2, 0.33, 0.35, 1.0)] == [1, 1, 1, 0, 0]


# ---- asked twice -------------------------------------------------------------------------------------------------


def test_every_item_is_asked_once_more_by_chance(tmp_path, monkeypatch):
    models = pytest.importorskip("mmhelix_nb.training.models")
    from test_evaluation import write_lab

    from mmhelix_nb import evaluation as ev

    write_lab(tmp_path / "runs")
    processor = models.build_processor(models.build_tokenizer(["read flip 0123456789 \\boxed{}"] * 2))
    loaded = models.build_mini(processor), processor
    monkeypatch.setattr(ev, "load_named", lambda name, book: loaded)
    (tmp_path / "tiny.yaml").write_text(
        "extends: mini\nevaluation: {batch_size: 4, max_new_tokens: 4, items: 2, general_items: 2}\n"
    )
    found = {}
    for said in ("", "lab.sampled=true"):
        ev.run_evaluation(str(tmp_path / "tiny.yaml"), "ahpo", tmp_path / "runs", tmp_path / "reports", said)
        report = gate.report_folder(
            read_profile(str(tmp_path / "tiny.yaml"), overrides=said), "evaluation-ahpo", tmp_path / "reports"
        )
        found[said] = gate.read_results(report / "results.json")["results"]
    plain, both = found.values()
    sampled = both.pop("sampled")
    assert "sampled" not in plain and both == plain
    assert {k: v["asked"] for k, v in sampled["items"].items()} == {k: v["asked"] for k, v in plain["items"].items()}
    texts = [
        [json.loads(line)["text"] for line in path.read_text().splitlines()]
        for folder in ("", "sampled")
        for path in (tmp_path / "runs/tiny").glob(f"evaluation-ahpo@*/{folder}/judged.jsonl".replace("//", "/"))
    ]
    assert len(texts) == 2 and len(texts[0]) == len(texts[1]) == 6 and texts[0] != texts[1]


# ---- claims ------------------------------------------------------------------------------------------------------


def test_claims_are_of_cells_that_there_are():
    made = gate.claims()
    assert {claim.key.split(".")[0].split()[0] for claim in made} == {"2", "3", "4", "6", "7"}
    assert all(claim.refuted and claim.power for claim in made if claim.first)
    for cell in gate.cells():
        book = gate.book_of(cell, 1)
        assert gate.target(cell) in graph(book) and book.lab.sampled and book.seed == 1
    half = gate.book_of("sft_grpo_half/clean/4e-4", 0)
    assert half.ahpo.learning_rate == half.sft.learning_rate / 2 == 2e-4
    with pytest.raises(ValueError, match="unknown"):
        gate.overrides_of("static/clean")


def test_one_seed_decides_nothing():
    claim = Registered("1", "", "", "a", "b", "late", "above", 0.1, "", "")
    assert verdict(claim, {"low": 0.9, "high": 1.0, "seeds": 1}) == "undecided"
    assert verdict(claim, {"low": 0.9, "high": 1.0, "seeds": 2}) == "stood"
    assert verdict(claim, None) == "not run"


def made(cell: str, seed: int, right: int) -> dict:
    """A recorded run with so many of 20 samples right."""
    ways = {way: dict.fromkeys(gate.GROUPS, share_record(right, 20)) for way in ("greedy", "sampled")}
    return {"cell": cell, "seed": seed, **ways, "outcome": "free", "seconds": 1.0, "commit": "old", "curve": {}}


def test_runs_of_other_days_are_kept(tmp_path):
    """What the report holds stays, what was measured since replaces runs of its name, and verdicts rest on all seeds."""
    pair = ("ahpo1/wrong60/2e-4", "static/wrong60/2e-4")
    old = {(cell, seed): made(cell, seed, 20 - 15 * n) for seed in (0, 1) for n, cell in enumerate(pair)}
    inside = {("6.1 at 2e-4", 0): {"difference": 0.7, "low": 0.6, "high": 0.8, "n": 20}}
    labels = {"commit": "old", "version": "0"}
    report = gate.report_of(old, inside, labels)
    gate.write_gate(report, tmp_path)
    known = json.loads((tmp_path / "gate.json").read_text(encoding="utf-8"))
    kept = gate.collected(gate.runs_here([2], tmp_path), known)
    assert gate.records_of(kept) == gate.records_of(known) and kept["seeds"] == [0, 1]
    assert gate.known_pairs(kept) == gate.known_pairs(known)
    test = next(one for one in kept["claims"] if one["key"] == "6.1 at 2e-4")["test"]
    assert test["seeds"] == 2 and test["per_seed"][0]["difference"] == 0.7  # item by item, as it was measured
    assert test["per_seed"][1]["difference"] == 0.75  # by its counts
    fresh = {(pair[0], 0)}
    assert ("6.1 at 2e-4", 0) not in gate.known_pairs(known, fresh) and gate.known_pairs(known, {(pair[0], 1)})
    three = {**old, **{(cell, 2): {**made(cell, 2, 20 - 15 * n), "commit": "new"} for n, cell in enumerate(pair)}}
    grown = gate.report_of(three, {}, labels)
    assert grown["seeds"] == [0, 1, 2] and {run["commit"] for run in grown["runs"]} == {"old", "new"}
    row = next(one for one in gate.rows(grown) if one["key"] == "6.1 at 2e-4")
    assert row["verdict"] == "stood" and row["seeds"] == [0, 1, 2] and row["ours"].startswith("+75.0 [+")
    other = {**three, (pair[0], 0): made(pair[0], 0, 2)}
    assert gate.report_of(other, {}, labels)["verdicts"] != grown["verdicts"], "a verdict follows from the numbers"


def test_only_what_nobody_has_is_run(tmp_path, monkeypatch):
    asked = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gate, "find_root", lambda root: tmp_path)
    monkeypatch.setattr(gate, "book_of", lambda cell, seed, root=".", own=gate.book_of: own(cell, seed))
    monkeypatch.setattr(gate, "run_cells", lambda wanted, cores, root: asked.append(len(wanted)) or 0)
    cells = gate.cells()
    held = {(cell, 0): made(cell, 0, 10) for cell in cells[:-2]}
    gate.write_gate(gate.report_of(held, {}, {"commit": "old", "version": "0"}), tmp_path / "reports/claims")
    gate.main([0, 1])
    gate.main([0], again=True)
    assert asked == [2, len(cells), len(cells)]
    assert len(json.loads((tmp_path / "reports/claims/gate.json").read_text())["runs"]) == len(cells) - 2


def test_a_report_of_other_claims_is_not_lost(tmp_path):
    path = tmp_path / "gate.json"
    path.write_text(json.dumps({"registered": "other", "runs": []}), encoding="utf-8")
    with pytest.raises(ValueError, match="was registered as other"):
        gate.redraw(tmp_path)
    gate.publish([0], tmp_path / "nowhere", tmp_path)
    assert [json.loads(one.read_text())["registered"] for one in tmp_path.glob("gate.json.aside-*")] == ["other"]


@pytest.mark.skipif(not REPORT.is_file(), reason="no report of this part is committed")
def test_the_committed_report_follows_from_its_rules(tmp_path):
    made = json.loads(REPORT.read_text(encoding="utf-8"))
    known = {claim.key: claim for claim in gate.claims()}
    assert made["registered"] == frozen(gate.claims(), {cell: gate.overrides_of(cell) for cell in gate.cells()})
    assert {one["key"]: one["verdict"] for one in made["claims"]} == {
        one["key"]: verdict(known[one["key"]], one["test"]) for one in made["claims"]
    }
    assert made["verdicts"] == Counter(one["verdict"] for one in made["claims"])
    shutil.copy(REPORT, tmp_path)
    gate.redraw(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (REPORT.parent / path.name).read_bytes(), path.name


def test_every_chapter_takes_parameters():
    """Papermill writes them behind the cell with that tag; without it a chapter runs its examples and nothing else."""
    for chapter in CHAPTERS.values():
        cells = json.loads((book_folder() / f"nbs/{chapter.notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
        tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", ())]
        assert len(tagged) == 1 and "profile = None" in "".join(tagged[0]["source"]), chapter.notebook
