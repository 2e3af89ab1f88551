"""Two evaluations side by side: pairs, tests, what is said where they cannot be compared, and the command."""

import csv
import json
import re
from dataclasses import asdict, replace
from html import escape
from itertools import product
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from mmhelix_nb.book.results import write_json
from mmhelix_nb.book.rows import item_row
from mmhelix_nb.core import TASKS, make
from mmhelix_nb.evaluation import Judged, Reply, item_name, judge_reply, prompt_hash, right_marks
from mmhelix_nb.reporting import compare as cp
from mmhelix_nb.reporting.scores import EvaluationError
from mmhelix_nb.running.cli import app


def verdicts(task, right, level=1, sample=0, kind="image", prompt=""):
    """Verdicts on as many items as `right` has digits: 1 is right."""
    return [
        Judged(
            item=f"{task}/{level}/{i}/{kind}",
            task=task,
            category=TASKS[task].category,
            level=level,
            modality=kind,
            ok=digit == "1",
            reason=f"reason {i}",
            tokens=9,
            finish="stop",
            prompt_hash=f"{prompt}{task}{i}",
            text="\u2028 a reply \ud800",
            sample=sample,
        )
        for i, digit in enumerate(right)
    ]


def keep(folder, found, model="org/a_model"):
    """A folder as `mmhelix eval` leaves it."""
    folder.mkdir(parents=True)
    (folder / "judged.jsonl").write_text("".join(json.dumps(asdict(one)) + "\n" for one in found))
    results = {"items": right_marks(found), "settings": {"k": 1}}
    write_json(folder / "results.json", {"model": model, "profile": "gpu24", "seed": 0, "results": results})
    return folder


def call(*arguments):
    """Exit code and output of a command, in this process."""
    found = CliRunner().invoke(app, list(map(str, arguments)))
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.exit_code, found.output


def line_at(found, group, name):
    return next(one for one in found["lines"] if (one["group"], one["name"]) == (group, name))


@pytest.fixture
def two(tmp_path):
    """Two evaluations of 20 mazes, 8 of them on level 2, and 6 h-indices."""
    a = [*verdicts("maze", "111111110001"), *verdicts("maze", "11110000", 2), *verdicts("h_index", "110100")]
    b = [*verdicts("maze", "100000001001"), *verdicts("maze", "11100001", 2), *verdicts("h_index", "001111")]
    return keep(tmp_path / "a", a, "org/one"), keep(tmp_path / "b", b, "org/two")


def test_replies_to_real_puzzles_are_paired(tmp_path):
    def answered(seeds, right):
        found = []
        for seed in seeds:
            row = item_row(make("h_index", 2, seed), modality="text")
            text = f"\\boxed{{{row['answer'] if seed in right else '-5'}}}"
            found.append(judge_reply(row, Reply(item_name(row), prompt_hash(row), text, 5, "stop")))
        return found

    a, b = keep(tmp_path / "a", answered(range(6), {0, 1, 2, 5})), keep(tmp_path / "b", answered(range(1, 8), {1, 7}))
    found = cp.compare(a, b)
    top = found["lines"][0]
    assert (top["items"], top["n10"], top["n01"], top["accuracy_a"], top["accuracy_b"]) == (5, 2, 0, 3 / 5, 1 / 5)
    assert (found["shared"]["a_only_items"], found["shared"]["b_only_items"]) == (1, 2)
    assert [one["item"] for one in found["differ"]] == ["h_index/2/2/text", "h_index/2/5/text"]


def test_counts_and_p_values_by_hand(two):
    found = cp.compare(*two)
    maze, h_index = line_at(found, "task", "maze"), line_at(found, "task", "h_index")
    assert (maze["n10"], maze["n01"], maze["items"]) == (8, 2, 20)
    assert (h_index["n10"], h_index["n01"], h_index["difference"]) == (2, 3, pytest.approx(-1 / 6))
    flips = sum(abs(2 * sum(coins) - 10) >= 6 for coins in product((0, 1), repeat=10))
    assert flips / 2**10 == 0.109375 == maze["p"]
    assert (maze["p_holm"], h_index["p_holm"]) == (pytest.approx(2 * 0.109375), 1.0)
    assert maze["low"] < maze["difference"] < maze["high"] and maze["difference"] == pytest.approx(0.3)
    top = found["lines"][0]
    assert (top["group"], top["items"], top["n10"], top["n01"]) == ("all", 26, 10, 5)
    assert [one["name"] for one in found["lines"] if one["group"] == "level"] == ["1", "2"]
    assert [one["name"] for one in found["lines"] if one["group"] == "category"] == ["algorithms", "games"]
    assert not [one for one in found["lines"] if one["group"] == "modality"]
    assert len(found["differ"]) == 15 and found["warnings"] == []


def test_the_other_way_round_turns_the_signs(two):
    there, back = cp.compare(*two), cp.compare(*two[::-1])
    for one, other in zip(there["lines"], back["lines"], strict=True):
        assert (one["difference"], one["n10"], one["p"]) == (-other["difference"], other["n01"], other["p"])
        assert (one["low"], one["high"]) == pytest.approx((-other["high"], -other["low"]), abs=1.01 / one["items"])


def test_a_model_does_not_differ_from_itself(two):
    found = cp.compare(two[0], two[0])
    assert all((one["difference"], one["low"], one["high"], one["p"]) == (0, 0, 0, 1) for one in found["lines"])
    assert found["differ"] == [] and found["a"]["name"] != ""
    assert cp.difference_figure(found).panels


def test_order_of_lines_does_not_matter(two):
    lines = (two[1] / "judged.jsonl").read_text().split("\n")
    before = cp.compare(*two)["lines"]
    (two[1] / "judged.jsonl").write_text("\n".join(lines[::-1]))
    assert cp.compare(*two)["lines"] == before


def test_samples_are_paired_and_items_counted_once(tmp_path):
    a = [one for sample in range(4) for one in verdicts("maze", ("1100", "1100", "1010", "1000")[sample], 1, sample)]
    b = [one for sample in range(4) for one in verdicts("maze", ("0100", "0100", "0010", "0001")[sample], 1, sample)]
    found = cp.compare(keep(tmp_path / "a", a), keep(tmp_path / "b", b))
    top = found["lines"][0]
    assert (top["items"], top["replies"], top["accuracy_a"], top["accuracy_b"]) == (4, 16, 7 / 16, 4 / 16)
    assert (top["n10"], top["n01"], top["p"]) == (1, 1, 1.0)
    assert found["differ"][0] | {"reason": ""} == {
        "item": "maze/1/0/image",
        "task": "maze",
        "level": 1,
        "a": 4,
        "b": 0,
        "of": 4,
        "reason": "",
    }
    one = cp.compare(tmp_path / "a", keep(tmp_path / "c", [j for j in b if j.sample == 0]))
    assert (one["lines"][0]["replies"], one["shared"]["a_only_replies"], one["shared"]["a_only_items"]) == (4, 12, 0)
    assert "12 more replies" in one["warnings"][0] and "sign test" in found["says"] and "McNemar" in one["says"]


def test_a_puzzle_asked_in_both_ways_is_one_puzzle(tmp_path):
    a = [*verdicts("maze", "1111"), *verdicts("maze", "1111", kind="text")]
    b = [*verdicts("maze", "0000"), *verdicts("maze", "0011", kind="text")]
    found = cp.compare(keep(tmp_path / "a", a), keep(tmp_path / "b", b))
    assert (found["lines"][0]["items"], found["lines"][0]["replies"], found["lines"][0]["n10"]) == (4, 8, 4)
    assert line_at(found, "modality", "text")["n10"] == 2


def test_other_prompts_are_said(two):
    found = [replace(one, prompt_hash="new") for one in verdicts("maze", "1010")]
    other = keep(two[0].parent / "other", found)
    said = cp.compare(two[0], other)["warnings"]
    assert said[0].startswith("Not shared: org/one has 22 more replies, to 22 items") and len(said) == 2
    assert said[1].startswith("Prompts differ: 4 of 4 shared items")


def test_nothing_shared_is_one_line(two):
    other = keep(two[0].parent / "other", verdicts("sudoku", "11"))
    with pytest.raises(EvaluationError, match="share none of 26 and 2 replies") as error:
        cp.compare(two[0], other)
    assert "\n" not in str(error.value)


def test_rows_without_a_seed_are_paired_by_their_prompt(tmp_path):
    a = [replace(one, item="maze/1/None/image") for one in verdicts("maze", "1100")]
    b = [replace(one, item="maze/1/None/image") for one in verdicts("maze", "0110")]
    found = cp.compare(keep(tmp_path / "a", a), keep(tmp_path / "b", b[::-1]))
    assert [found["lines"][0][name] for name in ("items", "n10", "n01")] == [4, 1, 1]
    found = cp.compare(tmp_path / "a", keep(tmp_path / "c", b[:1]))
    assert (found["shared"]["items"], found["lines"][0]["n10"]) == (1, 1)


def test_files_of_marks(two):
    whole, marks = cp.compare(*two), cp.compare(two[0] / "results.json", two[1] / "results.json")
    names = ("items", "n10", "n01", "difference", "p")
    for group, name in (("all", "puzzles"), ("task", "maze"), ("category", "games")):
        assert [line_at(whole, group, name)[key] for key in names] == [
            line_at(marks, group, name)[key] for key in names
        ]
    assert not [one for one in marks["lines"] if one["group"] == "level"] and "no levels" in marks["warnings"][-1]
    mixed = cp.compare(two[0], two[1] / "results.json")
    assert mixed["lines"] == marks["lines"]
    assert cp.compare(two[0] / "judged.jsonl", two[1] / "judged.jsonl")["lines"] == whole["lines"]
    (two[1] / "judged.jsonl").write_text(
        "\ufeff" + (two[1] / "judged.jsonl").read_text()
    )  # some editors put a mark first
    assert cp.compare(two[0] / "judged.jsonl", two[1] / "judged.jsonl")["lines"] == whole["lines"]


def test_marks_of_other_prompts_are_not_paired(two):
    other = keep(two[0].parent / "other", verdicts("maze", "1" * 12, prompt="other"))
    with pytest.raises(EvaluationError, match="share none"):
        cp.compare(two[0] / "results.json", other / "results.json")


def test_command_writes_tables_and_says_what_came_out(two, tmp_path):
    code, said = call("compare", *two, "--out", tmp_path / "out")
    assert code == 0 and "A: org/one" in said and "only A" in said and "p, Holm" in said
    assert re.search(r"^maze +20 +65.0 +35.0 +\+30\.0 \[", said, re.MULTILINE)
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == {
        f"compare.{kind}" for kind in ("json", "csv", "tex", "html", "svg")
    }
    found, page = json.loads((out / "compare.json").read_text()), (out / "compare.html").read_text()
    assert escape(found["says"]) in page and "maze/2/3/image" in page and "prefers-color-scheme:dark" in page
    assert not re.search(r"""(?:src|href)=["'](?!#|data:)|@import|url\(|<script|<link""", page)
    with open(out / "compare.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["n10"] for row in rows] == [str(one["n10"]) for one in found["lines"]]
    assert r"h\_index & 6" in (out / "compare.tex").read_text()
    ElementTree.parse(out / "compare.svg")


def test_command_refuses_in_one_line(two, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "odd.json").write_text('{"results": {}}')
    (tmp_path / "torn.jsonl").write_text('{"item": "maze')
    other = keep(tmp_path / "other", verdicts("sudoku", "11"))
    for first, second, text in (
        (two[0], "nowhere", "nowhere: no such folder or file; mmhelix eval MODEL --out nowhere makes one"),
        (empty, two[0], "is no evaluation, judged.jsonl and results.json are missing; mmhelix eval MODEL"),
        (two[0], tmp_path / "odd.json", "odd.json: holds no marks of items"),
        (tmp_path / "torn.jsonl", two[0], "torn.jsonl:1: is not JSON"),
        (two[0], other, "share none of"),
    ):
        code, said = call("compare", first, second)
        assert code == 2 and text in said and said.startswith("Error: ") and said.count("\n") == 1, said
    assert call("compare", *two, "--out", "")[1].startswith("Error: --out: is empty")
    assert call("compare", *two, "--out", two[0] / "judged.jsonl")[0] == 2


def test_help_teaches():
    code, said = call("compare", "--help")
    assert code == 0 and "Examples" in said and "mmhelix compare runs/base7b" in said and "McNemar" in said
