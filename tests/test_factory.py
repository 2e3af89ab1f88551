"""A folder of traces: killed and resumed to the same bytes, disjoint from the benchmark, verified, polished without a request sent twice."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from fakebook import ENVIRONMENT, MMHELIX, hears_ctrl_c
from fakeserver import FakeServer, completion, good
from shelf import FUZZ

from mmhelix_nb.benchmark.published import FolderError, verify_rows
from mmhelix_nb.book.results import claim, read_curve
from mmhelix_nb.book.rows import item_of
from mmhelix_nb.book.server import Server
from mmhelix_nb.book.tables import Damaged
from mmhelix_nb.core import make
from mmhelix_nb.generators import canon_hash, distinct, room, spaces, split_of
from mmhelix_nb.traces import factory
from mmhelix_nb.traces.factory import (
    PAPER_LEVELS,
    Batch,
    Segment,
    block_seeds,
    blocks,
    is_cut,
    make_shard,
    manufacture,
    quotas,
    reach,
    shards,
    size,
    summary,
    whole_cell,
)

ORDER = ("--n", "30", "--tasks", "maze,binairo", "--tasks", "hamiltonian_path", "--shard-size", "8", "--seed", "3")


def mmhelix(*arguments):
    """A finished `mmhelix` process."""
    return subprocess.run([*MMHELIX, *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT)


def contents(folder: Path) -> dict[str, bytes]:
    """The data, the failures and the card of a folder."""
    paths = [*folder.glob("data/*/*.parquet"), *folder.glob("failed/*.jsonl"), folder / "README.md"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def rows(folder: Path) -> list[dict]:
    """All samples, pictures left out."""
    import pyarrow.parquet as pq

    return [
        row
        for path in sorted(folder.glob("data/*/*.parquet"))
        for row in pq.read_table(path).drop_columns(["images"]).to_pylist()
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A folder that was made in one go."""
    out = tmp_path_factory.mktemp("factory") / "whole"
    done = mmhelix("serg", "--out", out, *ORDER)
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.parametrize("seconds", [3.0, 5.0])
def test_killed_and_resumed_gives_the_same_bytes(whole, tmp_path, seconds):
    out = tmp_path / "killed"
    process = subprocess.Popen(
        [*MMHELIX, "serg", "--out", str(out), *ORDER],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)
    below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(below, timeout=20)
    assert not alive
    done = mmhelix("serg", "--out", out, *ORDER)
    assert done.returncode == 0, done.stderr
    assert contents(out) == contents(whole)


def test_samples_are_verified_and_disjoint_from_the_benchmark(whole):
    found = rows(whole)
    assert len(found) == 30 and len({(row["task"], row["canon"]) for row in found}) == 30
    for row in found:
        item = item_of(row)
        assert (
            split_of(item) == "train"
            and item.check(row["response"])
            and row["kind"] == "skeleton"
            and item.state == make(row["task"], row["level"], row["seed"]).state
        )
    report = verify_rows(whole)
    assert report["right"] == report["rows"] == 30


def test_other_settings_are_refused(whole):
    done = mmhelix("serg", "--out", whole, *ORDER[2:], "--n", 31)
    assert done.returncode == 2 and "was begun with n = 30, not 31" in done.stderr


def test_shards_hold_every_sample_once():
    for n in (1, 7, 999, 104_615):
        batch = Batch(n, shard_size=500)
        pieces = [piece for shard in shards(batch) for piece in shard]
        wanted = quotas(batch)
        assert sum(wanted.values()) == n == sum(map(size, shards(batch))) and max(map(size, shards(batch))) <= 500
        held = Counter()
        for piece in pieces:
            assert held[piece.task, piece.level] == piece.start  # pieces of a cell follow each other
            held[piece.task, piece.level] = piece.stop
        assert held == Counter(wanted)
    by_level = Counter()
    for (_, level), count in quotas(Batch(104_615)).items():
        by_level[level] += count
    assert [by_level[level] for level in range(1, 6)] == list(PAPER_LEVELS)


def test_shards_of_one_cell_are_made_alone_and_make_each_candidate_once(tmp_path, monkeypatch):
    """A shard of a cell that is cut holds the same in an empty folder and in that of its neighbours; together they make no candidate twice."""
    made = Counter()

    def counted(task, level, seed):
        made[seed] += 1
        return make(task, level, seed)

    monkeypatch.setattr(factory, "make", counted)
    for n in (100, 400):
        made.clear()
        batch = Batch(n, ("maze",), (0, 1, 0, 0, 0), seed=2, shard_size=40)
        paths = [make_shard(tmp_path / f"together{n}", batch, number) for number in range(len(shards(batch)))]
        assert set(made.values()) == {1} and len(made) <= 2.3 * n + 80
        found = [(row["seed"], row["canon"]) for row in rows(tmp_path / f"together{n}")]
        assert found == [(item.seed, canon_hash(item)) for item in distinct("maze", 2, "train", n, seed=2)]
        assert make_shard(tmp_path / f"alone{n}", batch, len(paths) - 1).read_bytes() == paths[-1].read_bytes()


def test_a_kill_loses_no_puzzle(tmp_path, monkeypatch):
    """What a shard had made of its puzzles is there when it begins again, but for a line that a kill cut in two."""
    batch, asked = Batch(12, ("maze",), (0, 1, 0, 0, 0)), []

    def until(most):
        def counted(task, level, seed):
            if len(asked) == most:
                raise KeyboardInterrupt
            asked.append(seed)
            return make(task, level, seed)

        return counted

    whole = make_shard(tmp_path / "whole", batch, 0).read_bytes()
    monkeypatch.setattr(factory, "make", until(15))
    with pytest.raises(KeyboardInterrupt):
        make_shard(tmp_path / "killed", batch, 0)
    (notes,) = (tmp_path / "killed").glob("candidates/*.txt")
    lines = [text.partition(" ")[2] for text in factory.block_lines(notes)]
    assert 1 < len(lines) < 15 and [line.split()[0] for line in lines] == [
        str(seed) for seed in asked if split_of(make("maze", 2, seed)) == "train"
    ]
    notes.write_bytes(notes.read_bytes()[:-5])
    asked.clear()
    monkeypatch.setattr(factory, "make", until(1000))
    assert make_shard(tmp_path / "killed", batch, 0).read_bytes() == whole
    assert asked[0] == int(lines[-2].split()[0]) + 1


def test_an_order_of_the_papers_size_makes_what_it_needs():
    """No cell is cut at 100,000, so that no candidate is made for a block and not for a sample; above, blocks are hardly longer than their cell needs."""
    assert all(size(shard) <= Batch.shard_size for shard in shards(Batch(100_000)))
    assert not any(is_cut(Batch(100_000), piece) for shard in shards(Batch(100_000)) for piece in shard)
    for n in (150_000, 400_000):
        batch, made = Batch(n), 0
        for (task, level), count in quotas(batch).items():
            piece = Segment(task, level, 0, count)
            whole = len(blocks(batch, whole_cell(batch, piece))) * len(block_seeds(batch, task, level, 0))
            made += whole if is_cut(batch, piece) else reach(count)
        assert made <= 1.12 * 2.1 * n  # with a tenth in reserve


def test_a_cut_cell_goes_through_snakemake_and_resumes(tmp_path):
    """Blocks are made by jobs of their own, only for shards that are missing, and are gone at the end."""
    order = ("serg", "--out", tmp_path / "x", "--n", 20, "--tasks", "hanoi", "--levels", "0,0,1,0,0", "--shard-size", 8)
    assert mmhelix(*order).returncode == 0
    before = contents(tmp_path / "x")
    lost, *_, kept = sorted((tmp_path / "x").glob("data/*/*.parquet"))
    future = time.time() + 1e7
    for number in (0, 1):  # as a killed run leaves them, and by a clock gone wrong
        batch = Batch(20, ("hanoi",), (0, 0, 1, 0, 0), shard_size=8)
        mark = factory.write_block(tmp_path / "x", batch, "hanoi", 3, number).with_suffix(factory.DONE)
        mark.touch()
        os.utime(mark, (future, future))
    stamp = kept.stat().st_mtime_ns
    lost.unlink()
    assert mmhelix(*order).returncode == 0
    assert (
        contents(tmp_path / "x") == before
        and kept.stat().st_mtime_ns == stamp
        and not (tmp_path / "x" / "candidates").exists()
    )


def test_torn_shards_and_blocks_are_made_again(whole, tmp_path, capfd):
    """A folder that is not finished heals; one that is finished is not touched, and the damage is named."""
    out, batch = tmp_path / "x", Batch(30, ("maze", "binairo", "hamiltonian_path"), shard_size=8, seed=3)
    shutil.copytree(whole, out)
    before = contents(out)
    one, two, three, *_ = sorted(out.glob("data/*/*.parquet"))
    two.write_bytes(two.read_bytes()[:-1])
    with pytest.raises(Damaged, match=f"{two}: damaged, "):
        manufacture(out, batch)
    one.unlink()  # now it is not finished any more
    next(out.glob(f"failed/{three.stem}.jsonl")).write_text('{"task": "maze"}\n')  # a failure too many
    manufacture(out, batch)
    assert contents(out) == before and f"{two}: damaged, " in capfd.readouterr().err


def test_impossible_orders_touch_nothing(tmp_path):
    out = tmp_path / "x"
    for options, said in (
        (("--n", 10**20), "n = 100000000000000000000: "),
        (("--n", 10**5, "--tasks", "hanoi"), "ask for fewer, or for more tasks"),
        (("--n", 2, "--seed", 2**63), "--seed 9223372036854775808: must be at most"),
    ):
        done = mmhelix("serg", "--out", out, *options)
        assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1 and not out.exists()


def test_two_at_once_and_ctrl_c(whole, tmp_path):
    out = tmp_path / "x"
    with claim((tmp_path / "x" / ".lock"), "a test"):
        done = mmhelix("serg", "--out", out, *ORDER)
    assert done.returncode == 2 and "is at work already" in done.stderr and done.stderr.count("\n") == 1
    command = [*MMHELIX, "serg", "--out", str(out), *ORDER]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, env=ENVIRONMENT, preexec_fn=hears_ctrl_c, **pipes)
    until = time.monotonic() + 60
    while not list(out.glob("data/*/*.parquet")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1].strip().split("\n")[-1]
    assert process.returncode == 130 and re.fullmatch(
        r"stopped; \d+ of 30 samples are kept; the same command goes on from here", said
    )
    assert mmhelix("serg", "--out", out, *ORDER).returncode == 0 and contents(out) == contents(whole)


def test_small_cells_hold_what_they_promise():
    """An order of 100,000 asks each small cell for `room` items; the training split has them. Here the smallest, in `make fuzz` all."""
    for line in (line for line in spaces() if line["forms"] < (2000 if FUZZ >= 10 else 120)):
        wanted = int(room(line["task"], line["level"]))
        assert len(list(distinct(line["task"], line["level"], "train", wanted))) == wanted
    assert sum(quotas(Batch(100_000)).values()) == 100_000


def test_polished_folder_accounts_for_every_skeleton_and_pays_once(tmp_path):
    def behave(asked, number):
        kind = sum(map(ord, json.dumps(asked["messages"]))) % 4
        return (200, completion("I cannot say."), {}) if kind == 0 else good(asked)

    out = tmp_path / "polished"
    with FakeServer(behave) as fake:
        order = ("serg", "--out", out, *ORDER, "--polish", fake.url, "--model", "fake", "--attempts", 2)
        done = mmhelix(*order)
        assert done.returncode == 0, done.stderr
        accepted, failed = (
            rows(out),
            [line for path in out.glob("failed/*.jsonl") for line in read_curve(path)],
        )
        assert {row["kind"] for row in accepted} == {"polished"} and {row["source_model"] for row in accepted} == {
            "fake"
        }
        named = Counter((row["task"], row["level"], row["seed"]) for row in [*accepted, *failed])
        assert (
            len(named) == 30
            and set(named.values()) == {1}
            and failed
            and all(len(line["reasons"]) == 2 for line in failed)
        )
        before = contents(out)
        next(out.glob("data/*/*.parquet")).unlink()  # a shard is lost: made again, it asks nothing
        assert mmhelix(*order).returncode == 0 and contents(out) == before and set(fake.seen.values()) == {1}


def test_a_server_that_refuses_is_one_line(tmp_path):
    with FakeServer(lambda asked, number: (401, '{"error": {"message": "bad key"}}', {})) as fake:
        done = mmhelix("serg", "--out", tmp_path / "x", *ORDER, "--polish", fake.url, "--model", "fake")
    assert done.returncode == 2 and "Traceback" not in done.stderr.splitlines()[-1] and "snakemake.log" in done.stderr


def test_what_failed_is_tried_again_and_what_was_answered_is_not(tmp_path):
    def behave(asked, number):
        return (500, "oops", {}) if number <= down else good(asked)

    down, batch = 10**9, Batch(4, ("maze",), (1, 0, 0, 0, 0), model="fake")
    with FakeServer(behave) as fake:
        server = Server(fake.url, "fake", retries=1, backoff_s=0.01)
        manufacture(tmp_path / "x", batch, server)
        assert not rows(tmp_path / "x") and summary(tmp_path / "x", 4).startswith(
            "0 of 4 samples accepted; 4 failed, most often: no answer (4)"
        )
        down = 0
        manufacture(tmp_path / "x", batch, server)
        assert not rows(tmp_path / "x")  # recorded is recorded
        manufacture(tmp_path / "x", batch, server, again=True)
        assert len(rows(tmp_path / "x")) == 4 and summary(tmp_path / "x", 4) == "4 of 4 samples accepted"
        asked = fake.seen.total()
        manufacture(tmp_path / "x", batch, server, again=True)
        assert fake.seen.total() == asked


def test_a_server_that_is_not_there_writes_no_shard(tmp_path):
    with FakeServer() as fake:
        url = fake.url
    batch = Batch(2, ("maze",), (1, 0, 0, 0, 0), model="fake")
    with pytest.raises(FolderError, match="cannot be reached"):
        manufacture(tmp_path / "x", batch, Server(url, "fake", retries=1, backoff_s=0.01))
    assert not [*(tmp_path / "x").glob("data/*/*"), *(tmp_path / "x").glob("failed/*")]


PUBLISHED = {
    "category": "maze",
    "initial_state": "+-+-+\n|S 0|\n+-+ +\n|E 0|\n+-+-+",
    "question_text": "",
    "answer": "right down left",
}


def test_verify_dataset_reads_published_rows_and_says_why(tmp_path):
    data = tmp_path / "rows.jsonl"
    changes = (
        {"response": "\\boxed{right down left}"},
        {"response": "<think>so</think> \\boxed{right down left}"},
        {"response": "\\boxed{down}"},
        {"response": "\\boxed{down}", "initial_state": "nothing"},
        {"response": "\\boxed{down}", "category": "chess"},
        {"conversations": [{"from": "gpt", "value": "\\boxed{right down left}"}], "answer": ""},
    )
    data.write_text("\n".join(json.dumps(PUBLISHED | change) for change in changes))
    done = mmhelix("verify-dataset", data, "--out", tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    assert done.returncode == 1 and report["rows"] == 6 and report["right"] == 2
    assert report["empty"] == 1  # the column is chosen once: no row is judged by another one
    assert (
        report["tasks"]["maze"]["wrong"] == 1 and report["tasks"]["chess"]["unreadable"] == 1 and "wall" in done.stdout
    )
    done = mmhelix("verify-dataset", data, "--column", "conversations")
    assert "1 of 6 rows are right" in done.stdout
