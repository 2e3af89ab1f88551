"""A run's page: what it says follows from the folder alone, whatever lies there; its server answers this machine and ends with the run."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from fakebook import ENVIRONMENT, make_book, started
from typer.testing import CliRunner

from mmhelix_nb.book.place import book_folder
from mmhelix_nb.book.profiles import read_profile
from mmhelix_nb.book.results import append_curve, claim, write_json
from mmhelix_nb.running import live
from mmhelix_nb.running.cli import app
from mmhelix_nb.running.live import RunView, run_state, served, state_html
from mmhelix_nb.running.points import Place, runs_of
from mmhelix_nb.running.runner import RUN_LOCK, Plan, note_end, note_run, write_status

MINI = book_folder() / "reports/mini"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Servers that wait half a second for a page that was asking."""
    monkeypatch.setattr(live, "LAST_WAIT", 0.5)


@pytest.fixture
def place(tmp_path) -> Place:
    """Where a run of profile smoke works that has set out and done nothing yet."""
    found = Place(tmp_path, read_profile("smoke"))
    note_run(Plan(found, "smoke", (found.profile,), runs_of([found.profile], tmp_path)), cores=2)
    return found


def job(state: dict, name: str) -> dict:
    """What a state says of a job."""
    return next(one for one in state["jobs"] if one["name"] == name)


# The state


def test_an_empty_folder_and_none(tmp_path):
    state = run_state(tmp_path)
    assert (state["state"], state["jobs"], state["charts"], state["failures"]) == ("empty", [], [], [])
    with pytest.raises(ValueError, match="nowhere: no such folder; a run of profile mini lies in runs/mini"):
        run_state(tmp_path / "nowhere")


def test_a_run_that_goes_on(place):
    write_status(place, "base", "done", seconds=40.0)
    write_status(place, "sft_half", "running", started=time.time() - 20, progress="cell 8 of 42", first=0)
    append_curve(place.report("sft_half") / "curve.jsonl", {"step": 2, "loss": 1.5})
    with claim(place.run() / RUN_LOCK, "a run"):
        state = run_state(place.run())
    assert state["state"] == "running" and state["headline"].startswith("1 of 19 jobs are done, ")
    half = job(state, "sft_half")
    assert (half["state"], half["step"], half["steps"], half["share"], half["left"]) == (
        "running",
        2,
        4,
        0.5,
        "about 20 s",
    )
    assert job(state, "ahpo-grpo")["note"] == "needs a core" and job(state, "sft")["state"] == "waiting"
    assert re.search(r"about \d+ min \d\d s left$", state["headline"]), state["headline"]
    note_end(place)
    state = run_state(place.run())
    assert (state["state"], job(state, "sft_half")["state"], job(state, "sft_half")["left"]) == (
        "stopped",
        "stopped",
        "",
    )
    assert state == run_state(place.report())  # named by either folder


def test_a_half_written_line_and_a_damaged_one(place):
    write_status(place, "ahpo-ahpo", "running", started=time.time())
    curve = place.report("ahpo-ahpo") / "curve.jsonl"
    append_curve(curve, {"step": 1, "xi": 1.0, "xi/binairo/4": 1.0, "reward/in_domain": 0.25, "reward/general": None})
    with open(curve, "a") as file:
        file.write('{"step": 2, "xi": 0.')
    state = run_state(place.run())
    assert [chart["title"][:6] for chart in state["charts"]] == ["Reward", "Gate: "]
    assert state["charts"][0]["lines"][0]["y"] == [0.25] and state["gates"][0]["always"] == "always open"
    curve.write_text('{"step": 1}\n[]\n{"step": 3}\n')
    state = run_state(place.run())
    assert "curve.jsonl:2: damaged line" in job(state, "ahpo-ahpo")["note"] and state["charts"] == []


@pytest.mark.parametrize("text", ["", "{", '{"state": "runn', "[]", "null"])
def test_a_half_written_note(place, text):
    place.run("base").mkdir()
    (place.run("base") / "status.json").write_text(text)
    assert job(run_state(place.run()), "base")["state"] == "waiting"
    (place.run() / "run.json").write_text(text)
    assert [one["name"] for one in run_state(place.run())["jobs"]] == ["base"]


def test_a_failed_job(place):
    write_status(place, "base", "failed", seconds=3.0)
    facts = {"job": "base", "notebook": "nbs/training/lab.ipynb", "cell": 7, "line": 2, "source_line": "train(<b>)"}
    log = "runs/reports/smoke/base/log.txt"
    write_json(
        place.report("base") / "failure.json", {**facts, "error": "ValueError", "message": "no rows", "log": log}
    )
    state = run_state(place.run())
    assert state["state"] == "failed" and ", 1 failed" in state["headline"]
    for said in ("nbs/training/lab.ipynb, cell 7", "line 2: train(<b>)", "ValueError: no rows", log):
        assert said in state["failures"][0]["text"]
    html = state_html(state)
    assert "train(&lt;b&gt;)" in html and "<script" not in html


def test_a_finished_run(place):
    for name in (one["name"] for one in run_state(place.run())["jobs"]):
        write_status(place, name, "done", seconds=2.0)
    shutil.copytree(MINI / "ahpo-ahpo", place.report("ahpo-ahpo"))
    shutil.copytree(MINI / "evaluation-ahpo", place.report("evaluation-ahpo"))
    note_end(place)
    state = run_state(place.run())
    assert state["state"] == "finished" and state["headline"].startswith("19 of 19 jobs are done, it took ")
    assert {one["share"] for one in state["jobs"]} == {1.0} and "left" not in state["headline"]
    assert job(state, "evaluation-ahpo")["note"].endswith(" puzzles right")
    (gate,) = state["gates"]
    assert gate["always"] is None and [cell["level"] for cell in gate["cells"]] == ["4", "5", "6"]
    assert all(len(cell["values"]) <= gate["bins"] <= 24 and cell["last"] == 0.0 for cell in gate["cells"])


def test_reports_alone_are_enough():
    state = run_state(MINI)
    assert state["state"] == "finished" and {"ahpo-ahpo", "sft", "ablations"} <= {one["name"] for one in state["jobs"]}
    assert len(state["charts"]) == 6 and all(len(line["x"]) <= 41 for one in state["charts"] for line in one["lines"])


# The server


def answer(address: str, path: str, method: str = "GET", host: str = "") -> tuple[int, str, bytes]:
    """Status, policy and body of what the server says to a path that no client has tidied up."""
    connection = http.client.HTTPConnection(address.split("/")[2], timeout=10)
    connection.request(method, path, headers={"Host": host} if host else {})
    found = connection.getresponse()
    return found.status, found.headers.get("Content-Security-Policy", ""), found.read()


def test_the_server_answers_get_of_two_paths_and_this_machine(place):
    with served(place.run()) as address:
        code, policy, page = answer(address, "/")
        assert code == 200 and b"<title>mmhelix run</title>" in page and "default-src 'none'" in policy
        assert not re.search(rb"(src|href)\s*=\s*[\"'](?!data:)", page)  # one file, and nothing from elsewhere
        assert json.loads(answer(address, "/state.json")[2])["profile"] == "smoke"
        for path in (
            "/run.json",
            "/../run.json",
            "/%2e%2e/run.json",
            "/state.json/..",
            "/state.json?x=1",
            "/etc/passwd",
        ):
            assert answer(address, path)[0] == 404, path
        for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"):
            assert answer(address, "/state.json", method)[0] == 501, method
        for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1]:80"):
            assert answer(address, "/state.json", host=host)[0] == 403, host
        port = int(address.split(":")[2].strip("/"))
        assert answer(address, "/", host=f"localhost:{port + 1}")[0] == 200  # forwarded by ssh from another port
        with socket.socket() as other:
            other.settimeout(2)
            assert other.connect_ex(("127.0.0.2", port)) != 0  # one address, and not all of the machine's
    with pytest.raises(ConnectionRefusedError):
        answer(address, "/")


def test_a_folder_that_goes_away_is_one_line(place):
    with served(place.run()) as address:
        shutil.rmtree(place.run())
        code, _, body = answer(address, "/state.json")
    assert code == 500 and "no such folder" in json.loads(body)["problem"]


def test_a_page_that_asks_is_told_the_end(place):
    said: list[dict] = []
    with served(place.run()) as address:
        late = threading.Timer(0.2, lambda: said.append(json.loads(answer(address, "/state.json")[2])))
        answer(address, "/state.json")
        note_end(place)
        late.start()
    assert [one["state"] for one in said] == ["stopped"]


# The commands


def test_mistakes_are_one_line(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("no run", encoding="utf-8")
    for words, said in (
        (["watch", "nowhere"], "FOLDER nowhere: no such folder; a run of profile mini lies in runs/mini"),
        (["run", "--watch-port", "8000"], "--watch-port 8000: needs --watch"),
        (
            ["watch", str(other)],
            f"FOLDER {other}: holds no run; a run of profile mini lies in runs/mini, its reports in runs/reports/mini",
        ),
    ):
        found = CliRunner().invoke(app, words)
        assert found.exit_code == 2 and found.output == f"Error: {said}\n"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        found = CliRunner().invoke(app, ["watch", str(MINI), "--port", port])
    assert found.exit_code == 2 and found.output.startswith(
        f"Error: --port {port}: Address already in use; give another"
    )


def address_of(process: subprocess.Popen) -> str:
    """The address that a command says in its first line."""
    assert process.stdout
    return process.stdout.readline().strip().removeprefix("watch: ")


def test_watch_reads_and_ends_with_ctrl_c(tmp_path):
    process = started(tmp_path, "watch", str(MINI))
    address = address_of(process)
    assert json.loads(answer(address, "/state.json")[2])["state"] == "finished"
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0 and time.monotonic() - begun < 3  # and does not wait for the page
    with pytest.raises(ConnectionRefusedError):
        answer(address, "/")


def test_a_run_has_a_page_that_ends_with_it(tmp_path):
    root = make_book(tmp_path / "book", seconds=60)
    process = started(root, "run", "--profile", "tiny", "--only", "generators", "--watch")
    address, state = address_of(process), {"jobs": []}
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
    until = time.monotonic() + 60
    while time.monotonic() < until and not state["jobs"]:
        time.sleep(0.1)
        state = json.loads(answer(address, "/state.json")[2])
    assert state["state"] == "running" and [one["name"] for one in state["jobs"]] == ["generators"]
    time.sleep(0.5)  # until Snakemake has been started
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130 and "stopped; 0 of 1 jobs are finished" in said
    with pytest.raises(ConnectionRefusedError):
        answer(address, "/")
    assert run_state(root / "runs/tiny")["state"] == "stopped"


PLAIN_RUN = """
import subprocess, sys
import mmhelix_nb.running.runner as runner
from mmhelix_nb.running.cli import app

def start_jobs(place, arguments):
    (place.run() / "snakemake.log").write_text("nothing was started")
    return subprocess.Popen(["true"])

runner.start_jobs = start_jobs
try:
    app(["run", "--profile", "tiny", "--only", "generators"])
finally:
    print({"mmhelix_nb.running.live", "http.server"} & set(sys.modules))
"""


def test_a_run_without_a_page_imports_none(tmp_path):
    root = make_book(tmp_path / "book")
    done = subprocess.run([sys.executable, "-c", PLAIN_RUN], capture_output=True, text=True, env=ENVIRONMENT, cwd=root)
    assert "nothing was started" in done.stderr and done.stdout.splitlines()[-1] == "set()", done.stdout + done.stderr
    assert run_state(root / "runs/tiny")["state"] == "stopped"


# In a notebook


def test_the_view_follows_a_run_to_its_end(place):
    pytest.importorskip("ipywidgets")
    view = RunView(place.run(), every=0.05)
    with claim(place.run() / RUN_LOCK, "a run"):
        assert ": running" in view._repr_html_() and view.refresh()
        thread = live.follow(view)
        write_status(place, "base", "done", seconds=40.0)
        until = time.monotonic() + 10
        while "1 of 19 jobs are done" not in view.widget.value and time.monotonic() < until:
            time.sleep(0.05)
        assert "1 of 19 jobs are done" in view.widget.value
        note_end(place)
        thread.join(10)
    assert not thread.is_alive() and ": stopped" in view.widget.value


def test_the_view_without_widgets(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    view = RunView(MINI)
    assert "AHPO" in view._repr_html_() and "AHPO" in view._repr_mimebundle_()["text/html"]
    with pytest.raises(
        ModuleNotFoundError, match=r"^RunView.widget needs ipywidgets: pip install 'mmhelix_nb\[notebook\]'$"
    ):
        assert view.widget
    assert os.linesep not in str(view)
