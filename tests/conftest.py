"""One seed a run, printed first and given again by `--hypothesis-seed`; tests of one task, or of one file, stay together."""

import random

import pytest
import shelf
from hypothesis import given, seed, settings
from shelf import TASKS

ORDER = ("test_end_to_end", "test_runner", "test_factory", "test_publish")  # long ones first, so that no worker idles
BY_TASK = ("test_tasks", "test_traces", "test_contract")  # files whose tests are about one task each


def pytest_configure(config):
    """Choose the seed; a worker gets that of the run."""
    if hasattr(config, "workerinput"):
        config.option.hypothesis_seed = config.workerinput["hypothesis_seed"]
    elif config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(10**9))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Tell a worker of pytest-xdist the seed."""
    node.workerinput["hypothesis_seed"] = node.config.option.hypothesis_seed


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


def group_of(nodeid: str) -> str:
    """What a test stays together with: the other tests of its task, or of its file."""
    file, _, name = nodeid.partition("::")
    parts = set(name.partition("[")[2].rstrip("]").split("-"))
    stem = file.rpartition("/")[2].removesuffix(".py")
    return next((task for task in TASKS if task in parts), stem) if stem in BY_TASK else stem


def place(item) -> int:
    """Long files come first, then the other files, then the tasks one by one."""
    group = group_of(item.nodeid)
    if group in TASKS:
        return len(ORDER) + 1 + TASKS.index(group)
    return ORDER.index(group) if group in ORDER else len(ORDER)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Put tests in order, and leave out those that make sense in bulk only."""
    items.sort(key=place)
    if shelf.FUZZ < 10:
        bulk = [item for item in items if item.get_closest_marker("bulk")]
        config.hook.pytest_deselected(items=bulk)
        items[:] = [item for item in items if item not in bulk]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `-n 2`, one worker runs a group, so that its items and its fixtures are made once.

    Marks for `--dist loadgroup` would do, but pytest-xdist 3.8 loses them under pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return group_of(nodeid)

    return Together(config, log)


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
