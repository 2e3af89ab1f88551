"""`mmhelix new-task` in a copy of the checkout: a throw-away task passes the tests of all tasks at once."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("nbs", "mmhelix_nb", "tests", "profiles")
NAME, NOTEBOOK = "throw_away", "nbs/tasks/games/throw_away.ipynb"


def run(folder: Path, *command: str) -> subprocess.CompletedProcess:
    "A command of this Python in `folder`, with the package that lies there."
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    env = {**kept, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, *command], cwd=folder, env=env, capture_output=True, text=True)


def new_task(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return run(folder, "-c", "from mmhelix_nb.running.cli import app; app()", "new-task", *arguments)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    "A copy of this checkout with one task more."
    folder = tmp_path_factory.mktemp("checkout")
    for path in ROOT.iterdir():
        if path.name in FOLDERS:
            shutil.copytree(path, folder / path.name, ignore=shutil.ignore_patterns("__pycache__", ".*", "_proc"))
        elif path.is_file():
            shutil.copy2(path, folder)
    done = new_task(folder, NAME, "--category", "games")
    assert done.returncode == 0 and NOTEBOOK in done.stdout, done.stdout + done.stderr
    return folder


def test_it_passes_the_tests_of_all_tasks(copy):
    files = [f"tests/test_{name}.py" for name in ("tasks", "traces", "contract")]
    chosen = f"{NAME} or no_others or type_checkers"
    done = run(copy, "-m", "pytest", "-q", "-rsx", "-p", "no:cacheprovider", *files, "-k", chosen)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == 0 and passed and int(passed[1]) >= 25, done.stdout[-3000:]
    left_out = [line for line in done.stdout.splitlines() if line.startswith(("SKIPPED", "XFAIL"))]
    assert all("make fuzz" in line for line in left_out), left_out


def test_its_notebook_runs(copy):
    done = run(copy, "-m", "nbdev.test", "--path", NOTEBOOK)
    assert done.returncode == 0, done.stdout + done.stderr


def test_notebooks_are_clean_and_exported(copy):
    done = run(copy, "tests/check_notebooks.py")
    assert done.returncode == 0, done.stdout


def test_everything_follows_from_the_registry(copy):
    code = f"""
from mmhelix_nb import from_official, make, tasks
assert tasks("games")[-1] == "{NAME}" and len(tasks()) == len(set(tasks()))
item = make("{NAME}", level=3, seed=1)
row = {{"category": "{NAME}", "initial_state": item.state.to_official()}}
assert from_official(row).check(item.answer) and item.category == "games"
"""
    done = run(copy, "-c", code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [NAME, "sudoku", "wordladder", "Chess", "3d", "lambda", "puzzles", "throwaway"])
def test_names_that_are_taken_or_none_are_refused(copy, name):
    before = sorted(copy.rglob("*.ipynb"))
    done = new_task(copy, name, "--category", "puzzles")
    assert done.returncode == 2 and not done.stdout and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"Error: NAME {name}: ")
    assert sorted(copy.rglob("*.ipynb")) == before


def test_a_judge_of_that_name_is_not_overwritten(copy):
    judge = copy / "tests/judges/lonely.py"
    judge.write_text("mine")
    done = new_task(copy, "lonely", "--category", "graphs")
    judge.unlink()
    assert done.stderr == "Error: NAME lonely: tests/judges/lonely.py is there already; choose another name\n"
    assert not (copy / "nbs/tasks/graphs/lonely.ipynb").exists()


def test_it_needs_a_category_that_is_one_and_a_checkout(copy, tmp_path):
    done = new_task(copy, "chess", "--category", "sports")
    assert done.returncode == 2 and "choose one of algorithms, graphs, puzzles, games" in done.stderr
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from mmhelix_nb.running.cli import app; app()",
            "new-task",
            "chess",
            "--category",
            "games",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "clone the repository first" in done.stderr and not list(tmp_path.iterdir())
