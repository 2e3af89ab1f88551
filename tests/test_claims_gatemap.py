"""The map of the gate: two levels more, other architectures, a rule for the threshold, and verdicts that follow from numbers."""

from collections import Counter

import pytest

from mmhelix_nb.book.jobs import behind, graph, run_folder, touched
from mmhelix_nb.book.profiles import ProfileError, read_profile
from mmhelix_nb.book.rows import load_rows, rows_path
from mmhelix_nb.core import unpack
from mmhelix_nb.puzzles.binairo import check
from mmhelix_nb.training import noise
from mmhelix_nb.training.columns import column_files, mixed_rows, open_rows_of, solved
from mmhelix_nb.training.lab import compact, lab_files, lab_split

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
