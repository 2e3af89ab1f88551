"""The arms of a profile's expert samples, end to end: made by the command that the error names, found by the run, trained on by SFT and AHPO."""

import shutil
import subprocess
from pathlib import Path

import pytest
from fakebook import ENVIRONMENT, MMHELIX
from fakeserver import FakeServer, completion

from mmhelix_nb.book.profiles import read_profile
from mmhelix_nb.book.rows import COLUMNS, load_rows, open_rows, rows_path, traces_folder
from mmhelix_nb.book.server import Server
from mmhelix_nb.book.tables import SUMS, write_sums
from mmhelix_nb.core import make
from mmhelix_nb.serg import missing_traces, run_serg
from mmhelix_nb.traces.factory import Batch, make_shard

PROFILE = """
extends: gpu24
about: a test
model: {{name: {model}, quantise: none, dtype: float32, lora_rank: 0, lora_alpha: 0, min_pixels: 784, max_pixels: 12544}}
generators: {{tasks: [maze, h_index], levels: [1], per_cell: 1}}
serg: {{kind: {kind}, per_cell: 3}}
sft: {{steps: 2, samples: 6, batch_size: 2, gradient_accumulation_steps: 1, warmup_steps: 0, optim: adamw_torch, bf16: false, gradient_checkpointing: false, save_steps: 0}}
ahpo: {{steps: 2, warmup_steps: 0, prompts_in_domain: 2, prompts_general: 0, num_generations: 2, max_completion_length: 4, micro_batch: null, generation_batch: null, optim: adamw_torch, bf16: false, gradient_checkpointing: false, save_steps: 0}}
"""


def profile(folder: Path, kind: str, model: str = "none/none") -> Path:
    """A profile of two tasks whose experts are of that `kind`."""
    path = folder / "tiny.yaml"
    path.write_text(PROFILE.format(kind=kind, model=model))
    return path


def mmhelix(folder: Path, *arguments):
    """A finished `mmhelix` process in `folder`."""
    return subprocess.run([*MMHELIX, *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT, cwd=folder)


def test_a_run_says_what_to_type_and_finds_what_that_makes(tmp_path):
    path = profile(tmp_path, "polished")
    missing = mmhelix(tmp_path, "run", "--profile", path, "--only", "serg")
    line = "type: mmhelix serg --profile tiny --polish URL"
    assert missing.returncode == 2 and missing.stderr.count("\n") == 1 and line in missing.stderr, missing.stderr
    with FakeServer() as fake:
        made = mmhelix(tmp_path, "serg", "--profile", path, "--polish", fake.url)  # the server's only model
        assert made.returncode == 0, made.stderr
        asked = fake.seen.total()
    book = read_profile(str(path))
    assert traces_folder(book, tmp_path / "runs") == tmp_path / "runs" / "tiny" / "traces" and asked == 6
    assert missing_traces(book, tmp_path / "runs") == ""
    results = run_serg(str(path), tmp_path / "runs", tmp_path / "reports")
    assert (results["samples"], results["verified"], results["kinds"]) == (6, 6, {"polished": 6})
    rows = load_rows(rows_path(book, "sft", tmp_path / "runs"))
    assert {row["kind"] for row in rows} == {"polished"} and all(row["facts"] for row in rows)
    assert all("Let me think." in row["completion"][0]["content"] for row in rows)
    skeletons = run_serg(str(profile(tmp_path, "skeleton")), tmp_path / "other", tmp_path / "reports")
    own = load_rows(rows_path(book, "sft", tmp_path / "other"))
    assert skeletons["kinds"] == {"skeleton": 6}
    assert {(row["task"], row["seed"]) for row in own} == {(row["task"], row["seed"]) for row in rows}


def solved(asked, number):
    """A model that thinks in a field of its own and solves some puzzles."""
    question = str(asked["messages"][-1]["content"])
    for seed in range(60):
        for task in ("maze", "h_index"):
            item = make(task, 1, seed)
            if item.question("text") in question:
                text = completion(f"\\boxed{{{item.answer}}}")
                return 200, text.replace('"content"', '"reasoning_content": "I look. Then I go back.", "content"'), {}
    return 200, completion("\\boxed{}"), {}


def test_rollouts_and_answers_are_arms_too(tmp_path):
    path = profile(tmp_path, "rollout")
    with FakeServer(solved) as fake:
        made = mmhelix(tmp_path, "serg", "--profile", path, "--polish", fake.url, "--attempts", 1)
        assert made.returncode == 0, made.stderr
    rows = [
        row
        for file in traces_folder(read_profile(str(path)), tmp_path / "runs").glob("data/*/*.parquet")
        for row in open_rows(file)
    ]
    assert {row["kind"] for row in rows} == {"rollout"} and set(COLUMNS) < set(rows[0])
    assert all(
        row["completion"][0]["content"].startswith("<think>\nI look.") and row["backtracks"] == 1 for row in rows
    )
    answers = run_serg(str(profile(tmp_path, "direct")), tmp_path / "runs", tmp_path / "reports")
    assert answers["kinds"] == {"direct": 6}


def told(out: Path) -> Path:
    """A shard of four retold samples."""
    with FakeServer() as fake:
        batch = Batch(4, ("h_index",), (1, 0, 0, 0, 0), model="fake", kind="polished")
        return make_shard(out, batch, 0, Server(fake.url, "fake"))


def test_a_mixed_folder_is_taken_as_it_is(tmp_path):
    """Skeletons beside samples that were retold: whatever a folder holds."""
    made = make_shard(tmp_path / "mixed", Batch(4, ("maze",), (1, 0, 0, 0, 0)), 0)
    shutil.copy(told(tmp_path / "told"), made.with_name("shard-00009.parquet"))
    write_sums(tmp_path / "mixed", {})
    assert (tmp_path / "mixed" / SUMS).is_file()
    path = profile(tmp_path, "skeleton")
    results = run_serg(str(path), tmp_path / "runs", tmp_path / "reports", [f"serg.traces={tmp_path / 'mixed'}"])
    assert results["kinds"] == {"polished": 4, "skeleton": 4}


def test_rows_train_two_steps_of_each(tmp_path):
    """Factory's rows go into SFT and AHPO as they are."""
    pytest.importorskip("trl")
    from mmhelix_nb import ahpo, sft
    from mmhelix_nb.training import models

    rows = open_rows(told(tmp_path))
    texts = [row["prompt"][0]["content"] + row["completion"][0]["content"] for row in rows]
    processor = models.build_processor(models.build_tokenizer([f"user assistant {text}" for text in texts]))
    small = models.MiniSize(hidden=32, layers=1, heads=2, inner=64, vision_hidden=16, vision_layers=1)
    book = read_profile(str(profile(tmp_path, "polished")))
    model = sft.train_sft(models.build_mini(processor, small), processor, rows, book.sft, tmp_path / "sft").model
    trainer = ahpo.train_ahpo(model, processor, rows, book.ahpo, tmp_path / "ahpo", "ahpo")
    assert trainer.state.global_step == 2
    assert len((tmp_path / "sft" / "curve.jsonl").read_text().splitlines()) == 2
