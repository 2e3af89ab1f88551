"""Words, pictures, photographs: the words say what the picture shows, looks are the maze's own, and the rows follow from the runs."""

import json
from itertools import islice

import pytest

from mmhelix_nb.claims import forks as F
from mmhelix_nb.core import pack
from mmhelix_nb.games.maze import code
from mmhelix_nb.shared.grids import every_cell

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from mmhelix_nb.claims import world as W  # noqa: E402

MAZES = list(islice(F.mazes_of(W.REGIME, "train", 3), 20))


def test_words_say_every_open_side():
    for state in MAZES:
        start, goal, *told = W.in_words(state).split()
        assert [F.name(state.find(sign)).strip() for sign in "SE"] == [start, goal]
        assert dict(zip(told[::2], told[1::2])) == {
            F.name(cell).strip(): code(state, cell) for cell in every_cell(F.SIZE) if state.ways(cell)
        }


def test_a_row_in_words_is_judged_by_the_maze():
    row = W.row_in_words(MAZES[0])
    assert row["images"] == [] and row["state"] == pack(MAZES[0])
    assert F.judge_route(MAZES[0], row["answer"])
    start = F.name(MAZES[0].find("S"))
    assert not F.judge_route(MAZES[0], row["answer"].replace(start, start + start, 1))


@pytest.mark.parametrize("look", W.LOOKS)
def test_looks_belong_to_the_maze(look):
    pictures = {W.LOOKS[look](state).tobytes() for state in MAZES[:4] for _ in range(2)}
    assert len(pictures) == 4
    plain = W.LOOKS["plain"](MAZES[0]).tobytes()
    assert look == "plain" or W.LOOKS[look](MAZES[0]).tobytes() != plain


def run(arm, shown, seed, right):
    "A run in which every test has the same marks."
    looks = ("words",) if shown == "words" else W.LOOKS
    half = len(right) // 2
    depths = {
        "0": W.share_record(right[:half].count("1"), half),
        "3": W.share_record(right[half:].count("1"), half),
    }
    return {"arm": arm, "shown": shown, "seed": seed, "looks": {look: part(right, depths) for look in looks}}


def part(right, depths):
    return {"right": right, "dead_ends": depths, "greedy": W.share_record(right.count("1"), len(right))}


def report(**marks):
    runs = {}
    for seed in (0, 1):
        for name, right in marks.items():
            runs[str(W.Run(*name.split("_"), seed))] = run(*name.split("_"), seed, right)
    return {"runs": runs, "seeds": [0, 1], "shallow": {}, "study": {}}


def test_verdicts_follow_from_the_runs():
    told = report(search_plain="1" * 150 + "0" * 50, search_words="1" * 200)
    found = {row["key"]: row["verdict"] for row in W.rows(told)}
    assert found["8.1"] == "stood" and found["8.2"] == "undecided"
    assert found["10.1"] == "stood"  # no difference at all
    assert found["9.1"] == "stood" and found["9.2"] == "undecided"  # 100 % of the first half, 50 % of the second
    told["runs"]["search-words-seed1"] = run("search", "words", 1, "1" * 150 + "0" * 50)
    assert {row["key"]: row["verdict"] for row in W.rows(told)}["8.1"] != "stood"


def test_what_comes_out_is_told_over_all_seeds():
    told = report(search_plain="1" * 150 + "0" * 50, search_words="1" * 50 + "0" * 150)
    told["runs"]["search-words-seed1"] = run("search", "words", 1, "1" * 100 + "0" * 100)
    for seed in (0, 1):
        told["runs"][f"search-plain-seed{seed}"]["looks"]["dark"] = part("0" * 200, {})
    found = {row["key"]: row["ours"] for row in W.rows(told)}
    assert found["8.1"].startswith("-37.5 [") and "75.0 % right in plain pictures to 37.5 in words" in found["8.1"]
    assert "seed 0 -50.0" in found["8.1"] and "seed 1 -25.0" in found["8.1"] and "never read a word" in found["8.1"]
    assert found["10.2"].startswith("-75.0 [") and "to 0.0 in light on dark" in found["10.2"]  # a loss is below zero


def test_dead_ends_are_judged_seed_by_seed_and_at_each_step():
    def said(*seeds):
        runs = {}
        for seed, rights in enumerate(seeds):
            look = part("10" * 300, {depth: W.share_record(right, 200) for depth, right in zip("012", rights)})
            runs[str(W.Run("search", "plain", seed))] = {"arm": "search", "shown": "plain", "seed": seed, "looks": {"plain": look}}  # fmt: skip
        return next(row for row in W.depth_rows({"runs": runs}) if row["key"] == "9.1")

    steep, late, bent = (180, 150, 100), (180, 175, 160), (150, 180, 80)
    cases = {(steep, steep): "stood", (steep, late): "undecided", (bent, bent): "undecided", (steep,): "undecided"}
    assert {case: said(*case)["verdict"] for case in cases} == cases
    row = said(steep, late)
    assert "points from 0 to 2 dead ends over the mazes" in row["ours"] and "or more" not in row["ours"]
    assert row["ours"].startswith("-25.0 [") and row["seeds"] == [0, 1]
    assert "90.0, 87.5, 80.0 %;" in row["ours"] and row["ours"].endswith("; over seeds (90.0, 81.2, 65.0 %)")
    alone, twice = (W.by_depth(part("10" * 300, {"0": W.share_record(150, 200)}) for _ in range(n)) for n in (1, 2))
    assert twice["0"]["low"] == alone["0"]["low"] and twice["0"]["n"] == 400  # the same mazes again are no more mazes


def test_what_other_reports_say_is_read_as_it_is(tmp_path):
    (tmp_path / "serg").mkdir()
    lines = [{"arm": arm, "pass@k": {"share": share, "interval": [low, high]}} for arm, share, low, high in (("direct rollout", 0.1, 0.0, 0.2), ("SERG", 0.9, 0.8, 1.0))]  # fmt: skip
    study = {"model": "M", "commit": "c", "results": {"table": lines}}
    (tmp_path / "serg/results.json").write_text(json.dumps(study))
    cells = [{"task": "maze", "level": 3}, {"task": "sudoku", "level": 3}]
    shallow = {"cells": cells, "by_nature": ["maze"], "unmet": {"sudoku": ["level 3: greedy gets 0.7"]}, "seeds": 9}
    (tmp_path / "shallow.json").write_text(json.dumps(shallow))
    told = {**report(), "study": W.study(tmp_path), "shallow": W.shallow(tmp_path)}
    found = {row["key"]: row for row in W.rows(told)}
    assert found["11"]["verdict"] == "stood" and "90.0 [80.0, 100.0]" in found["11"]["ours"]
    assert found["9.3"]["verdict"] == "did not" and found["9.3"]["ours"].startswith("1 of 3 cells")


def test_two_shares_lie_apart_as_newcombe_has_it():
    gap = W.apart_record(W.share_record(56, 70), W.share_record(48, 80))
    assert (round(gap["low"], 4), round(gap["high"], 4)) == (0.0524, 0.3339)  # his example (a), method 10
