"""A benchmark folder: killed and resumed to the same bytes, never mixed, readable by other tools."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from fakebook import ENVIRONMENT, MMHELIX, hears_ctrl_c

from mmhelix_nb.benchmark.publish import DATA
from mmhelix_nb.benchmark.published import parquet_rows
from mmhelix_nb.book.rows import item_of
from mmhelix_nb.book.tables import SUMS
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
    assert set(contents(out)) == {DATA, "README.md", SUMS, "order.json"}
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


def test_torn_and_missing_parts_are_made_again(whole, tmp_path, capfd):
    import pyarrow.parquet as pq

    from mmhelix_nb.benchmark.publish import Order, at_work, build, make_part, part_path

    out, order = tmp_path / "torn", Order(("maze", "binairo", "hamiltonian_path"), (2, 3, 4), 5, 3)
    with at_work(out, order):
        for cell in (("binairo", 3), ("maze", 3), ("maze", 4), ("binairo", 2)):
            make_part(out, order, *cell)
    part_path(out, "maze", 2).with_suffix(".1.tmp").write_bytes(b"PAR1")
    torn, empty, few = part_path(out, "maze", 3), part_path(out, "maze", 4), part_path(out, "binairo", 2)
    torn.write_bytes(torn.read_bytes()[:-1])
    empty.write_bytes(b"")
    pq.write_table(pq.read_table(few).slice(1), few)
    build(out, order)
    assert contents(out) == contents(whole)
    said = capfd.readouterr().err
    for path in (torn, empty, few):
        assert f"{path}: damaged, " in said and "it is made again" in said


def rewritten(change):
    """Rewrites a Parquet file with its rows changed, as a tool that keeps the metadata does."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def spoil(path):
        table = pq.read_table(path)
        rows = change(table.to_pylist())
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)

    return spoil


DAMAGES = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "flipped": lambda path: path.write_bytes(path.read_bytes().replace(b"PNG", b"PNH", 1)),
    "fewer rows": rewritten(lambda rows: rows[:-1]),
    "turned": rewritten(lambda rows: rows[::-1]),
    "answer": rewritten(lambda rows: [{**rows[0], "answer": "up"}, *rows[1:]]),
    "text": lambda path: path.write_text("a page that says 404"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_of_a_finished_folder_is_named_by_whoever_reads_it(whole, tmp_path, damage):
    from typer.testing import CliRunner

    from mmhelix_nb.running.cli import app

    out, call = tmp_path / "x", CliRunner().invoke
    shutil.copytree(whole, out)
    DAMAGES[damage](out / DATA)
    for command in (
        ("generate", "--out", out, *ORDER),
        ("export", out, "--to", "published", "--out", tmp_path / "y.parquet"),
        ("verify-dataset", out),
    ):
        done = call(app, list(map(str, command)))
        said = done.output.strip().split("\n")[-1]
        assert done.exit_code == 2 and f"{out / DATA}: damaged, " in said and "delete it and make it again" in said
    assert not (tmp_path / "y.parquet").exists()
    if damage == "cut":
        (out / DATA).unlink()  # the remedy
        assert call(app, ["generate", "--out", str(out), *ORDER]).exit_code == 0 and contents(out) == contents(whole)


def test_the_hash_of_the_content_outlives_libraries(whole, tmp_path):
    """Another compression of files and pictures changes all bytes, and neither the verdict on the file nor the hash on the card."""
    import io

    import pyarrow.parquet as pq
    from PIL import Image

    from mmhelix_nb.book.tables import check_folder, sums_of

    out = tmp_path / "x"
    shutil.copytree(whole, out)
    sums = check_folder(out)[DATA]
    assert sums.content in (out / "README.md").read_text() and sums.rows == 45
    pq.write_table(pq.read_table(out / DATA).replace_schema_metadata(None), out / DATA, compression="none")
    assert check_folder(out)[DATA] == sums and (out / DATA).read_bytes() != (whole / DATA).read_bytes()
    rows = list(parquet_rows(out / DATA, pictures=True))
    for row in rows:
        file = io.BytesIO()
        Image.open(io.BytesIO(row["images"][0]["bytes"])).save(file, "png", compress_level=1)
        row["images"][0]["bytes"] = file.getvalue()
    assert sums_of(rows).content == sums.content and sums_of(rows).stored != sums.stored


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


def test_a_folder_of_another_state_of_the_package_is_refused(tmp_path):
    assert mmhelix("generate", "--out", tmp_path / "x", "--tasks", "maze", "--per-cell", "1").returncode == 0
    note = tmp_path / "x" / "order.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"code": "0123"}))
    done = mmhelix("generate", "--out", tmp_path / "x", "--tasks", "maze", "--per-cell", "1")
    assert done.returncode == 2 and "was begun by another state of this package (code 0123, this one has" in done.stderr
    assert "go on with the one that began it, or give another folder" in done.stderr and done.stderr.count("\n") == 1


def test_foreign_folder_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    done = mmhelix("generate", "--out", tmp_path, *ORDER)
    assert done.returncode == 2 and "not empty" in done.stderr and os.listdir(tmp_path) == ["thesis.tex"]


def test_ctrl_c_says_what_is_kept(whole, tmp_path):
    out = tmp_path / "stopped"
    command = [*MMHELIX, "generate", "--out", str(out), *ORDER, "--workers", "2"]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, env=ENVIRONMENT, preexec_fn=hears_ctrl_c, **pipes)
    until = time.monotonic() + 60
    while not list(out.glob("parts/*.parquet")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1].strip().split("\n")[-1]
    assert process.returncode == 130 and re.fullmatch(
        r"stopped; \d+ of 45 items are kept; the same command goes on from here", said
    )
    assert not said.startswith("stopped; 0 ")
    assert mmhelix("generate", "--out", out, *ORDER).returncode == 0 and contents(out) == contents(whole)


def test_a_disk_that_refuses_is_one_line(tmp_path):
    """A limit on the size of files stands for a full disk."""
    limited = f"ulimit -f 4; exec {sys.executable} -c 'from mmhelix_nb.running.cli import app; app()' \"$@\""
    command = ["bash", "-c", limited, "mmhelix", "generate", "--out", str(tmp_path / "x"), *ORDER, "--workers", "1"]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "make room, and the same command goes on" in done.stderr.strip().split("\n")[-1]
    assert not list((tmp_path / "x").rglob(".*.tmp"))  # nothing half-written takes what room there is


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
    for to, name, says in (
        ("published", "folder", "is a folder; give a file"),
        ("published", "mine.txt", "is there already"),
        (
            "published",
            "rows",
            f"must end in .parquet, or the file cannot be read again; give --out {tmp_path}/rows.parquet",
        ),
        ("published", "rows.jsonl", "must end in .parquet"),
        ("vlmevalkit", "mine.txt", "is a file"),
        ("lmms-eval", "mine.txt", "is a file"),
        ("lmms-eval", "folder", "is not empty"),
    ):
        (tmp_path / "folder").mkdir(exist_ok=True)
        for mine in (tmp_path / "mine.txt", tmp_path / "folder" / "utils.py"):
            mine.write_text("mine", encoding="utf-8")
        done = mmhelix("export", whole, "--to", to, "--out", tmp_path / name)
        assert done.returncode == 2 and says in done.stderr and (tmp_path / "folder" / "utils.py").read_text() == "mine"
    assert mmhelix("export", whole, "--to", "excel", "--out", tmp_path / "x").returncode == 2


@pytest.mark.parametrize("task", tasks())
def test_splits_are_disjoint_and_nothing_repeats(task):
    for level in (1, 3, 5):
        found = {split: [canon_hash(item) for item in distinct(task, level, split, 6)] for split in ("test", "train")}
        assert overlap(found["test"], found["train"]) == {"items": 6, "repeated": 0, "shared": 0}
    assert split_of(make(task, 1, 0)) in ("test", "train")
