"""The whole book on the profile `smoke`, in a copy: every chapter runs, the report stands, a second run repeats nothing, a lost chapter comes back equal."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from fakebook import ENVIRONMENT, MMHELIX

from mmhelix_nb.book.profiles import read_profile
from mmhelix_nb.book.results import read_curve, read_results
from mmhelix_nb.running.runner import jobs

ROOT = Path(__file__).resolve().parents[1]
PROFILE = """
extends: smoke
about: two methods for a few steps, to see that the book holds together
generators: {levels: [1, 4], per_cell: 1}
serg: {per_cell: 1}
base: {steps: 6, warmup_steps: 2, batch_size: 8}
sft: {steps: 4, samples: 32, batch_size: 4, warmup_steps: 1}
ahpo: {methods: [ahpo, luffy], steps: 3, warmup_steps: 1, prompts_in_domain: 2, prompts_general: 2, max_completion_length: 12}
evaluation: {items: 8, general_items: 8, max_new_tokens: 8, batch_size: 16}
ablations: {window: 2, resamples: 100}
"""


def run(root: Path, *options: str) -> subprocess.CompletedProcess:
    "`mmhelix run` on the book in `root`."
    return subprocess.run(
        [*MMHELIX, "run", "--profile", "brief", "--cores", "2", "--root", str(root), *options],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=900,
    )


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    "A copy of the book with a profile of its own, run once."
    pytest.importorskip("trl")
    root = tmp_path_factory.mktemp("book")
    for name in ("nbs", "mmhelix_nb", "profiles", "Snakefile", "settings.ini"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
        else:
            shutil.copy(source, root / name)
    shutil.copytree(ROOT / "reports" / "paper", root / "reports" / "paper")
    (root / "profiles" / "brief.yaml").write_text(PROFILE)
    done = run(root)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


def every_job(book: Path) -> list:
    return list(jobs(read_profile("brief", book)).values())


def test_every_chapter_left_its_notebook_results_and_log(book):
    for job in every_job(book):
        folder = book / "runs" / "reports" / "brief" / job.name
        results = read_results(folder)
        assert results["profile"] == "brief" and results["seed"] == 0 and results["results"]
        assert (folder / f"{Path(job.chapter.notebook).name}.ipynb").is_file() and (folder / "log.txt").is_file()


def test_training_left_curves_and_models(book):
    assert [line["step"] for line in read_curve(book / "runs/reports/brief/ahpo-ahpo/curve.jsonl")] == [1, 2, 3]
    for job in ("base", "sft", "ahpo-ahpo", "ahpo-luffy"):
        assert (book / "runs/brief" / job / "model" / "config.json").is_file()


def test_the_report_shows_what_was_run(book):
    page = (book / "runs/reports/brief/index.html").read_text(encoding="utf-8")
    assert "AHPO" in page and "LUFFY" in page and "brief" in page
    assert len(page) < 2_000_000


def test_again_repeats_nothing_and_a_lost_chapter_comes_back_equal(book):
    stamps = {job.name: (book / "runs/brief" / job.name / "done.json").stat().st_mtime_ns for job in every_job(book)}
    began = time.time()
    assert run(book).returncode == 0
    assert {name: (book / "runs/brief" / name / "done.json").stat().st_mtime_ns for name in stamps} == stamps
    lost = book / "runs/reports/brief/evaluation-ahpo/results.json"
    before = json.loads(lost.read_text())
    lost.unlink()
    assert run(book).returncode == 0 and json.loads(lost.read_text()) == before
    assert lost.stat().st_mtime > began
