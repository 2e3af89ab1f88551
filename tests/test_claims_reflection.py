"""Does reflection teach? The mazes keep their laws, what the arms tell is true, the reader finds planted faults, and an arm goes the whole way."""

import shutil
from functools import partial
from itertools import islice, pairwise, product
from random import Random

import pytest

from mmhelix_nb.book.place import book_folder
from mmhelix_nb.claims import forks as F
from mmhelix_nb.claims.register import run_all, twice_text
from mmhelix_nb.games.maze import solve
from mmhelix_nb.shared.gridmoves import distance

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from mmhelix_nb.claims import reflection as R  # noqa: E402

TOY = R.Lab(samples=12, batch=4, items=4, tries=2, base_steps=2, hidden=32, layers=1, vision_hidden=16, vision_layers=1)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    "A folder with the toy's base."
    home = tmp_path_factory.mktemp("lab")
    R.base_of_lab(home, TOY)
    return home


def mazes(regime, count=40, split="train"):
    return list(islice(F.mazes_of(regime, split, 7), count))


def degrees(state):
    "How many ways each cell has that has any."
    cells = product(range(F.SIZE), repeat=2)
    return {cell: len(ways) for cell in cells if (ways := state.ways(cell))}


@pytest.mark.parametrize("regime", ["one_ended", "two_ended"])
def test_corridors_have_no_forks(regime):
    for state in mazes(regime):
        ends = {state.find("S"), state.find("E")}
        forks = {cell for cell, degree in degrees(state).items() if degree > 2}
        assert forks <= ends
        start, goal = (degrees(state)[state.find(sign)] for sign in "SE")
        assert (start in (2, 3) and goal in (2, 3)) if regime == "two_ended" else (start in (2, 3, 4) and goal == 1)


@pytest.mark.parametrize("regime", ["one_ended", "two_ended"])
def test_dead_corridors_are_long_enough_and_there_is_one_route(regime):
    for state in mazes(regime):
        known = degrees(state)
        assert sum(known.values()) == 2 * (len(known) - 1)  # a tree: no loops
        for end in (cell for cell, degree in known.items() if degree == 1 and cell != state.find("E")):
            length, cell, last = 0, end, None
            while known[cell] < 3 and cell not in (state.find("S"), state.find("E")):
                length, (cell, last) = length + 1, (next(to for to in state.ways(cell).values() if to != last), cell)
            assert length >= F.SHORTEST
        if regime == "two_ended":
            assert len(F.route_of(state)) >= F.SHORTEST_ROUTE


def test_the_floor_is_the_chance_of_the_exits():
    for state in mazes("one_ended"):
        assert F.random_exit(state) == pytest.approx(1 / len(state.ways(state.find("S"))))
    for state in mazes("two_ended"):
        assert F.random_exit(state) == pytest.approx(1 / len(state.ways(state.find("S"))))


def test_splits_are_apart_also_turned():
    state = mazes("two_ended", 1, "heldout")[0]
    turned = F.State(
        tuple("".join("-|"["-|".index(c) - 1] if c in "-|" else c for c in row) for row in zip(*state.lines))
    )
    assert F.split_of(turned) == "heldout" and turned != state


@pytest.mark.parametrize("regime,arm", list(product(F.REGIMES, F.ARMS)))
def test_tellings_are_true_and_lead_to_the_answer(regime, arm):
    for number, state in enumerate(mazes(regime, 12)):
        text = F.tell(state, arm, number)
        assert F.judge_route(state, text).ok
        found = F.read_trace(state, text, arm)
        if arm not in ("answer", "theatre"):
            assert found.arrives and not (found.leaps or found.stamps or found.alarms), text
        assert found.misread == (found.catches and "no<" in text.replace(" no", "no"))


def test_the_search_is_the_mazes_own():
    for state in mazes("plain"):
        parts = F.search_parts(state, "heuristic", Random(0))
        assert " ".join(F.move_to(a, b) for a, b in pairwise(F.walked(parts))) == solve(state).text


def test_the_theatre_meets_no_dead_end():
    traces = [F.read_trace(state, F.tell(state, "theatre"), "theatre") for state in mazes("two_ended")]
    assert sum(one.told for one in traces) and not any(one.real for one in traces)


def test_the_reader_finds_planted_faults():
    state = next(one for one in mazes("one_ended") if F.dead_ends(one))
    text = F.tell(state, "search")
    first, second = F.route_of(state)[:2]
    assert F.read_trace(state, text, "search").valid
    sides = F.read_off(state, first, None)
    misread = F.read_trace(state, text.replace(sides, F.name(first) + " URDL"[: 2 + (sides[3:] == "U")], 1), "search")
    assert misread.misread and not misread.valid
    leap = F.read_trace(state, text.replace(F.read_off(state, second, None), "", 1), "search")
    assert leap.leaps and not leap.valid
    at = text.index("<")
    early = text[: text[:at].rstrip().rindex(" ", 0, at - 4)] + text[at:]  # turns back one cell before the end
    false_end = F.read_trace(state, early, "search")
    assert false_end.real < false_end.told and not false_end.valid
    assert not F.read_trace(state, text[:at], "search").arrives


def test_a_stamp_is_told_from_a_catch():
    state = mazes("one_ended", 1)[0]
    route = F.route_of(state)
    false = (
        F.told_check(state, route[:-1], "ok"),
        F.told_check(state, route[:-1], "no"),
        F.told_check(state, route, "no"),
    )
    found = [F.read_trace(state, text, "checked") for text in false]
    assert [(one.stamps, one.catches, one.alarms) for one in found] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert F.shares(found)["stamped"] == 0.5


def test_an_answer_through_a_wall_is_wrong():
    state = mazes("two_ended", 1)[0]
    route = F.route_of(state)
    cells = product(range(F.SIZE), repeat=2)
    wall = next(one for one in cells if distance(one, route[0]) == 1 and one not in state.ways(route[0]).values())
    assert "wall" in F.judge_route(state, F.boxed([route[0], wall])).reason


def test_equal_tokens_are_equal():
    from mmhelix_nb.claims import school

    processor = school.maze_processor()
    words, pool = school.Words(processor), school.Pool(None, processor, "one_ended", 3)
    lab = R.Lab(samples=160, batch=4)
    sums = {
        arm: sum(map(len, words.completions(R.texts_for(pool, words, R.Run("one_ended", arm, budget, 3), lab))))
        for arm, budget in (("search", "samples"), ("answer", "tokens"), ("backward", "tokens"))
    }
    assert all(abs(total / sums["search"] - 1) < 0.03 for total in sums.values()), sums


def test_an_arm_goes_the_whole_way_and_is_not_run_twice(home, monkeypatch):
    found = R.run_arm("two_ended", "checked", "samples", 100, home, TOY)
    assert found["split"] == "validation" and found["greedy"]["n"] == len(found["right"]) == TOY.items
    assert found["training"]["samples"] == TOY.samples and found["training"]["steps"] == 3
    (home / "two_ended-checked-samples-seed100.json").rename(home / "kept.json")
    from mmhelix_nb.claims import school

    monkeypatch.setattr(school, "teach", None)  # a trained model is measured without another training
    again = R.run_arm("two_ended", "checked", "samples", 100, home, TOY)
    assert {k: v for k, v in again.items() if k != "measuring_s"} == {
        k: v for k, v in found.items() if k != "measuring_s"
    }


def test_a_training_that_was_stopped_comes_to_the_same_end(home, tmp_path, monkeypatch):
    from transformers import TrainerCallback

    from mmhelix_nb import sft

    class Stop(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(
        R.Lab,
        "arm",
        lambda self, samples, own=R.Lab.arm: own(self, samples).model_copy(
            update={"save_steps": 1, "logging_steps": 1}
        ),
    )
    for one in ("whole", "stopped"):
        shutil.copytree(home / "base-seed0", tmp_path / one / "base-seed0")
    whole = R.run_arm("one_ended", "answer", "samples", 100, tmp_path / "whole", TOY)
    build = sft.sft_trainer

    def stopping(*parts, **more):
        trainer = build(*parts, **more)
        trainer.add_callback(Stop())
        return trainer

    with monkeypatch.context() as stopped:
        stopped.setattr(sft, "sft_trainer", stopping)
        with pytest.raises(KeyboardInterrupt):
            R.run_arm("one_ended", "answer", "samples", 100, tmp_path / "stopped", TOY)
    R.run_arm("one_ended", "answer", "samples", 100, tmp_path / "stopped", TOY)
    curves = [
        (tmp_path / one / "one_ended-answer-samples-seed100" / "curve.jsonl").read_text()
        for one in ("whole", "stopped")
    ]
    assert curves[0] == curves[1] and whole["training"]["steps"] == 3


def test_a_verdict_needs_every_seed():
    better, worse = {"difference": 0.2, "high": 0.3, "p_holm": 1e-4}, {"difference": -0.1, "high": 0.01, "p_holm": 1.0}
    assert R.outcome("greater", {"0": better}) == "stood"
    assert R.outcome("greater", {"0": worse, "1": worse}) == "did not"
    assert R.outcome("greater", {"0": better, "1": worse}) == "undecided"
    assert R.outcome("level", {"0": better}) == "did not" and R.outcome("level", {"0": worse}) == "stood"


def run_of(arm, seed, right, commit="old"):
    "A finished run of the toy's size whose mazes are right as said."
    run = R.Run("two_ended", arm, "samples", seed)
    share = R.share_record(right.count("1"), len(right))
    more = {"training": {"samples": 12, "tokens": 99, "seconds": 1.0}, "tokens_a_reply": 9.0}
    more["trace"] = {"wrong_checked": 20, "stamps": 1, "valid": 1.0, "real": 1.0}
    more["tries"] = {"any": right, "pass_at": {"1": 0.5}}
    labels = {**vars(run), "registered": R.registered(TOY), "commit": commit}
    return str(run), {**labels, "greedy": share, "right": right, "dead_ends": {"0": share}, **more}


def test_runs_of_other_days_are_kept(tmp_path):
    "What the report holds stays with its commit, what lies here replaces runs of its name, and verdicts rest on all seeds."
    old = dict(
        run_of(arm, seed, "1" * 40 if arm == "search" else "0" * 40) for arm in ("search", "answer") for seed in (0, 1)
    )
    for name, run in old.items():
        R.write_json(tmp_path / "old" / f"{name}.json", run)
    R.publish(tmp_path / "old", tmp_path, TOY, (0, 1))
    name, run = run_of("search", 2, "1" * 39 + "0", "new")
    R.write_json(tmp_path / "new" / f"{name}.json", run)
    grown = R.publish(tmp_path / "new", tmp_path, TOY, (2,))
    assert set(grown["runs"]) == {*old, name} and grown["seeds"] == [0, 1, 2]
    assert {one["commit"] for one in grown["runs"].values()} == {"old", "new"}
    row = next(one for one in R.rows(grown) if one["key"] == "5.1")
    assert row["verdict"] == "stood" and row["seeds"] == [0, 1] and row["ours"].startswith("+100.0 [+100.0, +100.0]")
    name, run = run_of("answer", 0, "1" * 40, "new")
    R.write_json(tmp_path / "new" / f"{name}.json", run)
    again = R.publish(tmp_path / "new", tmp_path, TOY, (0, 2))
    assert again["runs"][name]["commit"] == "new"
    assert next(one for one in R.rows(again) if one["key"] == "5.1")["verdict"] == "undecided"
    before = {path.name: path.read_bytes() for path in tmp_path.glob("reflection*")}
    R.redraw(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("reflection*")} == before and len(before) > 3


def test_only_what_nobody_has_is_run(tmp_path, monkeypatch):
    asked = []

    def taken(regime, arm, budget, seed, out, lab):
        name, run = run_of(arm, seed, "10" * 20)
        asked.append(f"{regime}-{arm}-{budget}-seed{seed}")
        R.write_json(
            tmp_path / "out" / f"{asked[-1]}.json",
            {**run, "regime": regime, "budget": budget},
        )
        return run

    monkeypatch.setattr(R, "run_arm", taken)
    name, run = run_of("search", 0, "10" * 20)
    R.write_json(tmp_path / "other" / f"{name}.json", run)
    R.publish(tmp_path / "other", tmp_path, TOY, (0,))
    places = {"out": tmp_path / "out", "reports": tmp_path, "regimes": ("two_ended",), "lab": TOY, "cores": 1}
    R.main((0,), **places)
    assert name not in asked and len(asked) == len(R.planned((0,), ("two_ended",))) - 1
    R.main((0,), again=True, **places)
    assert name in asked


@pytest.mark.skipif(not (book_folder() / "reports/claims/reflection.json").is_file(), reason="no report is committed")
def test_the_committed_report_is_what_its_json_draws(tmp_path):
    kept = book_folder() / "reports/claims"
    shutil.copy(kept / "reflection.json", tmp_path)
    R.redraw(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (kept / path.name).read_bytes(), path.name


def test_runs_lie_on_several_cores(tmp_path):
    "Runs that lie there, so that the workers have nothing to train."
    made = dict(run_of(arm, seed, "10" * 20) for arm in ("search", "answer") for seed in (0, 1))
    for name, run in made.items():
        R.write_json(tmp_path / f"{name}.json", run)
    runs = [R.Run("two_ended", arm, "samples", seed) for arm in ("search", "answer") for seed in (0, 1)]
    make = partial(R.made_run, out=tmp_path, lab=TOY)
    found = {str(run): result for run, result, seconds in run_all(runs, tmp_path, make, 2) if seconds is None}
    assert twice_text(made, found) == "4 runs were in the report before, with the same numbers"
