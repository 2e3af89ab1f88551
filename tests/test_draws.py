"""The tests' own machinery: a seed gives the same draws again, and what belongs together stays together."""

from conftest import group_of
from hypothesis import strategies as st
from shelf import FUZZ, fresh_seeds


def test_a_seed_gives_the_same_draws_again(draws, rng, run_seed):
    def drawn() -> list[str]:
        found = []
        draws(lambda text: found.append(text), text=st.text())
        return found

    found = drawn()
    assert found == drawn() and len(found) >= 100 * FUZZ
    assert fresh_seeds(run_seed, "maze", 1, 5) != fresh_seeds(f"{run_seed}0", "maze", 1, 5)
    assert len(set(fresh_seeds(run_seed, "maze", 1, 5))) == 5 * FUZZ


def test_groups():
    assert group_of("tests/test_tasks.py::test_strange_rows_are_refused_by_name[maze]") == "maze"
    assert group_of("tests/test_traces.py::test_x[3-maze]") == group_of("tests/test_traces.py::test_y[maze]") == "maze"
    assert group_of("tests/test_scaffold.py::test_names_that_are_taken[sudoku]") == "test_scaffold"
    assert group_of("tests/test_tasks.py::test_limits_of_pictures") == "test_tasks"
