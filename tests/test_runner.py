"""The runner on tiny chapters: the graph, a failing cell, kill -9 and resume, and what makes a job due again."""

import contextlib
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
from fakebook import (
    ENVIRONMENT,
    MMHELIX,
    REPO,
    leftovers,
    make_book,
    notebook,
    read,
    started,
    wait_for_step,
)

from mmhelix_nb.book.jobs import distance, needed
from mmhelix_nb.book.profiles import read_profile
from mmhelix_nb.book.results import Busy, claim, write_json
from mmhelix_nb.running.committed import publish
from mmhelix_nb.running.points import (
    Place,
    fingerprints,
    jobs,
    points_of,
    results_of,
    runs_of,
    stamp_of,
)
from mmhelix_nb.running.runner import JobFailed, Plan, finished, make_way, run_job, scrub, settle, snakemake_arguments

REPORTS = "runs/reports/tiny"


def place_of(root, *overrides, profile="tiny") -> Place:
    """Where a run of the fake book's profile works."""
    return Place(root, read_profile(profile, root, overrides))


def marks(root, *overrides) -> dict[str, str]:
    """Fingerprints of the fake book's jobs, by name without overrides."""
    found = fingerprints(runs_of(points_of("tiny", root, overrides), root))
    return {name.partition("@")[0]: mark for name, mark in found.items()}


def start(root, *options):
    """A run in the background."""
    return started(root, "run", "--profile", "tiny", "--root", str(root), *options)


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
    found = jobs(read_profile("mini"))
    assert len(found) == 19
    assert found["serg"].needs == ("generators", "verifiers") and found["base"].needs == ()
    assert found["ahpo-sft_grpo"].needs == ("base", "sft_half") and found["ahpo-ahpo"].needs == ("base",)
    assert found["evaluation-luffy"].needs == ("ahpo-luffy",) and found["evaluation-sft"].needs == ("sft",)
    assert {"evaluation-base", "evaluation-sft", "ahpo-grpo"} <= set(found["ablations"].needs)


def test_graph_follows_the_profile():
    found = jobs(read_profile("mini", overrides="ahpo.methods=[grpo]"))
    assert "sft_half" not in found and "ahpo-ahpo" not in found and "evaluation-grpo" in found
    big = jobs(read_profile("gpu24"))
    assert "base" not in big and big["sft"].needs == ("serg",) and big["evaluation-base"].needs == ("serg",)


@pytest.mark.parametrize("name", ("smoke", "mini", "night", "gpu16", "gpu24", "paper"))
def test_order_can_run_and_long_ways_come_first(name):
    found = jobs(read_profile(name))
    names, lengths = list(found), [distance(found, one) for one in found]
    assert all(names.index(need) < names.index(job.name) for job in found.values() for need in job.needs)
    assert lengths == sorted(lengths, reverse=True)


def test_needed():
    found = jobs(read_profile("mini"))
    assert needed(found, "serg") == ["generators", "verifiers", "serg"]
    with pytest.raises(KeyError):
        needed(found, "nothing")


# Fingerprints


def due(root, *overrides) -> set:
    """Jobs whose fingerprint the overrides change."""
    old, new = marks(root), marks(root, *overrides)
    return {n for n in old if old[n] != new[n]}


def test_a_changed_setting_repeats_its_chapter_and_what_builds_on_it(tmp_path):
    root = make_book(tmp_path / "book")
    assert due(root, "ablations.window=3") == {"ablations"}
    assert due(root, "ahpo.steps=77") == {"ahpo-grpo", "evaluation-grpo", "ablations"}
    assert due(root, "serg.per_cell=3") == {"serg"}
    assert due(root, "machine.mem_mb=999") == set()


def test_a_changed_chapter_is_due_but_a_comment_is_not(tmp_path):
    root = make_book(tmp_path / "book")
    before = marks(root)
    path = root / "nbs" / "70_ablations.ipynb"
    path.write_text(path.read_text().replace("import time", "import time  # a comment"))
    assert marks(root) == before
    path.write_text(path.read_text().replace("range(start + 1, 11)", "range(start + 1, 12)"))
    after = marks(root)
    assert {name for name in before if before[name] != after[name]} == {"ablations"}


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
    report = root / f"{REPORTS}/generators"
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
        read(root / f"{REPORTS}/generators/failure.json")["cell"] == 4
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
    log = root / f"{REPORTS}/generators/log.txt"
    run_job("tiny", "generators", root)
    assert log.read_text().count("starting after step 10") == 1  # the same settings: goes on from its checkpoint
    (root / "profiles/tiny.yaml").write_text("model: {name: mini}\ngenerators: {per_cell: 5}\n")
    run_job("tiny", "generators", root)
    assert (
        "starting after step 0" in log.read_text()
        and len(read(root / f"{REPORTS}/generators/results.json")["results"]["curve"]) == 10
    )


def test_weights_of_other_settings_are_set_aside_and_taken_back(tmp_path, capsys):
    root = make_book(tmp_path / "book", 0)
    profile, runs, report = root / "profiles/tiny.yaml", root / "runs/tiny", root / f"{REPORTS}/generators"
    first = profile.read_text()
    run_job("tiny", "generators", root)
    weights = runs / "generators" / "model.bin"
    weights.write_bytes(b"w" * 1500)
    numbers = (report / "results.json").read_bytes()
    profile.write_text("model: {name: mini}\ngenerators: {per_cell: 5}\n")
    old = f"generators.per_cell={read_profile('mini').generators.per_cell}"
    code, said = run(root, "--only", "generators", "--dry-run")
    assert code == 0 and f"what was made with {old} is set aside" in said and weights.exists()
    code, said = run(root, "--only", "generators")
    (aside,) = runs.glob("generators.aside-*")
    assert code == 0 and f"generators was made with {old}: set aside as {aside} (" in said, said
    assert f"rm -r {aside} deletes it" in said and aside.name.endswith(old)
    assert (aside / "model.bin").read_bytes() == b"w" * 1500 and not weights.exists()
    assert (aside / "report/results.json").read_bytes() == numbers
    profile.write_text(first)
    run_job("tiny", "generators", root)
    assert f"generators: taken back from {aside}" in capsys.readouterr().err and weights.exists() and not aside.exists()
    (other,) = runs.glob("generators.aside-*")
    assert other.name.endswith("-generators.per_cell=5") and len(read(other / "report/results.json")) > 3
    assert (report / "log.txt").read_text().count("starting after step 10") == 1  # it went on from its checkpoint


def test_a_kill_while_setting_aside_loses_nothing(tmp_path, monkeypatch):
    """Wherever the moves end, the next call goes on, and all files are there once."""
    moves = []

    def until(stop, real):
        def counted(*arguments):
            moves.append(arguments)
            if len(moves) == stop:
                raise KeyboardInterrupt
            return real(*arguments)

        return counted

    profile = read_profile("mini")
    for stop in range(1, 6):
        place, moved = Place(tmp_path / str(stop), profile), jobs(profile)["sft"]
        folder, report = place.run("sft"), place.report("sft")
        for path in (folder / "model.bin", report / "results.json", report / "curve.jsonl"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(path.name)
        write_json(folder / "fingerprint.json", {"fingerprint": "one"})
        moves.clear()
        with monkeypatch.context() as patched, contextlib.suppress(KeyboardInterrupt):
            patched.setattr(os, "replace", until(stop, os.replace))
            patched.setattr(Path, "rename", until(stop, Path.rename))
            make_way(place, moved, "two")
            make_way(place, moved, "one")
        make_way(place, moved, "two")
        make_way(place, moved, "one")
        assert {
            (path.parent, path.read_text())
            for path in place.root.rglob("*.*")
            if path.stem != "fingerprint" and path.is_file()
        } == {
            (folder, "model.bin"),
            (report, "results.json"),
            (report, "curve.jsonl"),
        }


def test_a_foreign_kernel_is_not_asked(tmp_path, monkeypatch):
    root = make_book(tmp_path / "book", 0)
    write_json(tmp_path / "jupyter/kernels/python3/kernel.json", {"argv": ["/no/such/python"], "display_name": "x"})
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    cell = f"import sys; assert sys.executable == {sys.executable!r}; print(chr(0xd800), chr(0x2028))"
    save = "from mmhelix_nb.book.results import save_results\n"
    save += (
        "save_results(f'{reports}/{profile}/generators', {'text': chr(0xd800)}, model='none', profile=profile, seed=0)"
    )
    notebook(root / "nbs/10_generators.ipynb", cell, save)
    run_job("tiny", "generators", root)
    assert "\ufffd" in (root / f"{REPORTS}/generators/log.txt").read_text()
    assert read(root / f"{REPORTS}/generators/results.json")["results"] == {"text": "\ufffd"}


def test_ctrl_c_says_what_is_kept(half, tmp_path):
    root = tmp_path / "stopped"
    shutil.copytree(half[0], root)
    process = start(root, "--only", "verifiers")
    wait_for_step(root, "verifiers", 2)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[0]
    assert process.returncode == 130 and leftovers(root) == []
    assert "stopped; 1 of 2 jobs are finished, and the checkpoints of the others are kept; the same command" in said


def test_two_files_of_one_name_do_not_share_a_folder(tmp_path):
    root = make_book(tmp_path / "book", 0)
    for folder in ("a", "b"):
        (root / folder).mkdir()
        (root / folder / "mine.yaml").write_text("extends: tiny\n")
    start(root, "--profile", "a/mine.yaml", "--only", "generators").communicate(timeout=60)
    process = start(root, "--profile", "b/mine.yaml", "--only", "generators", "--dry-run")
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 2 and "runs/mine was begun with a/mine.yaml, a file of the same name" in said


def test_finished_means_stamp_and_results_fit(tmp_path):
    root = make_book(tmp_path / "book")
    run_job("tiny", "generators", root)
    place, mark = place_of(root), marks(root)["generators"]
    chosen = runs_of([place.profile], root, only="generators")
    assert finished(chosen["generators"], mark) and not finished(chosen["generators"], "other")
    stamp = stamp_of(place, "generators")
    os.utime(stamp, (time.time() + 1e6, time.time() + 1e6))  # written when the clock was wrong
    assert settle(chosen, {"generators": mark}) == {"generators"} and stamp.stat().st_mtime <= time.time()
    results = results_of(place, "generators")
    results.write_text(results.read_text().replace("0.1", "0.2"))
    assert not finished(chosen["generators"], mark)
    assert settle(chosen, {"generators": mark}) == set() and not stamp.exists()


def test_a_clock_that_stands_still_or_goes_back_hides_no_result(tmp_path):
    root = make_book(tmp_path / "book", 0)
    save = "import os\nfrom mmhelix_nb.book.results import save_results\n"
    save += "os.utime(save_results(f'{reports}/{profile}/generators', {'x': 1}, model='none', profile=profile, seed=0), (1, 1))"
    notebook(root / "nbs/10_generators.ipynb", save)
    run_job("tiny", "generators", root)
    before = write_json(root / "runs/tiny/other/done.json", {})
    os.utime(before, (2**32, 2**32))  # and then the clock was set back
    run_job("tiny", "generators", root)  # its results have the same time and the same bytes
    assert before.stat().st_mtime <= time.time()
    assert read(root / "runs/tiny/generators/status.json")["seconds"] >= 0


def test_two_writers_never(tmp_path):
    with (
        claim(tmp_path / "x.lock", "a run"),
        pytest.raises(Busy, match=f"process {os.getpid()}"),
        claim(tmp_path / "x.lock", "a run", wait=0),
    ):
        pass


def test_scrub(tmp_path):
    assert scrub(f"{tmp_path}/nbs/a.py", tmp_path) == "nbs/a.py"
    assert scrub(f"{tmp_path}/book/nbs/a.py, {tmp_path}", tmp_path / "book", tmp_path) == "nbs/a.py, ."


# Whole runs


def test_failure_keeps_finished_jobs_and_names_what_waits(tmp_path):
    root = make_book(tmp_path / "book")
    notebook(root / "nbs/20_verifiers.ipynb", "raise RuntimeError('no luck')")
    code, said = run(root, "--only", "serg")
    assert code == 1 and "verifiers failed: nbs/20_verifiers.ipynb, cell 3" in said and "RuntimeError: no luck" in said
    assert "serg (needs verifiers)" in said and "Traceback" not in said
    assert (root / "runs/tiny/generators/done.json").exists() and (
        root / f"{REPORTS}/verifiers/20_verifiers.ipynb"
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


@pytest.fixture(scope="module")
def half(tmp_path_factory):
    """A book whose first chapter is done, to be copied, and the second chapter's report in a book where nothing was killed."""
    folder = tmp_path_factory.mktemp("half")
    root, whole = make_book(folder / "book", 1.5), folder / "whole"
    job(root, "generators")
    shutil.copytree(root, whole)
    job(whole, "verifiers")
    return root, whole / REPORTS / "verifiers"


@pytest.mark.parametrize("which", ("driver", "job", "all"))
def test_kill_and_resume_gives_the_same_results(half, tmp_path, which):
    root, whole = tmp_path / "killed", half[1]
    shutil.copytree(half[0], root)
    kept = (root / f"{REPORTS}/generators/results.json").stat().st_mtime_ns
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
    assert (root / f"{REPORTS}/generators/results.json").stat().st_mtime_ns == kept  # finished work was not repeated
    starts = [
        int(n) for n in re.findall(r"starting after step (\d+)", (root / f"{REPORTS}/verifiers/log.txt").read_text())
    ]
    assert starts[0] == 0 and starts[-1] >= 4  # and the job itself went on from its checkpoint
    for name in ("results.json", "curve.jsonl"):
        assert (root / f"{REPORTS}/verifiers" / name).read_bytes() == (whole / name).read_bytes()
    assert leftovers(root) == []


def test_second_run_of_a_profile_is_refused_and_the_first_goes_on(tmp_path):
    root = make_book(tmp_path / "book", 0.1)
    with claim(root / "runs/tiny/run.lock", "a run"):
        code, said = run(root, "--only", "generators")
    assert code == 2 and said.startswith("Error: a run of profile tiny is at work already") and said.count("\n") == 1


def test_a_chapter_from_the_future_runs_once(tmp_path):
    root = make_book(tmp_path / "book", 0)
    os.utime(root / "nbs/10_generators.ipynb", (time.time() + 1e7, time.time() + 1e7))
    code, said = run(root, "--only", "generators")
    assert code == 0 and "generators           done" in said
    code, said = run(root, "--only", "generators")
    assert code == 0 and "finished before: generators" in said


# Book and work


def git(root, *arguments):
    """What git prints in the fake book."""
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    done = subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout


def test_a_run_in_a_clone_changes_nothing_that_git_sees_and_compares_with_what_is_committed(tmp_path):
    root = make_book(tmp_path / "book", 0)
    shutil.copy(REPO / ".gitignore", root / ".gitignore")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "a book")
    code, said = run(root, "--cores", "2")
    assert code == 0 and "numbers:" not in said and said.endswith(f"report: {root / REPORTS}\n")
    assert git(root, "status", "--porcelain") == ""
    assert read(root / f"{REPORTS}/sft/results.json")["commit"] == git(root, "rev-parse", "--short=12", "HEAD").strip()
    publish("tiny", root)
    names = {path.name for path in (root / "reports/tiny").rglob("*") if path.is_file()}
    assert {"results.json", "curve.jsonl", "timing.json", "40_sft.ipynb"} <= names and "log.txt" not in names
    git(root, "add", "-A")
    git(root, "commit", "-qm", "its reports")
    code, said = run(root)
    assert code == 0 and "values are those of reports/tiny" in said and git(root, "status", "--porcelain") == ""
    path = root / "reports/tiny/sft/curve.jsonl"
    path.write_text(path.read_text().replace("0.25", "0.26"))
    code, said = run(root)
    assert code == 0 and "numbers: 1 of" in said and "sft/curve.jsonl: step 4.loss is 0.25, committed 0.26" in said


def test_publishing_takes_finished_runs_only(tmp_path):
    root = make_book(tmp_path / "book", 0)
    run_job("tiny", "generators", root)
    with pytest.raises(ValueError, match="sft, .*: not finished with the present code and settings; mmhelix run"):
        publish("tiny", root)
    assert not (root / "reports").exists()


def test_outside_of_a_clone_the_work_goes_to_the_folder_and_a_profile_may_lie_anywhere(tmp_path):
    book, work = make_book(tmp_path / "book", 0), tmp_path / "work"
    (work / "profiles").mkdir(parents=True)
    (work / "profiles" / "mine.yaml").write_text("extends: tiny\nseed: 3\n")
    (tmp_path / "far.yaml").write_text("extends: mine\n")
    before = {path: path.stat().st_mtime_ns for path in book.rglob("*")}
    for profile in ("tiny", "mine", str(tmp_path / "far.yaml")):
        command = [*MMHELIX, "run", "--profile", profile, "--only", "generators"]
        environment = {**ENVIRONMENT, "PYTHONPATH": str(book), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, timeout=120)
        name = profile if "/" not in profile else "far"
        assert done.returncode == 0 and done.stdout.endswith(f"report: {work / 'runs/reports' / name}\n"), done.stderr
        executed = (work / "runs/reports" / name / "generators/10_generators.ipynb").read_text()
        assert str(book) not in executed and str(work) not in executed
    assert {path: path.stat().st_mtime_ns for path in book.rglob("*")} == before


# Arguments for Snakemake


def test_arguments(tmp_path):
    place = Place(make_book(tmp_path / "book"), read_profile("gpu24"))
    runs = runs_of([place.profile], place.root, only="serg")
    plan = Plan(place, "gpu24", (place.profile,), {"serg": runs["serg"]})
    local = snakemake_arguments(plan, cores=2)
    assert local[local.index("--cores") + 1] == "2" and "gpu=1" in local and local[-1] == "runs/gpu24/serg/done.json"
    extra = ("--default-resources", "slurm_partition=gpu")
    slurm = snakemake_arguments(plan, cores=8, executor="slurm", extra=extra)
    for wanted in ("--slurm-no-account", "squeue", "slurm_partition=gpu"):
        assert wanted in slurm
    assert "--cores" not in slurm and slurm[slurm.index("--jobs") + 1] == "8"


# Points of a sweep


SWEEP = ("--sweep", "ahpo.learning_rate=1e-4,4e-4", "--seeds", "0-1", "--only", "ahpo")


def test_a_sweep_shares_what_a_value_does_not_touch_and_survives_a_kill(tmp_path):
    root = make_book(tmp_path / "book", seconds=0.2, profile="extends: mini\nahpo: {methods: [grpo]}\n")
    shutil.copy(REPO / "profiles" / "mini.yaml", root / "profiles")
    process = start(root, *SWEEP)
    until = time.monotonic() + 100
    while not (root / "runs/tiny/base/done.json").exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
    process.kill()
    process.communicate()
    code, said = run(root, *SWEEP)
    assert code == 0 and "finished before: base" in said, said
    folders = {path.parent.name for path in (root / "runs/tiny").glob("*/done.json")}
    assert folders == {
        "base",
        "base@seed=1",
        "ahpo-grpo",
        "ahpo-grpo@seed=1",
        "ahpo-grpo@ahpo.learning_rate=0.0001",
        "ahpo-grpo@ahpo.learning_rate=0.0001,seed=1",
    }
    results = read(root / REPORTS / "ahpo-grpo@ahpo.learning_rate=0.0001,seed=1" / "results.json")
    assert results["seed"] == 1
    code, said = run(root, "--set", "ahpo.learning_rate=0.0001", "--only", "ahpo")
    assert code == 0 and "finished before: base, ahpo-grpo@ahpo.learning_rate=0.0001" in said and "running" not in said


@pytest.mark.parametrize(
    "options, said",
    [
        (("--set", "ahpo.stepps=3"), "--set ahpo.stepps=3: unknown key; did you mean steps?"),
        (("--sweep", "ahpo.steps"), "--sweep ahpo.steps: must look like ahpo.learning_rate=1e-4,4e-4"),
        (("--sweep", "ahpo.steps=40,0"), "--sweep ahpo.steps=0: must be at least 1"),
        (("--seeds", "4-0"), "--seeds 4-0: 4-0 must rise"),
        (("--seeds", "0-9999999999"), "must rise, by at most 1,000 seeds"),
        (("--seeds", "9999999999"), "--set ablations.seeds=[9999999999]: must be seeds from 0 to 4294967295"),
        (("--seeds", ""), "--seeds : must look like 0-4 or 0,2,5"),
        (("--only", ""), "--only : no such job"),
        (("--set", "seed=1", "--set", "seed=2"), "seed: is set twice by --set, --sweep or --seeds; give it once"),
        (("--set", "ablations.seeds=[5]", "--seeds", "0-1"), "ablations.seeds: is set twice"),
        (("--set", "seed=5", "--seeds", "0-1"), "leave one out"),
        (("--sweep", "ablations.seeds=[0,1],[2]"), "seeds are no points of a sweep; give them with --seeds 0-4"),
        (("--sweep", "seed=2020-01-01"), "must be a whole number"),
        (("--set", "ahpo.beta=.inf"), "--set ahpo.beta=.inf: must be a finite number"),
        (("smoke",), "smoke: unexpected; a profile is named by --profile"),
    ],
)
def test_an_impossible_point_is_one_line_before_anything_runs(tmp_path, options, said):
    root = make_book(tmp_path / "book")
    code, text = run(root, *options, "--dry-run")
    assert code == 2 and text.count("\n") == 1 and said in text, text
    assert not (root / "runs").exists()
