"""One seed a run, printed first and given again by `--hypothesis-seed`; tests of one task, or of one file, stay together."""

import random

import pytest
import shelf
from hypothesis import given, seed, settings

from mmhelix_nb.core import tasks

ORDER = ("test_end_to_end", "test_runner", "test_factory", "test_publish")  # long ones first, so that no worker idles


def pytest_configure(config):
    """Choose the seed before the workers start, so that all have the same."""
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(10**9))


def told(config) -> str:
    """How to draw the same again."""
    more = f", {shelf.FUZZ} times as many draws as usual" if shelf.FUZZ > 1 else ""
    return f"random draws: --hypothesis-seed={config.option.hypothesis_seed} gives the same again{more}"


def pytest_sessionstart(session):
    """Say the seed first, -q or not."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and not hasattr(session.config, "workerinput"):
        reporter.write_line(told(session.config))


def pytest_terminal_summary(terminalreporter, config):
    """Say the seed again where something failed."""
    if terminalreporter.stats.get("failed") or terminalreporter.stats.get("error"):
        terminalreporter.write_line(told(config))


def place(item) -> tuple[int, int]:
    """Long files come first, then the other files, then the tasks one by one."""
    task = task_of(item)
    if task:
        return len(ORDER) + 1, tasks().index(task)
    return (ORDER.index(item.path.stem) if item.path.stem in ORDER else len(ORDER)), 0


def task_of(item) -> str | None:
    """The task that a test is about."""
    task = item.callspec.params.get("task") if hasattr(item, "callspec") else None
    return task if task in tasks() else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Put tests in order and in groups; one worker runs a group, so that its items and its fixtures are made once."""
    items.sort(key=place)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(task_of(item) or item.path.stem))


@pytest.fixture(scope="session")
def run_seed(pytestconfig) -> str:
    """The seed of this run."""
    return pytestconfig.option.hypothesis_seed


@pytest.fixture
def rng(request, run_seed) -> random.Random:
    """Random draws that belong to this run and this test."""
    return random.Random(f"{run_seed}/{request.node.name}")


@pytest.fixture
def draws(request, run_seed):
    """Run a check on fresh examples: `draws(check, text=st.text())`; 100 of them, a hundred times as many with MMHELIX_FUZZ=100."""

    def run(check, examples: int = 100, **strategies):
        chosen = settings(deadline=None, database=None, max_examples=examples * shelf.FUZZ)
        seed(f"{run_seed}/{request.node.name}")(chosen(given(**strategies)(check)))()

    return run
