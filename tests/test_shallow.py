"""The puzzles need reflection: solvers without look-ahead or way back fail at the levels that count, and say what they do."""

import json
import re
from pathlib import Path
from random import Random

import pytest
from shelf import TASKS, item

from mmhelix_nb.core import by_nature, task_module
from mmhelix_nb.verifiers import OTHERS, chance_floor, floors_of, shallow_scores, with_others

every_task = pytest.mark.parametrize("task", TASKS)
HARD = (3, 4, 5)


@every_task
def test_shallow_solvers_say_what_they_do(task):
    solvers = task_module(task).SHALLOW
    assert len(solvers) >= 2 and len({one.__name__ for one in solvers}) == len(solvers)
    for one in solvers:
        assert one.__doc__ and len(one.__doc__.split()) >= 4, one.__name__
        for level in (1, 5):
            state = item(task, level, 0).state
            answers = [one(state, Random(7)) for _ in range(2)]
            assert answers[0] == answers[1] and isinstance(answers[0], str), one.__name__
    assert not by_nature(task) or by_nature(task).endswith(".")


@every_task
def test_shallow_solvers_fail_where_it_counts(task):
    """Of 60 puzzles of the levels 3 to 5 the best gets at most half, or 15 points more than the best constant where No is an answer; `make shallow` asks for this at each level."""
    hard = [item(task, level, seed) for level in HARD for seed in range(20)]
    if by_nature(task):
        pytest.skip("an algorithm by nature, as its card says")
    scores, constant = shallow_scores(hard), chance_floor(task, hard)["constant"]
    most = max(0.5, constant + 0.15) + 0.05  # 0.05: 60 puzzles are few
    assert max(scores.values()) <= most, scores
    easy = [item(task, 1, seed) for seed in range(20)]
    hardest = [item(task, 5, seed) for seed in range(20)]
    assert max(shallow_scores(hardest).values()) <= max(shallow_scores(easy).values()) + 0.1


def test_floors_stand_by_level():
    items = [item("nibbles", level, seed) for level in (1, 5) for seed in range(6)]
    found = floors_of("nibbles", items)
    assert list(found["levels"]) == ["1", "5"] and found["items"] == 12 and found["levels"]["5"]["items"] == 6
    assert found["shallow"] == max(shallow_scores(items).values())


def test_more_tries_get_more():
    """Each with other random choices, and the first as if it were the only one."""
    items = [item("eulerian_cycle", 3, seed) for seed in range(8)]
    one, eight = shallow_scores(items), shallow_scores(items, 8)
    assert one.keys() == eight.keys() and all(one[name] <= eight[name] for name in one)
    assert eight["five walks away from home"] > one["five walks away from home"]
    assert items[0].shallow() == items[0].shallow(0) != items[0].shallow(1)


def test_an_answer_is_tried_on_a_few_others_however_many_there_are():
    assert sorted(with_others([1, 2, 3])) == [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)]
    assert [*with_others([1])] == [*with_others([])] == []
    pairs = [*with_others([*range(50)])]
    assert len(set(pairs)) == len(pairs) == 50 * OTHERS and all(one != other for one, other in pairs)


ROOT = Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\| ([\w ]+) ((?:\| \d+ ){5})\|$", re.MULTILINE)
LIST = re.compile(r"\b\d+, \d+, \d+, \d+(?:,| and) \d+\b")


def test_notebooks_tell_the_shares_that_were_measured():
    """In tables by a solver's name, and in the text on solvers that do not look ahead; after `make shallow` both follow the report."""
    shares: dict[str, dict[str, list[int]]] = {}
    for cell in json.loads((ROOT / "reports" / "shallow.json").read_text(encoding="utf-8"))["cells"]:
        for name, share in cell["solvers"].items():
            shares.setdefault(cell["task"], {}).setdefault(name, [0] * 5)[cell["level"] - 1] = int(f"{100 * share:.0f}")
    told = 0
    for path in (ROOT / "nbs" / "tasks").glob("*/*.ipynb"):
        measured = shares[path.stem]
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            text = "".join(cell["source"]) if cell["cell_type"] == "markdown" else ""
            rows = [(name, [*map(int, re.findall(r"\d+", row))]) for name, row in ROW.findall(text) if name in measured]
            assert rows == [(name, measured[name]) for name, _ in rows], path
            lists = LIST.findall(text) if "### Without looking ahead" in text else []
            assert all([*map(int, re.findall(r"\d+", one))] in measured.values() for one in lists), (path, measured)
            told += len(rows) + len(lists)
    assert told > 100
