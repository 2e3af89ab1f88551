"""The fault bench in the small: it sees what is lost, and nothing is, after a kill and behind a server that misbehaves (`make faults` tries all of it)."""

import random

import pytest
from fakeserver import FakeServer
from faults import bench
from faults.works import WORKS, difference, run

EVAL = WORKS["eval"]


def test_the_bench_sees_what_is_lost_doubled_and_changed():
    wanted = [("a", "1"), ("b", "2"), ("c", "3")]
    assert difference(wanted, wanted) == {"asked": 3, "lost": 0, "doubled": 0, "changed": 0}
    found = [("a", "1"), ("a", "1"), ("b", "other"), ("d", "4")]
    assert difference(wanted, found) == {"asked": 3, "lost": 1, "doubled": 1, "changed": 2}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with puzzles, a server, and what an evaluation that nothing disturbs leaves there."""
    room = tmp_path_factory.mktemp("faults")
    assert run(WORKS["generate"], room / "bench").code == 0
    with FakeServer(bench.answer) as fake:
        assert run(EVAL, room / "reference", fake.url).code == 0
        yield room, fake, EVAL.content(room / "reference")


def harm(line: dict) -> list[str]:
    """What a fault has done that none may do."""
    return [kind for kind in bench.HARM if line.get(kind)]


def test_an_evaluation_that_is_killed_goes_on(place):
    room, fake, wanted = place
    line = bench.killed_once(EVAL, wanted, room, 1.5, random.Random(), fake.url)
    assert line["exit"] == 0 and line["asked"] == 60 and not harm(line), line


@pytest.mark.parametrize("name", ["reset_mid_body", "400_context", "402"])
def test_a_server_that_misbehaves_costs_nothing(place, name):
    room, fake, wanted = place
    line = bench.misbehaved(EVAL, wanted, room, fake, name)
    assert line["exit"] == 0 and line["asked"] == 60 and not harm(line), line
