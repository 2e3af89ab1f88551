"""`mmhelix eval` as its users know it: what it asks, what it keeps, what it says, through refusals, kills and changed minds."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from fakebook import hears_ctrl_c
from fakeserver import FakeServer, completion
from typer.testing import CliRunner

from mmhelix_nb.benchmark.asked import DataRows
from mmhelix_nb.benchmark.publish import Order, build
from mmhelix_nb.benchmark.published import parquet_rows
from mmhelix_nb.book.rows import item_row
from mmhelix_nb.book.settings import Evaluation
from mmhelix_nb.core import make
from mmhelix_nb.reporting.kept import Kept
from mmhelix_nb.running.cli import app

FEW = ("--tasks", "maze", "--levels", "1")  # six puzzles


def call(*words, code: int = 0) -> str:
    """What the command says; one line where it ends with an error."""
    done = CliRunner().invoke(app, ["eval", *map(str, words)])
    assert done.exit_code == code, (done.output, done.exception)
    assert code != 2 or done.output.splitlines()[-1].startswith("Error: "), done.output
    return done.output


def verdicts(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "judged.jsonl").read_text().split("\n") if line]


def question(asked: dict) -> str:
    """The text of a request."""
    return asked["messages"][-1]["content"][-1]["text"]


def up(asked, number):
    return 200, completion("\\boxed{up}"), {}


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Path:
    """A folder of `mmhelix generate` with dark pictures."""
    folder = tmp_path_factory.mktemp("data") / "bench"
    build(folder, Order(("maze", "binairo"), (1, 2), 2, 7, "dark"))
    return folder


def test_the_benchmark_at_a_server(tmp_path):
    with FakeServer(up) as fake:
        said = call(fake.url, "--model", "real/name", *FEW, "--modality", "both", "--items", "3", "--out", tmp_path)
        sent = [json.loads(text) for text in fake.seen]
    assert {asked["model"] for asked in sent} == {"real/name"} and len(sent) == 6
    assert {asked["max_tokens"] for asked in sent} == {4096} and all("\\boxed" in question(asked) for asked in sent)
    assert sum(len(asked["messages"][-1]["content"]) == 2 for asked in sent) == 3  # with a picture
    found = json.loads((tmp_path / "results.json").read_text())
    settings = found["results"]["settings"]
    assert (found["model"], settings["address"], settings["samples"]) == ("real/name", fake.url, 1)
    assert len(settings["prompts"]) == 16 and settings["tasks"] == ["maze"] and settings["levels"] == [1]
    assert "seconds" not in (tmp_path / "results.json").read_text() and (tmp_path / "timing.json").is_file()
    assert len(verdicts(tmp_path)) == 6 and {line["answer"] for line in verdicts(tmp_path)} == {"up"}
    assert f"results: {tmp_path}" in said and "image" in said and "text" in said


def test_the_folder_is_named_after_the_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with FakeServer(up) as fake:
        call(fake.url, "--model", "real/name", *FEW, "--items", "1")
    assert (tmp_path / "runs/eval/real-name/results.json").is_file()


def test_a_server_is_asked_without_torch(tmp_path):
    """In an empty folder, as from a wheel: of what is heavy, nothing is needed."""
    block = "import sys; [sys.modules.update({name: None}) for name in ('torch', 'transformers', 'peft', 'trl')]"
    start = f"{block}; from mmhelix_nb.running.cli import app; app()"
    with FakeServer(up) as fake:
        command = [sys.executable, "-c", start, "eval", fake.url, "--model", "m", *FEW, "--items", "2"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and (tmp_path / "runs/eval/m/report.html").is_file(), done.stderr


def test_a_run_goes_on_request_by_request(tmp_path):
    def dies(asked, number):
        return (401, '{"error": {"message": "no credit"}}', {}) if fake.seen.total() > 4 else up(asked, number)

    with FakeServer(dies) as fake:
        said = call(fake.url, *FEW, "--out", tmp_path, "--concurrency", "1", code=2)
    assert "no credit" in said and f"4 replies are kept in {tmp_path}/replies.jsonl" in said
    with FakeServer(up) as fake:
        call(fake.url, *FEW, "--out", tmp_path)
        assert fake.seen.total() == 2
        call(fake.url, *FEW, "--out", tmp_path)
        assert fake.seen.total() == 2
        call(fake.url, "--tasks", "maze", "--levels", "1-2", "--out", tmp_path)  # more of the same is no other setting
        assert fake.seen.total() == 8
    assert len(verdicts(tmp_path)) == 12


def test_those_under_way_arrive_before_the_end(tmp_path):
    """What ends a run lets those that are paid for arrive."""

    def ends(asked, number):
        if json.dumps(asked, sort_keys=True) == list(fake.seen)[2]:
            return 402, '{"error": {"message": "no credit"}}', {}
        time.sleep(0.4)
        return up(asked, number)

    with FakeServer(ends, latency=0.1) as fake:
        said = call(fake.url, *FEW, "--concurrency", "3", "--out", tmp_path, code=2)
        assert "no credit" in said and "2 replies are kept" in said and fake.seen.total() == 3


def test_a_budget_counts_what_is_kept(tmp_path):
    with FakeServer(up) as fake:
        for _ in range(2):
            said = call(fake.url, *FEW, "--token-budget", "200", "--concurrency", "3", "--out", tmp_path, code=2)
            assert "the budget is spent" in said
            assert len(Kept(tmp_path / "replies.jsonl").replies) == fake.seen.total() == 2  # of 150 tokens
        call(fake.url, *FEW, "--cost-budget", "1", "--price", "1,1", "--out", tmp_path)
        assert fake.seen.total() == 6


@pytest.mark.parametrize("way", ["503", "dropped"])
def test_what_got_no_answer_is_asked_again(tmp_path, monkeypatch, way):
    """A request that fails in all its tries is no verdict on the model: the same command asks it again."""
    monkeypatch.setattr("mmhelix_nb.book.server.pause", lambda *_: 0.0)

    def moody(asked, number):
        if down and len(fake.seen) >= 4 and json.dumps(asked, sort_keys=True) == list(fake.seen)[3]:
            return (503, "{}", {}) if way == "503" else (None, "", {})
        return up(asked, number)

    down = True
    with FakeServer(moody) as fake:
        said = call(fake.url, *FEW, "--out", tmp_path, "--concurrency", "1")
        assert "1 requests got no answer and count as wrong; the same command asks them again" in said
        assert [line["finish"] for line in verdicts(tmp_path)].count("no answer") == 1 and len(verdicts(tmp_path)) == 6
        down, before = False, fake.seen.total()
        call(fake.url, *FEW, "--out", tmp_path)
        assert fake.seen.total() == before + 1
    assert {line["finish"] for line in verdicts(tmp_path)} == {"stop"} and len(verdicts(tmp_path)) == 6


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_at_any_moment(tmp_path, how):
    with FakeServer(up, latency=0.15) as fake:
        command = [sys.executable, "-m", "mmhelix_nb.running.cli", "eval", fake.url, *FEW, "--out", str(tmp_path)]
        command[1:3] = ["-c", "from mmhelix_nb.running.cli import app; app()"]
        command += ["--concurrency", "1"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c)
        while fake.seen.total() < 3:
            time.sleep(0.01)
        process.send_signal(how)
        said = process.communicate()[1]
        before = len(Kept(tmp_path / "replies.jsonl").replies)
        assert before >= 2 and process.returncode == (130 if how == signal.SIGINT else -9)
        if how == signal.SIGINT:
            assert (
                f"stopped; {before} replies are kept in {tmp_path}/replies.jsonl, and the same command goes on" in said
            )
        asked = fake.seen.total()
        call(fake.url, *FEW, "--out", tmp_path)
        assert fake.seen.total() == asked + 6 - before
    assert Counter((line["item"], line["sample"]) for line in verdicts(tmp_path)).most_common(1)[0][1] == 1
    assert len(verdicts(tmp_path)) == 6


def test_changed_settings_delete_nothing(tmp_path):
    folder = tmp_path / "out"
    with FakeServer(up) as fake:
        call(fake.url, *FEW, "--out", folder)
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        said = call(fake.url, *FEW, "--out", folder, "--max-new-tokens", "50", code=2)
        assert (
            "max_new_tokens = 4096, not 50" in said
            and "--set-aside" in said
            and said.count("\n") == 1 + said.count("\r")
        )
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
        call(fake.url, *FEW, "--out", folder, "--max-new-tokens", "50", "--set-aside")
        call(fake.url, *FEW, "--out", folder, "--max-new-tokens", "50", "--model", "other", code=2)
    (moved,) = tmp_path.glob("out.aside-*max_new_tokens=4096")
    assert {path.name: path.read_bytes() for path in moved.iterdir() if path.name != ".lock"} == {
        name: data for name, data in before.items() if name != ".lock"
    }


def test_several_samples(tmp_path):
    def half(asked, number):
        return 200, completion("\\boxed{%s}" % ("right" * (asked["seed"] % 2) or "down")), {}

    with FakeServer(half) as fake:
        said = call(fake.url, *FEW, "--k", "3", "--seed", "4", "--out", tmp_path)
        seeds = Counter(json.loads(text)["seed"] for text in fake.seen)
        assert {json.loads(text)["temperature"] for text in fake.seen} == {0.6} and "at temperature 0.6" in said
        assert seeds == {4: 6, 5: 6, 6: 6}
        call(fake.url, *FEW, "--k", "5", "--seed", "4", "--out", tmp_path)
        assert fake.seen.total() == 30
    found = verdicts(tmp_path)
    assert [line["sample"] for line in found] == [0, 1, 2, 3, 4] * 6 and len({line["item"] for line in found}) == 6
    assert {line["answer"] for line in found} == {"right", "down"}
    assert json.loads((tmp_path / "results.json").read_text())["results"]["settings"]["samples"] == 5


def test_a_refusal_is_a_reply(tmp_path):
    """One prompt is refused: it counts as wrong, says why, and is asked again only if one wishes."""

    def picky(asked, number):
        if strict and asked["seed"] == 0 and len(fake.seen) == 3:
            return 400, '{"error": {"message": "content filter \\ud800"}}', {}
        return up(asked, number)

    strict = True
    with FakeServer(picky) as fake:
        call(fake.url, *FEW, "--out", tmp_path, "--concurrency", "1")
        (line,) = [line for line in verdicts(tmp_path) if line["finish"] == "refused"]
        assert (
            not line["ok"] and line["reason"].startswith("refused by the server") and "content filter" in line["reason"]
        )
        call(fake.url, *FEW, "--out", tmp_path)
        assert fake.seen.total() == 6
        strict = False
        call(fake.url, *FEW, "--out", tmp_path, "--again")
    assert fake.seen.total() == 7 and not [line for line in verdicts(tmp_path) if line["finish"] == "refused"]
    assert len(Kept(tmp_path / "refused.jsonl").replies) == 1 and len(Kept(tmp_path / "replies.jsonl").replies) == 6


def test_many_that_are_refused_again_end_nothing_where_others_were_answered(tmp_path):
    known: list[str] = []

    def half(asked, number):
        picture = json.dumps(asked["messages"])
        known.extend([picture] if picture not in known else [])
        return up(asked, number) if known.index(picture) < 3 else (400, '{"error": {"message": "flagged"}}', {})

    with FakeServer(half) as fake:
        how = (fake.url, *FEW, "--k", "8", "--out", tmp_path, "--concurrency", "1")
        for asked_in_all in (48, 48 + 24):
            said = call(*how, *(["--again"] if fake.seen else []))
            assert "24 requests were refused" in said and fake.seen.total() == asked_in_all


def test_where_all_is_refused_the_run_ends(tmp_path):
    with FakeServer(lambda asked, number: (400, '{"error": {"message": "no pictures here"}}', {})) as fake:
        said = call(fake.url, "--tasks", "maze", "--out", tmp_path, "--concurrency", "1", code=2)
        assert "the first 20 requests were all refused" in said and "no pictures here" in said
        assert fake.seen.total() < 30


def test_strange_replies_survive(tmp_path):
    text = "a\u2028b\u2029c\x85d\0e \ud800 \\boxed{up}"
    with FakeServer(lambda asked, number: (200, completion(text, "eos\u2028"), {})) as fake:
        call(fake.url, *FEW, "--out", tmp_path)
        call(fake.url, *FEW, "--out", tmp_path)
        assert fake.seen.total() == 6
    assert {line["text"] for line in verdicts(tmp_path)} == {text.replace("\ud800", "\ufffd")}


def test_a_folder_of_generate(bench, tmp_path):
    with FakeServer(up) as fake:
        call(fake.url, "--data", bench, "--out", tmp_path, "--modality", "both")
        sent = [json.loads(text) for text in fake.seen]
        call(fake.url, "--data", bench, "--out", tmp_path / "few", "--tasks", "maze", "--levels", "2", "--items", "1")
    rows = list(parquet_rows(bench / "data/test-00000-of-00001.parquet", pictures=True))
    assert len(sent) == 16 and len(verdicts(tmp_path)) == 16 and len(verdicts(tmp_path / "few")) == 1
    assert {f"{row['task']}/{row['level']}/{row['seed']}/image" for row in rows} <= {
        line["item"] for line in verdicts(tmp_path)
    }
    assert {question(asked).split("\n\nThink step")[0] for asked in sent} == {
        row[name] for row in rows for name in ("question", "question_text")
    }


BAD_FIELDS = [
    ({"state": {"lines": []}}, "field 'state' must be a text that `pack` wrote"),
    ({"state": ""}, "field 'state' must be a text that `pack` wrote"),
    ({"state": None}, "field 'state' must be a text that `pack` wrote"),
    ({"state": "maze"}, "field 'state' must be a text that `pack` wrote"),
    ({"state": '{"citations": [1]}'}, "field 'state' must hold "),
    ({"state": '{"lines": "x"}'}, "is no lines of a puzzle of maze"),
    ({"state": '{"lines": ["x"]}'}, "is no puzzle of maze"),
    ({"level": [1]}, "field 'level' must be"),
    ({"level": float("inf")}, "field 'level' must be"),
    ({"level": 9}, "field 'level' must be 1 to 5"),
    ({"seed": [1]}, "field 'seed' must be"),
    ({"task": None}, "field 'task' must be the name of a task"),
    ({"task": "mase"}, "task 'mase' is unknown; did you mean 'maze'?"),
]


def test_rows_of_ours_that_somebody_changed(bench, tmp_path):
    """What cannot be asked is said by row and field before anything is paid for; the published name is a name."""
    row = next(row for row in parquet_rows(bench / "data/test-00000-of-00001.parquet") if row["task"] == "maze")
    other = item_row(make("h_index", 2, 7), modality="text") | {"task": "HIndex", "level": "2", "seed": 7.0}
    lines = [{**row, **bad} for bad, _ in BAD_FIELDS] + [other]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "bad.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[:-1]))
    found = DataRows(tmp_path / "rows.jsonl", Evaluation(modalities=("image", "text")))
    for number, (problem, (bad, said)) in enumerate(zip(found.problems, BAD_FIELDS, strict=True), 1):
        assert problem.startswith(f"row {number}: ") and said in problem and "\n" not in problem, bad
    with FakeServer(up) as fake:
        said = call(fake.url, "--data", tmp_path / "rows.jsonl", "--out", tmp_path / "out")
        assert "not asked: row 1: field 'state'" in said and fake.seen.total() == 1
        assert [line["item"] for line in verdicts(tmp_path / "out")] == ["h_index/2/7/image"]
        call(fake.url, "--data", tmp_path / "bad.jsonl", "--out", tmp_path / "bad", code=2)
        assert fake.seen.total() == 1


def test_published_rows(bench, tmp_path):
    rows = list(parquet_rows(bench / "data/test-00000-of-00001.parquet"))
    names = ("id", "category", "question", "question_text", "answer", "initial_state")
    lines = [{name: row[name] for name in names} for row in rows]
    lines[3]["initial_state"] = "{"
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with FakeServer(up) as fake:
        said = call(fake.url, "--data", tmp_path / "rows.jsonl", "--out", tmp_path / "out")
        assert "not asked: row 4: " in said and fake.seen.total() == 7
        assert {line["item"].split("/")[2] for line in verdicts(tmp_path / "out")} == {
            line["id"] for i, line in enumerate(lines) if i != 3
        }
        (tmp_path / "bad.jsonl").write_text('{"category": "maze"}\n')
        said = call(fake.url, "--data", tmp_path / "bad.jsonl", "--out", tmp_path / "bad", code=2)
        assert "bad.jsonl: holds no row that could be asked; row 1: " in said
        others = ("--tasks", "kakuro", "--out", tmp_path / "bad")
        said = call(fake.url, "--data", tmp_path / "rows.jsonl", *others, code=2)
        assert "rows.jsonl: holds no row that could be asked" in said
        for missing in (tmp_path / "none.tsv", tmp_path / "none"):
            assert "no such file or folder" in call(fake.url, "--data", missing, "--out", tmp_path / "bad", code=2)


@pytest.mark.parametrize(
    "words, said",
    [
        (("nowhere",), "no such folder"),
        (("runs/nowhere/model",), "no such folder"),
        (("localhost:8000/v1",), "begins with http://"),
        (("a/b", "--model", "c"), "is a name at a server"),
        (("tests",), "holds no config.json"),
        (("a/b", "--k", "2", "--temperature", "0"), "needs a --temperature above 0"),
        (("a/b", "--modality", "sound"), "must be image, text or both"),
        (("a/b", "--tasks", "mazee"), "is unknown"),
        (("a/b", "--levels", "6"), "levels are 1 to 5"),
        (("a/b", "--quantise", "int3"), "must be none or nf4"),
        (("a/b", "--profile", "mini", "--tasks", "maze"), "has its lab's own puzzles"),
        (("a/b", "--price", "1"), "must be two prices"),
        (("a/b", "--token-budget", "9"), "--token-budget 9: is for a server"),
        (("a/b", "--again"), "--again: is for a server"),
        (("http://127.0.0.1:9", "--quantise", "nf4"), "--quantise nf4: is for a model on this machine"),
        (("http://127.0.0.1:9", "--batch-size", "2"), "--batch-size 2: is for a model on this machine"),
        (("http://127.0.0.1:9", "--profile", "mini", "--out", "{}"), "--only base writes them"),
    ],
)
def test_bad_input_is_one_line(words, said, tmp_path, monkeypatch):
    (tmp_path / "tests").mkdir()
    monkeypatch.chdir(tmp_path)
    output = call(*(word.format(tmp_path / "out") for word in words), code=2)
    assert said in output and output.splitlines()[-1].startswith("Error: ")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with FakeServer(up) as fake:
        assert str(tmp_path / "file") in call(fake.url, *FEW, "--out", tmp_path / "file", code=2)
        if os.getuid():
            (tmp_path / "shut").mkdir(mode=0o500)
            assert "Permission denied" in call(fake.url, *FEW, "--out", tmp_path / "shut/out", code=2)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    """A folder with weights, and one with adapters of these."""
    pytest.importorskip("torch")
    models = pytest.importorskip("mmhelix_nb.training.models")
    folder = tmp_path_factory.mktemp("tiny")
    processor = models.build_processor(models.build_tokenizer(["up down left right 0123456789 \\boxed{}"] * 2))
    models.save(models.build_mini(processor), processor, folder / "weights")
    model, processor = models.load(folder / "weights", lora_rank=2)
    models.save(model, processor, folder / "adapters")
    for path in (folder / "adapters").iterdir():  # as others publish them: the adapters alone
        if not path.name.startswith("adapter_"):
            path.unlink()
    return folder


@pytest.mark.parametrize("kind", ["weights", "adapters"])
def test_a_folder_of_a_model(tiny, tmp_path, kind):
    how = ("--quantise", "none", "--max-new-tokens", "3", "--items", "3", *FEW, "--out", tmp_path, "--batch-size", "2")
    call(tiny / kind, *how)
    first = (tmp_path / "results.json").read_bytes()
    found = json.loads(first)
    assert found["model"] == (f"{tiny}/weights with {tiny}/adapters" if kind == "adapters" else f"{tiny}/weights")
    lines = verdicts(tmp_path)
    assert [line["tokens"] <= 3 and line["tokens_in"] > 50 for line in lines] == [True] * 3
    (tmp_path / "replies.jsonl").write_bytes((tmp_path / "replies.jsonl").read_bytes()[:-30])
    call(tiny / kind, *how)
    assert (tmp_path / "results.json").read_bytes() == first
    assert [line["text"] for line in verdicts(tmp_path)] == [line["text"] for line in lines]


def test_other_weights_in_the_same_folder_are_another_model(tiny, tmp_path):
    how = ("--quantise", "none", "--max-new-tokens", "2", "--items", "1", *FEW, "--out", tmp_path)
    call(tiny / "weights", *how)
    file = tiny / "weights/model.safetensors"
    data = file.read_bytes()
    try:
        file.write_bytes(data[:-4] + bytes(4))
        assert "weights = " in call(tiny / "weights", *how, code=2)
    finally:
        file.write_bytes(data)
