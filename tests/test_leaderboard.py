"""The leaderboard says what the files behind it say, sorts numbers as numbers, and asks nobody for anything."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmhelix_nb.book.results import save_results
from mmhelix_nb.book.statistics import percent_text, share_record
from mmhelix_nb.core import CATEGORIES, TASKS
from mmhelix_nb.reporting.leaderboard import (
    ALL,
    COLUMNS,
    board,
    board_page,
    board_text,
    cell_key,
    paper_models,
)
from mmhelix_nb.running.cli import app

ROOT = Path(__file__).resolve().parents[1]
ITEMS = {"algorithms": 270, "graphs": 240, "puzzles": 570, "games": 180}


@pytest.fixture(scope="module")
def committed():
    return board([ROOT / "reports"], ROOT / "reports")


class Cells(HTMLParser):
    """The heads of the first table of a page, and its rows as lists of `data-key`."""

    def __init__(self, text: str):
        super().__init__()
        self.heads, self.rows, self.tables = [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.tables += tag == "table"
        if self.tables != 1:
            return
        if tag == "th":
            self.heads.append(named["data-numbers"])
        elif tag == "tr" and self.heads:
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append(named["data-key"])


def evaluation(folder, tasks=tuple(TASKS), levels="12345", **labels):
    """A made-up evaluation with a third of each category right."""
    asked = {name: n for name, n in ITEMS.items() if any(TASKS[task].category == name for task in tasks)}
    puzzles = {
        "micro": share_record(sum(asked.values()) // 3, sum(asked.values())),
        "category": {name: share_record(n // 3, n) for name, n in asked.items()},
        "task": dict.fromkeys(tasks, {}),
        "level": dict.fromkeys(levels, {}),
    }
    return save_results(
        folder, {"modality": {"image": {"puzzles": puzzles}}}, profile="gpu24", seed=0, **{"model": "mine"} | labels
    )


@pytest.mark.parametrize(
    ("model", "form", "right", "micro", "macro", "printed", "which"),
    [  # counts by hand from the CSV: 239 + 121 + 300 + 72 of 1,260; Wilson's interval from k, n and z = 1.96
        ("GPT-5", "picture", 732, "58.1 [55.4, 60.8]", 57.9, 58.1, "micro"),
        ("Qwen-2.5-VL-7B", "picture", 16 + 43 + 2 + 2, "5.0 [3.9, 6.3]", 6.3, 6.3, "macro"),
        ("MiniCPM-V-4.5-8B", "text", 54 + 77 + 33 + 0, "13.0 [11.3, 15.0]", 14.5, 13.0, "micro"),
    ],
)
def test_a_row_of_the_paper(model, form, right, micro, macro, printed, which):
    (row,) = [row for row in paper_models(ROOT / "reports") if (row.model, row.form) == (model, form)]
    assert (row.micro["right"], row.micro["n"], percent_text(dict(row.micro))) == (right, 1260, micro)
    assert (round(100 * row.macro["accuracy"], 1), row.printed, row.printed_is) == (macro, printed, which)
    assert row.macro["low"] < row.macro["accuracy"] < row.macro["high"]
    assert {name: one["n"] for name, one in row.categories.items()} == ITEMS


def test_counts_and_means_are_those_of_the_claims():
    known = {one["model"]: one for one in json.loads((ROOT / "reports/claims/published.json").read_text())["models"]}
    found = paper_models(ROOT / "reports")
    assert len(found) == 46 and {row.model for row in found} == known.keys()
    for row in found:
        theirs = known[row.model]["img" if row.form == "picture" else "txt"]
        assert row.micro["right"] == theirs["right"] and abs(row.macro["accuracy"] - theirs["macro"]) < 1e-6
        assert row.printed_is == theirs["printed_is"] or (row.printed_is, row.model) == ("neither", "Qwen-2.5-VL-32B")
    assert sum(row.printed_is == "macro" for row in found if row.form == "picture") == 5


def test_floors_are_the_mean_of_the_best_shallow_shares(committed):
    cells = json.loads((ROOT / "reports/shallow.json").read_text())["cells"]
    for name in CATEGORIES:
        own = [cell["shallow"] for cell in cells if TASKS[cell["task"]].category == name and cell["level"] == 5]
        assert committed.floors["level 5"][name]["accuracy"] == pytest.approx(sum(own) / len(own), abs=1e-9)
    assert committed.floors[ALL]["micro"]["n"] == 42 * 5 * 200


def test_the_markdown_is_the_committed_one(committed):
    assert (ROOT / "reports/leaderboard/README.md").read_text(encoding="utf-8") == board_text(committed)
    assert (ROOT / "reports/leaderboard/index.html").read_text(encoding="utf-8") == board_page(committed)


def test_numbers_are_sorted_as_numbers(committed):
    table = Cells(board_page(committed))
    assert len(table.heads) == len(COLUMNS) and len(table.rows) == 47
    for row in table.rows:
        assert len(row) == len(COLUMNS)
        for key, numbers, column in zip(row, table.heads, COLUMNS, strict=True):
            assert (numbers == "yes") == (column.kind != "text")
            if numbers == "yes":
                assert key == "" or float(key) >= 0, column
    micro = [float(row[next(i for i, c in enumerate(COLUMNS) if c.name == "micro")]) for row in table.rows]
    assert micro == sorted(micro, reverse=True) and max(micro) > 0.8


def test_the_page_asks_nobody(committed):
    text = board_page(committed)
    (home,) = re.findall(r'<a href="(https://[^"]*)">The book', text)
    text = text.replace(home, "#")  # a way for readers, which nothing follows by itself
    assert re.findall(r"https?:|\bsrc=|<link|@import|url\(|fetch\(|XMLHttp|import\(", text) == []
    assert all(to.startswith("#") for to in re.findall(r'href="([^"]*)"', text))


def test_ours_stand_apart_and_say_whose_they_are(tmp_path):
    evaluation(tmp_path / "all")
    evaluation(tmp_path / "easy", levels="123", model="easy <b>")
    evaluation(tmp_path / "one", tasks=["maze"], model="one")
    evaluation(tmp_path / "old.aside-2026", model="gone")
    save_results(tmp_path / "other", {"table": []}, model="x", profile="p", seed=0)
    found = board([tmp_path], ROOT / "reports")
    (mine,) = [row for row in found.whole if row.source == "here"]
    assert mine.model == "mine, seed 0" and mine.micro["right"] == 420
    assert [cell_key(mine, column) for column in COLUMNS if column.name in ("printed", "printed_is")] == ["", ""]
    assert [(row.model, row.asked) for row in found.parts] == [
        ("easy <b>, seed 0", "42 tasks, levels 1, 2, 3"),
        ("one, seed 0", "maze, levels 1, 2, 3, 4, 5"),
    ]
    assert "| mine, seed 0 | here |" in board_text(found)
    assert "easy &lt;b&gt;" in board_page(found) and "easy <b>" not in board_page(found)


def test_the_command_reads_folders_and_names_what_is_damaged(tmp_path):
    evaluation(tmp_path / "all")
    said = CliRunner().invoke(app, ["leaderboard", str(tmp_path), "--out", str(tmp_path / "out")])
    assert said.exit_code == 0 and "rows from here: 1" in said.output
    assert "mine, seed 0" in (tmp_path / "out/index.html").read_text()
    (tmp_path / "all/results.json").write_text("{")
    said = CliRunner().invoke(app, ["leaderboard", str(tmp_path), "--out", str(tmp_path / "out")])
    assert said.exit_code == 2 and "results.json: not valid JSON" in said.output
    said = CliRunner().invoke(app, ["leaderboard", str(tmp_path / "nowhere")])
    assert said.exit_code == 2 and "no such folder" in said.output


def test_a_run_s_folder_leads_to_its_reports_and_an_empty_one_to_a_remedy(tmp_path):
    evaluation(tmp_path / "runs/reports/smoke/evaluation-ahpo")
    (run := tmp_path / "runs/smoke").mkdir(parents=True)
    (run / "run.json").write_text("{}")
    said = CliRunner().invoke(app, ["leaderboard", str(run), "--out", str(tmp_path / "out")])
    assert said.exit_code == 0 and "rows from here: 1" in said.output
    (empty := tmp_path / "empty").mkdir()
    said = CliRunner().invoke(app, ["leaderboard", str(run), str(empty), "--out", str(tmp_path / "out")])
    assert said.exit_code == 2 and said.output.count("\n") == 1
    assert f"FOLDER {empty}: holds no finished evaluation; mmhelix eval MODEL" in said.output
