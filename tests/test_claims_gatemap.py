"""The map of the gate: two levels more, other architectures, a rule for the threshold, and verdicts that follow from numbers."""

import json
import shutil
from collections import Counter
from itertools import product

import pytest
import typer

from mmhelix_nb.book.jobs import behind, graph, run_folder, touched
from mmhelix_nb.book.place import book_folder
from mmhelix_nb.book.profiles import ProfileError, read_profile
from mmhelix_nb.book.rows import load_rows, rows_path
from mmhelix_nb.book.statistics import share_record
from mmhelix_nb.claims import gate, gatemap
from mmhelix_nb.claims.register import VERDICTS, verdict
from mmhelix_nb.core import unpack
from mmhelix_nb.puzzles.binairo import check
from mmhelix_nb.training import noise
from mmhelix_nb.training.columns import column_files, mixed_rows, open_rows_of, solved
from mmhelix_nb.training.lab import compact, lab_files, lab_split

REPORT = book_folder() / "reports/claims/gatemap.json"


# ---- two levels more ----------------------------------------------------------------------------------------------


def test_rows_that_only_columns_decide():
    """Three of five rows are the lab's own; the others have one solution, which no row tells, and lie in the split."""
    for split in ("train", "heldout"):
        rows = mixed_rows(split, 40, 3)
        assert Counter(row["level"] for row in rows if row["level"] < 4) == {1: 8, 2: 8}
        for row in rows:
            state = unpack("binairo", row["state"])
            said = row["completion"][0]["content"].partition("\\boxed{")[2].rstrip("}")
            assert said == row["answer"] == compact(solved(state.grid)) and check(state, said)
            assert len(open_rows_of(state.grid)) == (row["level"] if row["level"] < 4 else 0)
            assert lab_split(state) == split
    with pytest.raises(ValueError, match="solutions"):
        solved(((None,) * 4,) * 4)


@pytest.mark.parametrize("kind", ["random", "other", "law", "long"])
def test_their_experts_may_be_wrong_too(kind):
    rows = mixed_rows("train", 20, 1)
    settings = read_profile("claims", overrides=f"lab.columns=true lab.wrong=1.0 lab.wrong_kind={kind}").lab
    assert {row["level"] for row in rows} == {1, 2, 4, 5, 6}
    spoilt = noise.spoilt(rows, settings.model_copy(update={"wrong_from": 0}))
    for row in spoilt:
        said = row["completion"][0]["content"].partition("\\boxed{")[2].rstrip("}")
        assert len(said) == 19 and "." not in said
        assert bool(check(unpack("binairo", row["state"]), said)) == (kind == "long")


def test_items_of_all_levels_stand_with_the_experts(tmp_path):
    overrides = ["lab.columns=true", "sft.samples=10", "evaluation.general_items=5"]
    book = read_profile("claims", overrides=overrides)
    noise.run_experts("claims", tmp_path / "runs", tmp_path / "reports", overrides)
    files = column_files(10, 5, 0, 0)
    for name in ("sft", "rl", "validation", "heldout"):
        path = rows_path(book, name, tmp_path / "runs")
        assert path.parent.name.startswith("experts@")
        assert [row["state"] for row in load_rows(path)] == [row["state"] for row in files[name]]
    assert {1, 2} < {row["level"] for row in files["heldout"] if row["task"] == "binairo"}
    assert files["heldout"][5:] == lab_files(10, 5)["heldout"][5:]
    assert "lab.columns=true" not in touched(book, "base")
    assert "lab.columns=true" in touched(book, "evaluation-base") and "experts" in behind(
        graph(book), "evaluation-base"
    )
    with pytest.raises(ProfileError, match="lab"):
        read_profile("gpu24", overrides="lab.columns=true")


# ---- other architectures ------------------------------------------------------------------------------------------


def test_another_family_is_another_base():
    book = read_profile("claims", overrides="base.family=internvl lab.wrong=0.6")
    assert run_folder(book, "base").name == "base@base.family=internvl"
    assert "base.family=internvl" in touched(book, "evaluation-ahpo")
    with pytest.raises(ProfileError, match="family"):
        read_profile("claims", overrides="base.family=gpt")


@pytest.mark.parametrize("family", ["qwen3_vl", "internvl"])
def test_a_base_of_another_family_is_taught_and_loaded(family, tmp_path):
    pytest.importorskip("trl")
    from mmhelix_nb.book.rows import to_dataset
    from mmhelix_nb.book.settings import Base, Evaluation, Model
    from mmhelix_nb.evaluation import generate_batch
    from mmhelix_nb.training.lab import lab_rows, train_base
    from mmhelix_nb.training.models import load, save

    small = {"hidden": 32, "layers": 2, "vision_hidden": 16, "vision_layers": 1}
    settings = Base(**small, family=family, steps=2, batch_size=4, warmup_steps=1, save_steps=0)
    model, processor = train_base(settings, tmp_path / "run")
    save(model, processor, tmp_path / "model")
    again, same = load(tmp_path / "model", Model(name="mini"))
    rows = list(to_dataset(lab_rows("binairo", "train", 2)))
    told = [
        generate_batch(*one, rows, Evaluation(max_new_tokens=4))
        for one in ((model.eval(), processor), (again.eval(), same))
    ]
    assert told[0] == told[1] and len(told[0]) == 2


# ---- the map ------------------------------------------------------------------------------------------------------


def test_cells_are_jobs_and_those_of_the_gate_are_the_same_jobs():
    assert len(set(gatemap.cells())) == len(gatemap.cells())
    for cell in gatemap.own_cells():
        book = gatemap.book_of(cell, 1)
        assert gatemap.target(cell) in graph(book) and book.lab.sampled and book.seed == 1
    for cell in gatemap.KNOWN:
        own, other = gatemap.book_of(cell, 1), gate.book_of(gatemap.gate_cell(cell), 1)
        assert all(run_folder(own, job) == run_folder(other, job) for job in behind(graph(own), gatemap.target(cell)))
    assert gatemap.book_of("soft5/random60", 0).ahpo.gate_shape == "soft"
    assert gatemap.book_of("static/nomix-fast", 0).ahpo.rollouts == 30
    with pytest.raises(ValueError, match="unknown"):
        gatemap.overrides_of("static/clear")
    with pytest.raises(ValueError, match="unknown"):
        gatemap.own_cells(["rules"])


def test_a_threshold_of_one_more_than_the_group_never_shuts():
    """At R = G + 1 AHPO is Static, so the map has no such cell."""
    pytest.importorskip("trl")
    from mmhelix_nb.ahpo import ExpertGate

    static, last = ExpertGate("open"), ExpertGate("adaptive", gatemap.GROUP + 1)
    assert all(static(right, 5) == last(right, 5) for right in range(gatemap.GROUP + 1))
    assert ExpertGate("adaptive", gatemap.GROUP)(gatemap.GROUP, 5) == 0


def test_what_is_registered_is_of_cells_that_there_are():
    registered = gatemap.claims()
    assert {claim.key.split(".")[0] for claim in registered} == {"2", "4", "6", "7", "12"}
    assert not {claim.key for claim in registered} & {claim.key for claim in gate.claims()}
    assert all(claim.refuted and claim.power and claim.asked.endswith("?") for claim in registered)
    compared = {name for claim in registered for name in (claim.first, claim.second)}
    idle = {
        cell
        for cell in gatemap.own_cells()
        if cell not in compared and cell.split("/")[1] not in gatemap.FIT + gatemap.FRESH
    }
    assert idle <= {"sft/qwen3_vl", "sft/internvl", "sft_grpo/nomix-fast"}
    assert not set(gatemap.FIT) & set(gatemap.FRESH)


# ---- the rule -----------------------------------------------------------------------------------------------------


def test_the_rule_takes_the_largest_threshold_that_is_passed():
    assert gatemap.at_least(0, 5, 0.3) == pytest.approx(1) and gatemap.at_least(5, 5, 0.5) == pytest.approx(1 / 32)
    for share in gatemap.SHARES:
        chosen = [gatemap.chosen(left / 20, share) for left in range(21)]
        assert chosen == sorted(chosen) and (chosen[0], chosen[-1]) == (1, 5)
    assert gatemap.chosen(0.33, 0.2) == 3 and gatemap.chosen(0.33, 0.5) == 2


def made(cell: str, seed: int, right: int, reward: float = 0.5) -> dict:
    """A recorded run with so many of 20 samples right."""
    ways = {way: dict.fromkeys(gate.GROUPS, share_record(right, 20)) for way in ("greedy", "sampled")}
    ends = {"outcome": "free" if right >= 10 else "stuck", "seconds": 1.0, "commit": "old"}
    return {"cell": cell, "seed": seed, **ways, **ends, "curve": {"reward/in_domain": [reward] * 24}}


def test_the_rule_is_fitted_to_its_own_conditions_alone():
    runs = {(f"static/{name}", 0): made(f"static/{name}", 0, 6, 0.3) for name in gatemap.FIT}
    for threshold, right, left in ((1, 19, 0.9), (3, 5, 0.3)):
        runs |= {
            (f"ahpo{threshold}/{name}", 0): made(f"ahpo{threshold}/{name}", 0, right, left) for name in gatemap.FIT
        }
    shares = {"static/law40": 2, "ahpo1/law40": 18, "ahpo2/law40": 3}
    fresh = {(cell, 0): made(cell, 0, right, 0.1) for cell, right in shares.items()}
    alone, both = gatemap.rule_record(runs), gatemap.rule_record(runs | fresh)
    share = both["share"]
    assert alone["share"] == share is not None and both["told"]["fit"] == 2 * len(gatemap.FIT)
    assert [one["free"] for one in both["points"]["fresh"]] == [True, False]
    fit, new = ([gatemap.Point(**one) for one in both["points"][name]] for name in ("fit", "fresh"))
    assert gatemap.rule_values("rule/two", share, fit, new)[0] == pytest.approx(15 / 20)
    assert gatemap.rule_test("rule/one", share, fit, [one for one in new if one.threshold == 2]) is None
    part = gatemap.rule_record({which: run for which, run in (runs | fresh).items() if "law60" not in which[0]})
    assert part["share"] is None and len(part["points"]["fresh"]) == 2
    report = {"rule": part}
    assert "law60" in gatemap.rule_words(report) and "-" in str(gatemap.rule_table(report))


# ---- the report ---------------------------------------------------------------------------------------------------


PAIR = ("ahpo1/random60", "static/random60")


def lent(seed: int, right: int) -> dict:
    """Two recorded runs of the part `gate` at a seed, by its names."""
    return {
        (gatemap.gate_cell(cell), seed): made(gatemap.gate_cell(cell), seed, n) for cell, n in zip(PAIR, (right, 5))
    }


def test_runs_of_the_gate_and_of_other_days_are_kept(tmp_path):
    """What `gate` recorded enters by its own name, what the map's report holds stays, and runs measured since replace both."""
    labels = {"commit": "old", "version": "0"}
    gate.write_gate(gate.report_of(lent(0, 20) | lent(1, 19), {}, labels), tmp_path)
    taken = gatemap.runs_lent(tmp_path)
    assert {(run["cell"], run["seed"]) for run in taken.values()} == set(taken) == set(product(PAIR, (0, 1)))
    own = ("static/law60", 0)
    inside = {("ahpo1/random60 less static/random60", 0): {"difference": 0.75, "low": 0.7, "high": 0.8, "n": 20}}
    gatemap.write_report(gatemap.report_of({own: made(*own, 4), **taken}, inside, labels), tmp_path)
    known = json.loads((tmp_path / "gatemap.json").read_text(encoding="utf-8"))
    again = gatemap.collected({}, taken, known)
    assert gate.records_of(again) == gate.records_of(known) and again["seeds"] == [0, 1]
    assert gatemap.kept_pairs(again) == gatemap.kept_pairs(known)
    ahead = next(one for one in again["map"] if one["condition"] == "random60")
    assert ahead["wins"] and ahead["test"]["per_seed"][0] == inside[PAIR[0] + " less " + PAIR[1], 0]
    assert not [key for key in gatemap.kept_pairs(known, {(PAIR[0], 0)}) if key[1] == 0]
    other = gatemap.collected({}, taken | {(PAIR[0], 0): made(PAIR[0], 0, 6)}, known)
    ahead = next(one for one in other["map"] if one["condition"] == "random60")
    assert not ahead["wins"] and ahead["test"]["per_seed"][0]["difference"] == pytest.approx(0.05)
    path = tmp_path / "gate.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "registered": "other"}))
    assert gatemap.runs_lent(tmp_path) == {} == gatemap.runs_lent(tmp_path / "nowhere")


def test_blocks_are_run_one_after_the_other_and_only_what_nobody_has(tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gatemap, "find_root", lambda root: tmp_path)
    monkeypatch.setattr(gatemap, "book_of", lambda cell, seed, root=".", own=gatemap.book_of: own(cell, seed))
    monkeypatch.setattr(gatemap, "run_cells", lambda wanted, cores, root: asked.append(len(wanted)) or 0)
    held = {(cell, 0): made(cell, 0, 10) for cell in gatemap.own_cells(["noise"])[:-2]}
    report = gatemap.report_of(held, {}, {"commit": "old", "version": "0"})
    gatemap.write_report(report, tmp_path / "reports/claims")
    gatemap.main([0, 1], blocks=("noise", "mix"))
    gatemap.main([0], again=True, blocks=["noise"])
    assert asked == [2 + 8, 6, 8]
    assert len(json.loads((tmp_path / "reports/claims/gatemap.json").read_text())["runs"]) == len(held)
    monkeypatch.setattr(gatemap, "run_cells", lambda wanted, cores, root: 130)
    with pytest.raises(SystemExit) as ended:
        gatemap.main([0], blocks=["mix", "noise"])
    assert ended.value.code == 130 and "noise" not in capsys.readouterr().out.splitlines()[-2]
    with pytest.raises(typer.Exit):
        gatemap.main([0], blocks=["noises"])
    said = capsys.readouterr().err
    assert said.startswith("Error: PART=gatemap:noises: block 'noises' is unknown") and said.count("\n") == 1


def test_a_report_of_other_claims_is_not_lost(tmp_path):
    path = tmp_path / "gatemap.json"
    path.write_text(json.dumps({"registered": "other", "runs": []}), encoding="utf-8")
    with pytest.raises(ValueError, match="was registered as other"):
        gatemap.redraw(tmp_path)
    gatemap.publish([0], tmp_path / "nowhere", tmp_path)
    assert [json.loads(one.read_text())["registered"] for one in tmp_path.glob("gatemap.json.aside-*")] == ["other"]


@pytest.mark.skipif(not REPORT.is_file(), reason="no report of this part is committed")
def test_the_committed_report_follows_from_its_rules(tmp_path):
    report = json.loads(REPORT.read_text(encoding="utf-8"))
    known = {claim.key: claim for claim in gatemap.claims()}
    assert report["registered"] == gatemap.registered()
    assert {one["key"]: one["verdict"] for one in report["claims"]} == {
        one["key"]: verdict(known[one["key"]], one["test"]) for one in report["claims"]
    }
    assert report["verdicts"] == Counter(one["verdict"] for one in report["claims"])
    fit = [gatemap.Point(**one) for one in report["rule"]["points"]["fit"]]
    assert report["rule"]["share"] == (
        gatemap.fitted(fit) if {one.condition for one in fit} == {*gatemap.FIT} else None
    )
    assert sorted([one["cell"] for one in report["cells"]] + report["missing"]) == sorted(gatemap.cells())
    assert {row["verdict"] for row in gatemap.rows(report)} <= set(VERDICTS)
    shutil.copy(REPORT, tmp_path)
    gatemap.redraw(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (REPORT.parent / path.name).read_bytes(), path.name
