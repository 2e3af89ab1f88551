"""Dressed puzzles: they say the whole state in every wording, are judged like their plain twins, can be read, and are compared pair by pair."""

import hashlib
import re
import subprocess
import sys
from dataclasses import asdict

import pytest
from fakebook import ENVIRONMENT
from fakeserver import FakeServer, completion
from typer.testing import CliRunner

from mmhelix_nb.benchmark.asked import DataRows
from mmhelix_nb.benchmark.published import parquet_rows
from mmhelix_nb.book.results import write_lines
from mmhelix_nb.book.rows import COLUMNS, INSTRUCTION, item_row, load_rows, save_rows
from mmhelix_nb.book.settings import Evaluation
from mmhelix_nb.core import Instance, make, task_module
from mmhelix_nb.evaluation import Judged, verdict_on
from mmhelix_nb.reporting import dressed as D
from mmhelix_nb.reporting.scores import EvaluationError
from mmhelix_nb.running.cli import app
from mmhelix_nb.shared.draw import STYLES, style_named

every_dress = pytest.mark.parametrize("task", D.DRESSES)


def in_every_wording(task: str, level: int) -> list[Instance]:
    """An item of a level for each wording of its task."""
    found: dict[int, Instance] = {}
    for seed in range(60):
        item = make(task, level, seed)
        found.setdefault(D.DRESSES[task].wordings.index(D.worn(item)[2]), item)
        if len(found) == len(D.DRESSES[task].wordings):
            break
    assert sorted(found) == [0, 1, 2]
    return [found[number] for number in sorted(found)]


# ---- words -------------------------------------------------------------------------------------------------------


def listed(text: str) -> dict[int, list[tuple[int, ...]]]:
    """What the lines of a question list: a node, and numbers of others, each behind the number of its edge where there is one."""
    lines = re.findall(r"^(?:stop |from |pipes from |out of )?(\d+)(?: \([A-Z][a-z]+(?: Lake)?\))?(.*)$", text, re.M)
    return {
        int(node): [tuple(map(int, filter(None, pair))) for pair in re.findall(r"(?:(\d+) to )?(\d+)", rest)]
        for node, rest in lines
    }


@pytest.mark.parametrize("level", [1, 3, 5])
@every_dress
def test_every_wording_says_the_state(task, level):
    for item in in_every_wording(task, level):
        text, state = D.dressed_question(item, "text"), item.state
        found, edges = listed(text), set(state.edges)
        assert [*found] == [*range(state.n)] and str(state.n) in text and f"0 to {state.n - 1}" in text
        if task == "topological_sort":
            turned = "requires" in text or "needs" in text
            said = {(v, u) if turned else (u, v) for u, others in found.items() for (v,) in others}
            assert said == edges
        elif task == "hamiltonian_cycle":
            assert {(u, v) for u, others in found.items() for (v,) in others} == edges | {(v, u) for u, v in edges}
        else:
            assert {(u, v, capacity) for u, others in found.items() for capacity, v in others} == edges


@every_dress
def test_every_name_stands_beside_its_number(task):
    for item in in_every_wording(task, 4):
        _, names, wording = D.worn(item)
        text, shown = D.dressed_question(item, "text"), D.dressed_question(item, "image")
        assert all(f"{node} ({name})" in text for node, name in enumerate(names) if name)
        assert wording.rules in text and wording.rules in shown and not listed(shown)
        assert f"{item.state.n} " in shown and f"0 to {item.state.n - 1}" in shown.replace("from ", "")
        if task == "max_flow":
            ends = [f"{node} ({names[node]})" for node in (item.state.source, item.state.sink)]
            assert all(end in shown for end in ends) and sum(map(bool, names)) == 2
        example = item.module.example(item.state)
        assert example in text and example in shown and "{" not in text + shown


def test_words_of_another_state_differ_and_those_of_the_same_do_not():
    one, other = make("hamiltonian_cycle", 2, 0), make("hamiltonian_cycle", 2, 1)
    assert D.worn(one)[1] != D.worn(other)[1]
    elsewhere = Instance(one.task, None, None, one.state)  # as a row of somebody else's has it
    assert D.dressed_question(elsewhere, "text") == D.dressed_question(one, "text")
    with pytest.raises(ValueError, match="choose 'image' or 'text'"):
        D.dressed_question(one, "sound")
    with pytest.raises(ValueError, match="'maze' has no dress; choose one of topological_sort, hamiltonian_cycle"):
        D.dressed(make("maze", 1, 0))


# ---- judged as the plain twin --------------------------------------------------------------------------------------


WRONG = {"topological_sort": "[0, 1]", "hamiltonian_cycle": "[0, 1, 2]", "max_flow": "1"}


@every_dress
def test_the_plain_answer_is_right_and_a_wrong_one_is_told_why(task):
    for level in range(1, 6):
        item = make(task, level, 7)
        for modality in ("image", "text"):
            row, plain = D.dressed(item, modality), item_row(item, modality=modality)
            differ = {name for name in row if name != "images" and row[name] != plain[name]}
            assert differ == ({"prompt", "style"} if modality == "image" else {"prompt"})
            assert verdict_on(row, f"\\boxed{{{plain['answer']}}}", "stop").ok
            refused = verdict_on(row, f"\\boxed{{{WRONG[task]}}}", "stop")
            assert not refused.ok and refused.reason == task_module(task).check(item.state, WRONG[task]).reason


def test_rows_are_rows(tmp_path):
    made = [D.dressed(make(task, 1, 3), modality) for task in D.DRESSES for modality in ("image", "text")]
    assert all([*row] == [*COLUMNS] and row["prompt"][0]["content"].endswith(INSTRUCTION) for row in made)
    assert [row["style"] for row in made] == ["courses light", "", "round light", "", "water light", ""]
    save_rows(made, tmp_path / "rows.parquet")
    back = load_rows(tmp_path / "rows.parquet")
    assert [{**row, "images": len(row["images"])} for row in back] == [
        {**row, "images": len(row["images"])} for row in made
    ]


# ---- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", range(1, 6))
@every_dress
def test_pictures_can_be_read(task, level):
    """Labels stand clear of lines and of each other, and no card, house, arrow or number is covered."""
    for seed in range(10):
        item = make(task, level, seed)
        dress, names, _ = D.worn(item)
        assert dress.layout(item.state, STYLES["light"], names).clashes() == [], (task, level, seed)


@every_dress
def test_pictures_can_be_read_in_other_styles(task):
    item = make(task, 4, 100)
    dress, names, _ = D.worn(item)
    for style in ("dark", "look:1", "look:2", "photo:3"):
        assert dress.layout(item.state, style_named(style), names).clashes() == [], style
    with pytest.raises(ValueError, match="no mini picture"):
        D.dressed_picture(item, "mini")


DIGEST = """
import hashlib
from mmhelix_nb.reporting import dressed as D
from mmhelix_nb.core import make
rows = [D.dressed(make(task, 3, 2)) for task in D.DRESSES]
print(hashlib.sha256(b"".join(row["images"][0].tobytes() + row["prompt"][0]["content"].encode() for row in rows)).hexdigest())
"""


def test_another_process_draws_and_says_the_same():
    said = []
    for seed in ("1", "2"):
        command = [sys.executable, "-c", DIGEST]
        done = subprocess.run(command, env={**ENVIRONMENT, "PYTHONHASHSEED": seed}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.strip())
    rows = [D.dressed(make(task, 3, 2)) for task in D.DRESSES]
    own = b"".join(row["images"][0].tobytes() + row["prompt"][0]["content"].encode() for row in rows)
    assert {*said} == {hashlib.sha256(own).hexdigest()}


def test_three_lines_in_one_spot_are_a_knot():
    through = [[(0, 0), (100, 100)], [(0, 100), (100, 0)], [(0, 52), (100, 52)]]
    aside = [*through[:2], [(0, 80), (100, 80)]]
    apart = [(0, 1), (2, 3), (4, 5)]
    assert D.knots(through, apart, 10) == 3 and D.knots(aside, apart, 10) == 0
    assert D.knots(through, [(0, 1), (2, 3), (0, 5)], 10) == 0  # the first and the last meet at a node


# ---- twins ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """Both files of `mmhelix generate --dressed`, with one item of each task at two levels."""
    folder = tmp_path_factory.mktemp("twins") / "new"
    done = CliRunner().invoke(
        app, ["generate", "--dressed", "--per-cell", "1", "--levels", "1,2", "--out", str(folder)]
    )
    assert done.exit_code == 0, done.output
    assert done.output.split() == [str(folder / name) for name in D.FILES]
    return folder


def test_both_files_hold_the_same_puzzles(twins):
    plain, dressed = ([*parquet_rows(twins / name, pictures=True)] for name in D.FILES)
    assert len(plain) == len(dressed) == 6
    for one, two in zip(plain, dressed):
        assert {name for name in one if one[name] != two[name]} == {"images", "question", "question_text", "style"}
        assert two["style"] == f"{D.DRESSES[one['task']].name} light"
        asked = make(one["task"], one["level"], one["seed"])
        assert (one["question_text"], two["question_text"]) == (
            asked.question("text"),
            D.dressed_question(asked, "text"),
        )
    rows = DataRows(twins / D.FILES[1], Evaluation(modalities=("image", "text")))
    assert rows.problems == [] and len(rows) == 12
    first, own = rows[0], D.dressed(make(rows[0]["task"], rows[0]["level"], rows[0]["seed"]))
    assert first["prompt"] == own["prompt"] and first["images"][0].tobytes() == own["images"][0].tobytes()


def test_files_are_not_written_over(twins):
    for words, said in (
        ([], f"--dressed: {twins / D.FILES[0]} is there already; give another folder"),
        (["--tasks", "maze"], "--dressed: task 'maze' has no dress"),
    ):
        done = CliRunner().invoke(app, ["generate", "--dressed", "--out", str(twins), *words])
        assert done.exit_code == 2 and said in done.output


def test_a_server_is_asked_and_its_replies_are_compared(twins, tmp_path):
    """One that knows every answer loses nothing by the dress; one that knows those to plain questions loses all."""
    known = [
        {row["question_text"]: row["answer"] for row in parquet_rows(twins / name)} for name in D.FILES
    ]  # plain and dressed

    def replies(answers: dict):
        def behave(asked, number):
            text = asked["messages"][-1]["content"][-1]["text"].removesuffix(f"\n\n{INSTRUCTION}")
            return 200, completion(f"\\boxed{{{answers.get(text, '[0]')}}}"), {}

        return behave

    for name, answers, difference in (("all", known[0] | known[1], 0.0), ("plain", known[0], -1.0)):
        folders = [tmp_path / name / file for file in ("plain", "dressed")]
        with FakeServer(replies(answers)) as fake:
            for folder in folders:
                words = [fake.url, "--modality", "text", "--data", str(twins / f"{folder.name}.parquet")]
                done = CliRunner().invoke(app, ["eval", *words, "--out", str(folder)])
                assert done.exit_code == 0, done.output
        found = D.carried(*folders)
        assert [one["task"] for one in found] == ["all", *D.DRESSES] and {one["modality"] for one in found} == {"text"}
        assert [(one["plain"], one["difference"]) for one in found] == [(1.0, difference)] * 4
        assert f"{100 + 100 * difference:.1f}" in str(D.carried_table(found))


def judged(folder, marks: dict[str, str], asked: str):
    """A folder with verdicts: for each task and modality a 1 or 0 an item."""
    lines = [
        Judged(f"{name.partition('/')[0]}/1/{i}/{name.partition('/')[2]}", name.partition("/")[0], "graphs", 1,
               name.partition("/")[2], mark == "1", "", 1, "stop", f"{asked}{i}", "")
        for name, right in marks.items() for i, mark in enumerate(right)
    ]  # fmt: skip
    folder.mkdir()
    write_lines(folder / "judged.jsonl", [asdict(line) for line in lines])
    return folder


def test_pairs_are_compared(tmp_path):
    plain = judged(
        tmp_path / "plain", {"max_flow/text": "11110000", "topological_sort/image": "1100", "maze/text": "1"}, "a"
    )
    dress = judged(tmp_path / "dressed", {"max_flow/text": "10011000", "topological_sort/image": "1100"}, "b")
    found = {(one["modality"], one["task"]): one for one in D.carried(plain, dress)}
    assert [*found] == [("image", "all"), ("image", "topological_sort"), ("text", "all"), ("text", "max_flow")]
    water, plans = found["text", "max_flow"], found["image", "topological_sort"]
    assert (water["items"], water["plain"], water["dressed"], water["difference"]) == (8, 0.5, 0.375, -0.125)
    assert water["low"] < -0.125 < water["high"] and water["p"] == 1.0  # two lost, one won
    assert (plans["difference"], plans["low"], plans["high"]) == (0, 0, 0)


def test_what_cannot_be_compared_is_said(tmp_path):
    one = judged(tmp_path / "one", {"max_flow/text": "10"}, "a")
    other = judged(tmp_path / "other", {"maze/text": "10"}, "a")
    with pytest.raises(EvaluationError, match="asked the same for max_flow/1/0/text; evaluate first plain.parquet"):
        D.carried(one, one)
    with pytest.raises(EvaluationError, match="share no item of topological_sort"):
        D.carried(other, other)
    with pytest.raises(EvaluationError, match="share none of"):
        D.carried(one, other)
