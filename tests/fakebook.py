"""A book of tiny chapters in a temporary folder, to try the runner on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat.v4 as v4
import psutil
from nbformat import write

from mmhelix_nb.book.jobs import CHAPTERS

REPO = Path(__file__).resolve().parents[1]
MMHELIX = [sys.executable, "-c", "from mmhelix_nb.running.cli import app; app()"]
# As a shell gives it: not under make, which a run would watch.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("MAKELEVEL", "MAKEFLAGS", "MMHELIX_PARENT")}

PARAMETERS = "profile = None\nmethod = ''\nmodel = ''\nruns = 'runs'\nreports = 'runs/reports'\noverrides = ''"

# Ten steps, a checkpoint after every second one, and a curve: the shape of a training chapter.
CHAPTER = """
import time
from mmhelix_nb.book.jobs import report_folder, run_folder
from mmhelix_nb.book.profiles import read_profile
from mmhelix_nb.book.results import append_curve, read_curve, save_results, trim_curve
kind, variant = "{kind}", method or model
job = variant if kind == "sft" else "-".join(filter(None, (kind, variant)))
book = read_profile(profile, overrides=overrides)
run, report = run_folder(book, job, runs), report_folder(book, job, reports)
checkpoint, curve = run / "checkpoint", report / "curve.jsonl"
start = int(checkpoint.read_text()) if checkpoint.exists() else 0
print("starting after step", start)
trim_curve(curve, start)
for step in range(start + 1, 11):
    time.sleep({seconds} / 10)
    append_curve(curve, {{"step": step, "loss": 1 / step}})
    if step % 2 == 0: checkpoint.write_text(str(step))
save_results(report, {{"curve": read_curve(curve)}}, model="mini", profile=book.name, seed=book.seed)
"""


def notebook(path: Path, *cells: str) -> None:
    """A chapter: a parameters cell, then `cells`."""
    first = v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    text = v4.new_markdown_cell("# A chapter")
    path.parent.mkdir(parents=True, exist_ok=True)
    write(v4.new_notebook(cells=[text, first, *map(v4.new_code_cell, cells)], metadata={"kernelspec": kernel}), path)


def make_book(
    root: Path, seconds: float = 0.1, profile: str = "model: {name: mini}\nahpo: {methods: [grpo]}\n"
) -> Path:
    """All chapters, each taking about `seconds`, and the profile `tiny`."""
    for name in ("nbs", "profiles"):
        (root / name).mkdir(parents=True)
    shutil.copy(REPO / "Snakefile", root / "Snakefile")
    (root / "profiles" / "tiny.yaml").write_text(profile)
    (root / "profiles" / "mini.yaml").write_text("model: {name: mini}\n")  # which tiny builds on without a word
    # A copy of the package, found first from within the book: an export beside a running test must not make its jobs due again.
    # Compiled modules come with it, for every process of a run would compile them anew where they cannot be kept.
    shutil.copytree(REPO / "mmhelix_nb", root / "mmhelix_nb")
    for kind, chapter in CHAPTERS.items():
        notebook(root / "nbs" / f"{chapter.notebook}.ipynb", CHAPTER.format(kind=kind, seconds=seconds))
    return root


def hears_ctrl_c() -> None:
    """For `preexec_fn`: a child hears Ctrl-C, also where the tests run in the background and would not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(root: Path, *words: str) -> subprocess.Popen:
    """A command in the background, with what it says in one stream."""
    return subprocess.Popen(
        [*MMHELIX, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ENVIRONMENT,
        cwd=root,
        preexec_fn=hears_ctrl_c,
    )


def read(path: Path) -> dict:
    """A JSON file."""
    return json.loads(path.read_text())


def leftovers(root: Path) -> list[int]:
    """Processes that belong to a run of this book."""
    found = []
    for process in psutil.process_iter():
        try:
            env = process.environ()
        except (psutil.Error, OSError):
            continue
        if str(root) in env.get("MMHELIX_RUN", "") + env.get("MMHELIX_JOB", ""):
            found.append(process.pid)
    return found


def wait_for_step(root: Path, job: str, step: int, seconds: float = 60) -> None:
    """Wait until `job` has a checkpoint of at least `step`."""
    path, until = root / "runs/tiny" / job / "checkpoint", time.monotonic() + seconds
    while time.monotonic() < until:
        if path.exists() and int(path.read_text() or 0) >= step:
            return
        time.sleep(0.05)
    raise AssertionError(f"{job} never came to step {step}")
