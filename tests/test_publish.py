"""A benchmark folder: killed and resumed to the same bytes, never mixed, readable by other tools."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from fakebook import ENVIRONMENT, MMHELIX

from mmhelix_nb.benchmark.publish import DATA
from mmhelix_nb.benchmark.published import parquet_rows
from mmhelix_nb.book.rows import item_of
from mmhelix_nb.core import make, task_module, tasks
from mmhelix_nb.generators import canon_hash, distinct, overlap, split_of

ORDER = ("--tasks", "maze,binairo", "--tasks", "hamiltonian_path", "--levels", "2-4", "--per-cell", "5", "--seed", "3")


def mmhelix(*arguments, **options):
    """A finished `mmhelix` process."""
    return subprocess.run([*MMHELIX, *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT, **options)


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a finished folder but its lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A folder that was made in one go by one worker."""
    out = tmp_path_factory.mktemp("publish") / "whole"
    done = mmhelix("generate", "--out", out, *ORDER, "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert set(contents(out)) == {DATA, "README.md", "order.json"}
    return out


@pytest.mark.parametrize("seconds", [0.5, 1.0, 1.5, 2.0, 2.5])
def test_killed_and_resumed_gives_the_same_bytes(whole, tmp_path, seconds):
    out = tmp_path / "killed"
    process = subprocess.Popen(
        [*MMHELIX, "generate", "--out", str(out), *ORDER, "--workers", "2"],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)
    workers = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive
    done = mmhelix("generate", "--out", out, *ORDER, "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert contents(out) == contents(whole)


def test_torn_and_missing_parts_are_made_again(whole, tmp_path):
    from mmhelix_nb.benchmark.publish import Order, build, make_part, part_path, take

    out, order = tmp_path / "torn", Order(("maze", "binairo", "hamiltonian_path"), (2, 3, 4), 5, 3)
    take(out, order)
    make_part(out, order, "binairo", 3)
    part_path(out, "maze", 2).with_suffix(".1.tmp").write_bytes(b"PAR1")
    build(out, order)
    assert contents(out) == contents(whole)


def test_finished_folder_is_left_alone(whole):
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*") if path.is_file() and path.name != ".lock"}
    done = mmhelix("generate", "--out", whole, *ORDER)
    assert done.returncode == 0 and {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize(
    "change, said",
    [
        (("--per-cell", "6"), "was begun with per_cell = 5, not 6"),
        (("--seed", "4"), "was begun with seed = 3, not 4"),
        (("--levels", "1"), "was begun with levels = [2, 3, 4], not [1]"),
        (("--style", "dark"), 'was begun with style = "light", not "dark"'),
        (("--tasks", "sudoku"), "was begun with tasks"),
    ],
)
def test_other_settings_are_refused(whole, change, said):
    before = contents(whole)
    done = mmhelix("generate", "--out", whole, *ORDER, *change)
    assert (
        done.returncode == 2
        and said in done.stderr
        and "give another folder" in done.stderr
        and done.stderr.count("\n") == 1
    )
    assert contents(whole) == before


def test_foreign_folder_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    done = mmhelix("generate", "--out", tmp_path, *ORDER)
    assert done.returncode == 2 and "not empty" in done.stderr and os.listdir(tmp_path) == ["thesis.tex"]


def test_two_builds_of_one_folder_do_not_meet(whole, tmp_path):
    from mmhelix_nb.book.results import claim

    out = tmp_path / "busy"
    with claim(out / ".lock", "a test"):
        done = mmhelix("generate", "--out", out, *ORDER)
    assert done.returncode == 2 and "at work already" in done.stderr


def test_rows_make_their_items_again(whole):
    for row in parquet_rows(whole / DATA):
        item = make(row["task"], row["level"], row["seed"])
        assert item.state == item_of(row).state and item.check(row["answer"]) and canon_hash(item) == row["canon"]
        assert json.loads(row["metric_info"])["score_function"] == task_module(row["task"]).SCORER


def test_exports_are_read_back(whole, tmp_path):
    import pandas
    from datasets import load_dataset

    for to, name in (("vlmevalkit", "kit"), ("published", "published.parquet"), ("lmms-eval", "lmms")):
        done = mmhelix("export", whole, "--to", to, "--out", tmp_path / name)
        assert done.returncode == 0, done.stderr
    found = list(parquet_rows(whole / DATA))
    table = pandas.read_csv(tmp_path / "kit" / "MM-HELIX.tsv", sep="\t", keep_default_na=False)
    alone = ~table["index"].str.endswith("_reverse")  # without the partners, see test_kit
    table = table[alone].rename(columns={"index": "id"})
    for name in ("id", "category", "question", "question_text", "answer", "metric_info", "initial_state"):
        assert list(map(str, table[name])) == [row[name] for row in found]
    again = load_dataset(
        "parquet", data_files=str(tmp_path / "published.parquet"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert again["answer"] == [row["answer"] for row in found] and again[0]["images"][0].size
    assert {"mmhelix_nb.yaml", "mmhelix_nb_text.yaml", "utils.py", "test.parquet"} == set(os.listdir(tmp_path / "lmms"))
    assert mmhelix("export", tmp_path, "--to", "vlmevalkit", "--out", tmp_path / "x").returncode == 2
    assert mmhelix("export", whole, "--to", "excel", "--out", tmp_path / "x").returncode == 2


@pytest.mark.parametrize("task", tasks())
def test_splits_are_disjoint_and_nothing_repeats(task):
    for level in (1, 3, 5):
        found = {split: [canon_hash(item) for item in distinct(task, level, split, 6)] for split in ("test", "train")}
        assert overlap(found["test"], found["train"]) == {"items": 6, "repeated": 0, "shared": 0}
    assert split_of(make(task, 1, 0)) in ("test", "train")
