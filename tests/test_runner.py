"""The runner on tiny chapters: the graph, a failing cell, kill -9 and resume, and what makes a job due again."""

import os
import re
import signal
import subprocess
import sys

import psutil
import pytest
from fakebook import ENVIRONMENT, MMHELIX, leftovers, make_book, notebook, read, wait_for_step

from mmhelix_nb.book.place import Place
from mmhelix_nb.book.profiles import Profile, read_profile
from mmhelix_nb.book.results import Busy, claim
from mmhelix_nb.running.runner import (
    JobFailed,
    fingerprints,
    finished,
    jobs,
    needed,
    run_job,
    scrub,
    settle,
    snakemake_arguments,
)


def start(root, *options):
    """A run in the background."""
    return subprocess.Popen(
        [*MMHELIX, "run", "--profile", "tiny", "--root", str(root), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ENVIRONMENT,
        cwd=root,
    )


def job(root, *names):
    """Single jobs to their end, in a process of their own."""
    code = "import sys; from mmhelix_nb.running.runner import run_job; [run_job('tiny', n) for n in sys.argv[1:]]"
    subprocess.run([sys.executable, "-c", code, *names], check=True, cwd=root, env=ENVIRONMENT)


def run(root, *options):
    """A run to its end: exit code and what it printed."""
    process = start(root, *options)
    said = process.communicate(timeout=120)[0]
    return process.returncode, said


# The graph


def test_graph_of_mini():
    found = {j.name: j for j in jobs(read_profile("mini"))}
    assert len(found) == 19
    assert found["serg"].needs == ("generators", "verifiers") and found["base"].needs == ()
    assert found["ahpo-sft_grpo"].needs == ("base", "sft_half") and found["ahpo-ahpo"].needs == ("base",)
    assert found["evaluation-luffy"].needs == ("ahpo-luffy",) and found["evaluation-sft"].needs == ("sft",)
    assert {"evaluation-base", "evaluation-sft", "ahpo-grpo"} <= set(found["ablations"].needs)


def test_graph_follows_the_profile():
    names = {j.name for j in jobs(Profile(ahpo={"methods": ("grpo",)}))}
    assert "sft_half" not in names and "ahpo-ahpo" not in names and "evaluation-grpo" in names
    big = {j.name: j for j in jobs(read_profile("gpu24"))}
    assert "base" not in big and big["sft"].needs == ("serg",) and big["evaluation-base"].needs == ("serg",)


@pytest.mark.parametrize("name", ("smoke", "mini", "gpu24", "paper"))
def test_order_can_run_and_long_ways_come_first(name):
    seen, last = set(), None
    for job in jobs(read_profile(name)):
        assert set(job.needs) <= seen
        assert last is None or job.priority <= last
        seen.add(job.name)
        last = job.priority


def test_needed():
    assert [j.name for j in needed(jobs(Profile()), "serg")] == ["generators", "verifiers", "serg"]
    with pytest.raises(KeyError):
        needed(jobs(Profile()), "nothing")


# Fingerprints


def due(before: dict, after: dict) -> set:
    """Jobs whose fingerprint changed."""
    return {n for n in before if before[n] != after[n]}


def test_a_changed_section_repeats_its_chapter_and_what_builds_on_it(tmp_path):
    root = make_book(tmp_path / "book")
    before = fingerprints(Profile(), root)
    assert due(before, fingerprints(Profile(ablations={"window": 3}), root)) == {"ablations"}
    assert due(before, fingerprints(Profile(ahpo={"steps": 77}), root)) == {
        *(f"ahpo-{m}" for m in Profile().ahpo.methods),
        *(f"evaluation-{m}" for m in Profile().ahpo.methods),
        "ablations",
    }
    assert due(before, fingerprints(Profile(serg={"per_cell": 3}), root)) == {"serg"}
    assert due(before, fingerprints(Profile(machine={"mem_mb": 999}), root)) == set()


def test_a_changed_chapter_is_due_but_a_comment_is_not(tmp_path):
    root = make_book(tmp_path / "book")
    before = fingerprints(Profile(), root)
    path = root / "nbs" / "70_ablations.ipynb"
    path.write_text(path.read_text().replace("import time", "import time  # a comment"))
    assert due(before, fingerprints(Profile(), root)) == set()
    path.write_text(path.read_text().replace("range(start + 1, 11)", "range(start + 1, 12)"))
    assert due(before, fingerprints(Profile(), root)) == {"ablations"}


# One job


def test_a_job_leaves_results_notebook_log_and_no_paths(tmp_path):
    root = make_book(tmp_path / "book")
    notebook(
        root / "nbs/10_generators.ipynb",
        "import sys, os\nprint(os.getcwd(), os.environ['OMP_NUM_THREADS'])",
        "from mmhelix_nb.book.results import save_results\nsave_results(f'{reports}/{profile}/generators', {'x': sys.executable == r'"
        + __import__("sys").executable
        + "'}, model='none', profile=profile, seed=0)",
    )
    run_job("tiny", "generators", root)
    report = root / "runs/reports/tiny/generators"
    assert read(report / "results.json")["results"] == {"x": True}
    executed = (report / "10_generators.ipynb").read_text()
    assert (
        str(root) not in executed
        and str(root) not in (report / "log.txt").read_text()
        and '"start_time"' not in executed
    )
    assert (
        read(root / "runs/tiny/generators/status.json")["state"] == "done"
        and read(report / "timing.json")["chapter"] > 0
    )


def test_failing_cell_names_notebook_cell_line_and_message(tmp_path):
    root = make_book(tmp_path / "book")
    notebook(root / "nbs/10_generators.ipynb", "x = 1", "def f(x):\n    raise ValueError(f'x is {x}')\n\nf(x)")
    with pytest.raises(JobFailed) as caught:
        run_job("tiny", "generators", root)
    said = str(caught.value)
    assert "nbs/10_generators.ipynb, cell 4" in said and "line 4: f(x)" in said and "ValueError: x is 1" in said
    assert said.count("\n") < 8
    assert (
        read(root / "runs/reports/tiny/generators/failure.json")["cell"] == 4
        and not (root / "runs/tiny/generators/done.json").exists()
    )


def test_dead_kernel_and_missing_results(tmp_path):
    root = make_book(tmp_path / "book")
    notebook(root / "nbs/10_generators.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(JobFailed, match="the kernel died") as caught:
        run_job("tiny", "generators", root)
    assert "cell 3" in str(caught.value)
    notebook(root / "nbs/10_generators.ipynb", "x = 1")
    with pytest.raises(JobFailed, match="without writing runs/reports/tiny/generators/results.json"):
        run_job("tiny", "generators", root)


def test_checkpoints_of_other_settings_are_not_continued(tmp_path):
    root = make_book(tmp_path / "book")
    run_job("tiny", "generators", root)
    log = root / "runs/reports/tiny/generators/log.txt"
    run_job("tiny", "generators", root)
    assert log.read_text().count("starting after step 10") == 1  # the same settings: goes on from its checkpoint
    (root / "profiles/tiny.yaml").write_text("seed: 5\nahpo: {methods: [grpo]}\n")
    run_job("tiny", "generators", root)
    assert (
        "starting after step 0" in log.read_text()
        and len(read(root / "runs/reports/tiny/generators/results.json")["results"]["curve"]) == 10
    )


def test_finished_means_stamp_and_results_fit(tmp_path):
    root = make_book(tmp_path / "book")
    place, job = Place(root, "tiny"), next(j for j in jobs(read_profile("tiny", root)) if j.name == "generators")
    run_job("tiny", "generators", root)
    mark = fingerprints(read_profile("tiny", root), root)["generators"]
    assert finished(place, job, mark) and not finished(place, job, "other")
    results = root / "runs/reports/tiny/generators/results.json"
    results.write_text(results.read_text().replace("0.1", "0.2"))
    assert not finished(place, job, mark)
    assert settle(place, [job], {"generators": mark}) == set() and not place.stamp("generators").exists()


def test_two_writers_never(tmp_path):
    with (
        claim(tmp_path / "x.lock", "a run"),
        pytest.raises(Busy, match=f"process {os.getpid()}"),
        claim(tmp_path / "x.lock", "a run", wait=0),
    ):
        pass


def test_scrub(tmp_path):
    assert scrub(f"{tmp_path}/nbs/a.py", tmp_path) == "nbs/a.py"


# Whole runs


def test_failure_keeps_finished_jobs_and_names_what_waits(tmp_path):
    root = make_book(tmp_path / "book")
    notebook(root / "nbs/20_verifiers.ipynb", "raise RuntimeError('no luck')")
    code, said = run(root, "--only", "serg")
    assert code == 1 and "verifiers failed: nbs/20_verifiers.ipynb, cell 3" in said and "RuntimeError: no luck" in said
    assert "serg (needs verifiers)" in said and "Traceback" not in said
    assert (root / "runs/tiny/generators/done.json").exists() and (
        root / "runs/reports/tiny/verifiers/20_verifiers.ipynb"
    ).exists()


def victims(driver: psutil.Process, which: str) -> list[psutil.Process]:
    """The processes to kill."""
    children = driver.children(recursive=True)
    mark = {"snakemake": "snakemake_main", "job": "job_main", "kernel": "ipykernel"}
    if which == "driver":
        return [driver]
    if which == "all":
        return [driver, *children]
    return [c for c in children if mark[which] in " ".join(c.cmdline())]


@pytest.mark.parametrize("which", ("driver", "job", "all"))
def test_kill_and_resume_gives_the_same_results(tmp_path, which):
    whole, root = make_book(tmp_path / "whole", 0), make_book(tmp_path / "killed", 1.5)
    job(whole, "generators", "verifiers")
    job(root, "generators")
    kept = (root / "runs/reports/tiny/generators/results.json").stat().st_mtime_ns
    process = start(root, "--only", "verifiers")
    wait_for_step(root, "verifiers", 4)
    for victim in victims(psutil.Process(process.pid), which):
        victim.send_signal(signal.SIGKILL)
    if which != "job":
        process.wait()
    else:
        assert "verifiers failed" in process.communicate(timeout=30)[0]
    code, said = run(root, "--only", "verifiers")  # at once, while orphans may still live
    assert code == 0 and "finished before: generators" in said and "report:" in said
    assert (root / "runs/reports/tiny/generators/results.json").stat().st_mtime_ns == kept  # finished work was not repeated
    starts = [
        int(n) for n in re.findall(r"starting after step (\d+)", (root / "runs/reports/tiny/verifiers/log.txt").read_text())
    ]
    assert starts[0] == 0 and starts[-1] >= 4  # and the job itself went on from its checkpoint
    for name in ("results.json", "curve.jsonl"):
        assert (root / "runs/reports/tiny/verifiers" / name).read_bytes() == (
            whole / "runs/reports/tiny/verifiers" / name
        ).read_bytes()
    assert leftovers(root) == []


def test_second_run_of_a_profile_is_refused_and_the_first_goes_on(tmp_path):
    root = make_book(tmp_path / "book", 0.1)
    with claim(root / "runs/tiny/run.lock", "a run"):
        code, said = run(root, "--only", "generators")
    assert code == 2 and said.startswith("Error: a run of profile tiny is at work already") and said.count("\n") == 1


# Arguments for Snakemake


def test_arguments(tmp_path):
    place = Place(tmp_path, "mini")
    local = snakemake_arguments(place, "mini", ["serg"], cores=2, gpus=1)
    assert local[local.index("--cores") + 1] == "2" and "gpu=1" in local
    slurm = snakemake_arguments(
        place, "mini", ["serg"], cores=8, executor="slurm", extra=("--default-resources", "slurm_partition=gpu")
    )
    for wanted in ("--slurm-no-account", "squeue", "slurm_partition=gpu"):
        assert wanted in slurm
    assert "--cores" not in slurm and slurm[slurm.index("--jobs") + 1] == "8"
