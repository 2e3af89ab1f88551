"""The map of the gate: two levels more, other architectures, a rule for the threshold, and verdicts that follow from numbers."""

import json
from collections import Counter

import pytest

from mmhelix_nb.book.jobs import behind, graph, run_folder, touched
from mmhelix_nb.book.place import book_folder
from mmhelix_nb.book.profiles import ProfileError, read_profile
from mmhelix_nb.book.rows import load_rows, rows_path
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
    names = {"clean": "clean/2e-4", "random60": "wrong60/2e-4", "clean-fast": "clean/4e-4"}
    for cell in gatemap.KNOWN:
        way, _, condition = cell.partition("/")
        own, other = gatemap.book_of(cell, 1), gate.book_of(f"{way}/{names[condition]}", 1)
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
    made = gatemap.claims()
    assert {claim.key.split(".")[0] for claim in made} == {"2", "4", "6", "7", "12"}
    assert not {claim.key for claim in made} & {claim.key for claim in gate.claims()}
    assert all(claim.refuted and claim.power and claim.asked.endswith("?") for claim in made)
    compared = {name for claim in made for name in (claim.first, claim.second)}
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


def test_the_rule_is_fitted_to_its_own_conditions_alone():
    def run(left: float, right: int) -> dict:
        result = {
            "items": {"binairo/image": {"right": "1" * right + "0" * (20 - right), "asked": "x"}},
            "practised": [],
        }
        return {
            "greedy": result,
            "sampled": result,
            "curve": [{"step": step, "reward/in_domain": left} for step in range(1, 13)],
        }

    runs = {f"static/{name}": {0: run(0.3, 6)} for name in gatemap.FIT}
    runs |= {f"ahpo{r}/{name}": {0: run(0.9, 19) if r == 1 else run(0.3, 5)} for r in (1, 3) for name in gatemap.FIT}
    fresh = {"static/law40": {0: run(0.1, 2)}, "ahpo1/law40": {0: run(0.1, 18)}, "ahpo2/law40": {0: run(0.1, 3)}}
    alone, both = gatemap.rule_record(runs), gatemap.rule_record(runs | fresh)
    share = both["share"]
    assert alone["share"] == share is not None and both["told"]["fit"] == 2 * len(gatemap.FIT)
    assert [one["free"] for one in both["points"]["fresh"]] == [True, False]
    fit, new = ([gatemap.Point(**one) for one in both["points"][name]] for name in ("fit", "fresh"))
    assert gatemap.rule_values("rule/two", share, fit, new)[0] == pytest.approx(15 / 20)
    assert gatemap.rule_test("rule/one", share, fit, [one for one in new if one.threshold == 2]) is None
    part = gatemap.rule_record({cell: own for cell, own in (runs | fresh).items() if "law60" not in cell})
    assert part["share"] is None and len(part["points"]["fresh"]) == 2
    made = {"rule": part}
    assert "law60" in gatemap.rule_words(made) and "-" in str(gatemap.rule_table(made))


# ---- the report ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not REPORT.is_file(), reason="no report of this part is committed")
def test_the_committed_report_follows_from_its_rules(tmp_path):
    made = json.loads(REPORT.read_text(encoding="utf-8"))
    known = {claim.key: claim for claim in gatemap.claims()}
    assert made["registered"] == gatemap.registered()
    assert {one["key"]: one["verdict"] for one in made["claims"]} == {
        one["key"]: verdict(known[one["key"]], one["test"]) for one in made["claims"]
    }
    assert made["verdicts"] == Counter(one["verdict"] for one in made["claims"])
    fit = [gatemap.Point(**one) for one in made["rule"]["points"]["fit"]]
    assert made["rule"]["share"] == (gatemap.fitted(fit) if {one.condition for one in fit} == {*gatemap.FIT} else None)
    assert sorted([one["cell"] for one in made["cells"]] + made["missing"]) == sorted(gatemap.cells())
    assert {row["verdict"] for row in gatemap.rows(made)} <= set(VERDICTS)
    gatemap.write_report(made, tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (REPORT.parent / path.name).read_bytes(), path.name
