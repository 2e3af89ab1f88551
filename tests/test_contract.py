"""Each task against the contract: the protocol `core.Task`, its files, its sections, and nbs/tasks/CONTRACT.md."""

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from judges import judge_of
from provers import prover_of

from mmhelix_nb.core import (
    CATEGORIES,
    MAX_ANSWER,
    REGISTRY,
    TASKS,
    Family,
    State,
    Task,
    make,
    small_spaces,
    task_module,
    tasks,
)
from mmhelix_nb.shared.draw import MAX_SIDE, MIN_GLYPH, MINI_SIDE

ROOT = Path(__file__).resolve().parents[1]
CONTRACT = (ROOT / "nbs/tasks/CONTRACT.md").read_text(encoding="utf-8")
SECTIONS = ["Rules", "State", "Solve", "Generate", "Check", "Draw & ask", "Trace", "Levels"]
MEMBERS = {name: member for name, member in (vars(Family) | vars(Task)).items() if not name.startswith("_")}
FOLDERS = ("judges", "provers")
FUNCTIONS = {name: member for name, member in MEMBERS.items() if inspect.isfunction(member)}
every_task = pytest.mark.parametrize("task", tasks())


def parameters(function) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


@every_task
def test_module_has_what_the_protocol_names(task):
    module = task_module(task)
    assert not [name for name in MEMBERS if not hasattr(module, name)]
    for name, member in FUNCTIONS.items():
        assert parameters(getattr(module, name)) == parameters(member), name
    assert module.State.__dataclass_params__.frozen and module.Level.__dataclass_params__.frozen
    assert parameters(module.State.from_official) == parameters(State.from_official)
    assert len(module.LEVELS) == 5 and {type(level) for level in module.LEVELS} == {module.Level}
    assert isinstance(module.SCORER, str) and module.SCORER
    assert all(level in range(1, 6) and 40 <= forms < 10**6 for level, forms in small_spaces(task).items())


def test_type_checkers_find_the_protocol_in_every_task(tmp_path):
    lines = ["from mmhelix_nb.core import Task"]
    for name, category, _ in REGISTRY:
        lines.append(f"import mmhelix_nb.{category}.{name} as {name}")
        lines.append(f"_{name}: Task[{name}.State, {name}.Level] = {name}")
    (tmp_path / "tasks.py").write_text("\n".join(lines) + "\n")
    pyright = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, str(tmp_path / "tasks.py")]
    done = subprocess.run(pyright, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@every_task
def test_every_task_has_its_files(task):
    entry = TASKS[task]
    assert (ROOT / f"nbs/tasks/{entry.category}/{task}.ipynb").is_file()
    for module, path in ((judge_of(task).judge, "judges"), (prover_of(task).prover, "provers")):
        assert module.__module__ == f"{path}.{task}"


def test_there_are_no_others():
    "A notebook, judge or prover that the registry does not know is tested by nobody."
    found = {path.stem: path.parent.name for path in (ROOT / "nbs/tasks").glob("*/*.ipynb")}
    assert found == {entry.name: entry.category for entry in REGISTRY}
    for folder in FOLDERS:
        assert {path.stem for path in (ROOT / "tests" / folder).glob("[a-z]*.py")} == set(found)


def imported(path: Path) -> set[str]:
    "The modules that a Python file imports from."
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


@every_task
@pytest.mark.parametrize("kind", FOLDERS)
def test_judges_and_provers_are_independent(task, kind):
    "They know the rules, and share no code with a task."
    rooms = {f"mmhelix_nb.{category}" for category in CATEGORIES}
    modules = imported(ROOT / f"tests/{kind}/{task}.py")
    assert not {module for module in modules if module.startswith(tuple(rooms))}


# Notebooks and questions


def headings(text: str) -> list[str]:
    return [line[3:].strip() for line in text.splitlines() if line.startswith("## ")]


@every_task
def test_sections_stand_in_order(task):
    notebook = json.loads((ROOT / f"nbs/tasks/{TASKS[task].category}/{task}.ipynb").read_text(encoding="utf-8"))
    texts = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    assert headings("\n".join(texts)) == SECTIONS


@every_task
def test_questions_show_the_example(task):
    for level in range(1, 6):
        for seed in range(5):
            item = make(task, level, seed)
            example = item.module.example(item.state)
            assert isinstance(example, str) and example == example.strip()
            assert all(example in item.question(modality) for modality in ("image", "text"))
            assert item.check(f"\\boxed{{{example}}}").reason


# The document


def test_document_has_the_sections_and_every_name():
    assert headings(CONTRACT) == ["Files", "Notebook", *SECTIONS]
    places = [CONTRACT.index(f"\n* `{name}") for name in MEMBERS]
    assert places == sorted(places), "the document and core.Task have another order"


def test_document_names_the_numbers_of_the_code():
    for number in (MAX_SIDE, MIN_GLYPH, MINI_SIDE):
        assert f"{number} px" in CONTRACT
    assert f"{MAX_ANSWER:,} characters" in CONTRACT


def names_of_tests() -> tuple[set[str], set[str]]:
    "The names of all tests, and of those that are run for every task."
    found, of_tasks = set(), set()
    for path in (ROOT / "tests").glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.add(node.name)
                marks = {mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)}
                of_tasks |= {node.name} if "every_task" in marks else set()
    return found, of_tasks


def test_document_and_tests_know_each_other():
    "Whatever a test asks of every task is in the document under its name, and what the document names is tested."
    found, of_tasks = names_of_tests()
    named = set(re.findall(r"`(test_\w+)`", CONTRACT))
    assert named <= found and of_tasks <= named, (named - found, of_tasks - named)
