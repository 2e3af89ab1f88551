"""`mmhelix eval --general` without a network: rows in the form of the four sets, a stand-in for lmms-eval, a server and a judge on loopback."""

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fakeserver import FakeServer, completion
from typer.testing import CliRunner

from mmhelix_nb.reporting.general import BENCHMARKS
from mmhelix_nb.running.cli import app

FAKE = Path(__file__).parent / "fakelmms"
ROWS = {
    "mathvision": {"question": "How many?", "options": [], "answer": "2"},
    "mathverse_v": {"query_wo": "Answer with the letter.", "question_for_eval": "Which angle?", "answer": "B"},
    "logicvista": {"question": "Which comes next? (A) a (B) b", "answer": "A"},
    "wemath": {"question": "What is x?", "option": "A. 1; B. 2", "answer": "A", "key": "2steps_1"},
}


def behave(asked, number):
    """The model says A to all that asks for a letter, else 2; the judge finds half of it right."""
    text = asked["messages"][-1]["content"]
    if "strict evaluator" in text:
        return 200, completion(str(number % 2)), {}
    return 200, completion("It is 2" if "How many" in text else "It is A"), {}


@pytest.fixture
def rows(tmp_path, monkeypatch) -> Path:
    """A folder with four rows of each set; lmms-eval is the stand-in."""
    monkeypatch.setenv("PYTHONPATH", str(FAKE), prepend=":")
    monkeypatch.chdir(tmp_path)
    for name in ("MMHELIX_API_KEY", "OPENAI_API_KEY", "OPENAI_API_URL", "MODEL_VERSION"):
        monkeypatch.delenv(name, raising=False)
    for name, row in ROWS.items():
        (tmp_path / "rows").mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist([row] * 4), tmp_path / f"rows/{name}.parquet")
    return tmp_path / "rows"


def call(*words, code: int = 0) -> str:
    """What the command says."""
    done = CliRunner().invoke(app, ["eval", *map(str, words)])
    assert done.exit_code == code, done.output
    return done.output


def general(url, rows, *words, code: int = 0) -> str:
    """What the command says with the stand-in and rows on this disk."""
    own = ("--general", "--lmms-python", sys.executable, "--data", rows, "--out", "out")
    return call(url, *own, *words, code=code)


def test_sets_without_a_judge(rows):
    with FakeServer(behave) as server:
        said = general(server.url, rows, "--tasks", "mathvision,logicvista,wemath")
        assert "MathVision" in said and "4 of 3,040" in said and "lmms-eval 0.7.3" in said
        count = sum(server.seen.values())
        general(server.url, rows, "--tasks", "mathvision,logicvista,wemath")
        assert sum(server.seen.values()) == count == 12  # nothing is asked twice
        assert "other settings" in general(server.url, rows, "--tasks", "wemath", "--items", "2", code=1)
    sets = json.loads(Path("out/general.json").read_text())["sets"]
    assert [sets[name]["accuracy"] for name in ("mathvision", "logicvista", "wemath")] == [1, 1, 1]
    assert sets["wemath"]["metric"] == "acc_score" and sets["mathvision"]["low"] == pytest.approx(0.51, abs=0.01)


def test_a_judge_is_announced_and_has_a_budget(rows, monkeypatch):
    with FakeServer(behave) as server:
        priced = ("--judge-price", "2.5,10")
        assert "788 calls, at most 1,182,000 tokens in" in general(server.url, rows, code=2)
        assert "--judge-budget 5 is less" in general(server.url, rows, *priced, "--judge-budget", "5", code=2)
        assert not server.seen and not Path("out").exists()
        said = general(server.url, rows, "--tasks", "mathverse_v", *priced, "--judge-budget", "12", code=1)
        assert "needs a key in OPENAI_API_KEY" in said and not server.seen
        monkeypatch.setenv("OPENAI_API_KEY", "judge")
        monkeypatch.setenv("OPENAI_API_URL", server.url)
        said = general(server.url, rows, "--tasks", "mathverse_v", "--items", "3", *priced, "--judge-budget", "1")
        assert "3 calls" in said and "up to 0.04 of the budget of 1" in said
    found = json.loads(Path("out/general.json").read_text())["sets"]["mathverse_v"]
    assert (found["questions"], found["judge"], found["unjudged"]) == (3, "gpt-4o-2024-11-20", 0)
    assert found["accuracy"] == pytest.approx(2 / 3, abs=1e-5)  # of the same call the first, third are right


def test_a_judge_that_is_not_there_is_no_result(rows, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "judge")
    monkeypatch.setenv("OPENAI_API_URL", "http://127.0.0.1:9/v1")
    with FakeServer(behave) as server:
        said = general(server.url, rows, "--tasks", "mathverse_v", "--judge-price", "0,0", code=1)
    assert "the judge answered to no reply" in said and not Path("out/general.json").exists()


def test_a_server_that_is_not_there_is_no_result(rows):
    said = general("http://127.0.0.1:9/v1", rows, "--model", "NAME", "--tasks", "logicvista", code=1)
    assert "no reply holds a word" in said
    (rows / "wemath.parquet").write_bytes(b"")
    said = general("http://127.0.0.1:9/v1", rows, "--model", "NAME", "--tasks", "wemath", code=1)
    assert "lmms-eval left no results" in said and "Error during evaluation" in said


def test_a_dry_run_shows_commands_and_asks_nothing(rows):
    shown = call("http://127.0.0.1:9/v1", "--model", "NAME", "--general", "--judge-price", "0,0", "--dry-run")
    assert shown.count(" -m lmms_eval eval --model openai --model_args model_version=NAME,base_url=") == 4
    assert all(f"--tasks {one.task} " in shown for one in BENCHMARKS.values())
    assert "Not yet: --lmms-python" in shown and "pip install lmms-eval==0.7.3 decord" in shown
    assert not Path("runs").exists()


def test_what_does_not_fit_is_one_line(rows):
    url = "http://127.0.0.1:9/v1"
    assert "no such interpreter" in call(url, "--model", "N", "--general", "--tasks", "wemath", code=2)
    assert "--temperature: lmms-eval asks" in call(url, "--general", "--temperature", "0", code=2)
    assert "--judge-budget: is for --general" in call(url, "--judge-budget", "3", code=2)
    assert "names one of mathvision" in call(url, "--model", "N", "--general", "--tasks", "maze", code=2)
    (Path("own") / "x").mkdir(parents=True)
    Path("own/x/adapter_config.json").write_text("{}")
    assert "serve them (vllm serve BASE" in call("own/x", "--general", "--tasks", "wemath", "--dry-run", code=2)


def test_they_stand_beside_the_puzzles(rows):
    with FakeServer(behave) as server:
        call(server.url, "--tasks", "maze", "--levels", "1", "--items", "2", "--modality", "text", "--out", "out")
        said = general(server.url, rows, "--tasks", "logicvista")
    assert "report: out/report.html" in said
    page = Path("out/report.html").read_text()
    assert "General benchmarks" in page and "45.6" in page  # the paper's base
    scores = json.loads(Path("out/scores.json").read_text())
    assert scores["general"]["logicvista"]["accuracy"] == 1
