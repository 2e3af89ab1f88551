"""A sweep in one table, on results made up here: two points and two seeds, some of them missing."""

import csv
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mmhelix_nb.book.jobs import report_folder
from mmhelix_nb.book.profiles import read_profile
from mmhelix_nb.book.results import read_results, save_results
from mmhelix_nb.book.statistics import mean_interval
from mmhelix_nb.reporting import sweep as sw
from mmhelix_nb.reporting.measured import books_of, page_folder

ROOT = Path(__file__).resolve().parents[1]
RATE = "ahpo.learning_rate"
SEEDS = "ablations.seeds=[0,1]"


def point(*overrides):
    return read_profile("mini", ROOT, overrides)


def two(*more):
    return [point(f"{RATE}={rate}", *more) for rate in ("1e-4", "3e-4")]


def write(reports, book, method, right, n=20):
    marks = "1" * right + "0" * (n - right)
    items = {name: {"right": marks, "asked": "these"} for name in ("binairo/image", "skill:read/image")}
    folder = report_folder(book, f"evaluation-{method}", reports)
    save_results(folder, {"items": items}, model="mini", profile="mini", seed=book.seed)


def fill(reports, points, methods=("base", "sft", "grpo", "sft_grpo", "luffy", "static", "ahpo"), skip=()):
    for number, one in enumerate(points):
        for book in books_of(one):
            for place, method in enumerate(methods):
                touched = method not in ("base", "sft")
                if (number, book.seed, method) not in skip:
                    write(reports, book, method, place + 3 * book.seed + number * touched)


def cells(points, reports):
    table = sw.sweep_table(points, reports)
    return table.head, {row[:2]: row[2:] for row in table.rows}


def test_one_row_for_each_point_and_method(tmp_path):
    points = two(SEEDS)
    fill(tmp_path, points)
    head, rows = cells(points, tmp_path)
    assert head == ("method", RATE, "in domain %", "general %", "seeds")
    assert [row for row in rows if row[1] == "all"] == [("base", "all"), ("SFT", "all")]
    assert len(rows) == 2 + 2 * 5 and {row[-1] for row in rows.values()} == {"2"}
    assert sw.sweep_notes(points, tmp_path) == []
    mean, low, high = mean_interval([6 / 20, 9 / 20])
    assert rows["AHPO", "0.0001"][0] == f"{100 * mean:.1f} [{100 * max(0, low):.1f}, {100 * min(1, high):.1f}]"
    assert rows["AHPO", "0.0003"][0].startswith("42.5 ")


def test_one_seed_has_intervals_over_items(tmp_path):
    points = two()
    fill(tmp_path, points)
    _, rows = cells(points, tmp_path)
    assert rows["AHPO", "0.0001"] == ("30.0 [14.5, 51.9]", "30.0 [14.5, 51.9]", "1")
    assert sw.whisker_note(sw.sweep_rows(points, tmp_path)) == "95% Wilson intervals over items, one seed."


def test_missing_seeds_methods_and_points_are_named(tmp_path):
    points = [*two(SEEDS), point(f"{RATE}=5e-4", SEEDS)]
    gone = {(1, 1, "ahpo"), (0, 0, "grpo"), (0, 1, "grpo")}
    fill(tmp_path, points[:2], skip=gone)
    _, rows = cells(points, tmp_path)
    assert rows["AHPO", "0.0003"][-1] == "1 of 2" and rows["AHPO", "0.0003"][0] == "35.0 [0.0, 100.0]"
    assert ("GRPO", "0.0001") not in rows and not any(value == "0.0005" for _, value in rows)
    assert sw.sweep_notes(points, tmp_path) == [
        f"{RATE}=0.0001: not measured: GRPO",
        f"{RATE}=0.0003: AHPO without seed 1",
        f"{RATE}=0.0005: no results",
    ]


def test_a_sweep_without_any_results_says_so(tmp_path):
    points = two(SEEDS)
    assert sw.sweep_table(points, tmp_path).rows == ()
    notes = sw.sweep_notes(points, tmp_path)
    assert notes == ["every point: no results", f"{RATE}=0.0001: no results", f"{RATE}=0.0003: no results"]
    assert "no results" in sw.write_sweep(points, tmp_path).read_text()


def test_two_settings_each_have_a_column(tmp_path):
    points = [point(f"{RATE}={rate}", f"ahpo.success_threshold={k}") for rate in ("1e-4", "3e-4") for k in (1, 2)]
    fill(tmp_path, points)
    table = sw.sweep_table(points, tmp_path)
    assert table.head[:3] == ("method", RATE, "ahpo.success_threshold")
    assert [row[1:3] for row in table.rows if row[0] == "GRPO"] == [("0.0001", "all"), ("0.0003", "all")]
    assert len([row for row in table.rows if row[0] == "AHPO"]) == 4
    assert "Value by value" not in sw.write_sweep(points, tmp_path).read_text()


def test_a_method_that_one_point_alone_trains(tmp_path):
    points = [point("ahpo.methods=[ahpo]"), point("ahpo.methods=[ahpo,grpo]")]
    fill(tmp_path, points[:1], ("base", "sft", "ahpo"))
    fill(tmp_path, points[1:], ("grpo",))
    assert [row[0] for row in sw.sweep_table(points, tmp_path).rows] == ["base", "GRPO", "SFT", "AHPO"]
    assert sw.sweep_notes(points, tmp_path) == []


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for key, value in attrs if key == "href"]


@pytest.mark.parametrize("more", [(), (SEEDS,)])
def test_page_and_data(tmp_path, more):
    points = two(*more)
    fill(tmp_path, points)
    report = page_folder(points[0], tmp_path) / "index.html"
    report.parent.mkdir(parents=True)
    report.write_text("its report")
    path = sw.write_sweep(points, tmp_path)
    assert path.parent.name == f"sweep@{','.join([f'{RATE}=0.0001,0.0003', *more])}"
    saved, text = read_results(path.parent), path.read_text()
    assert saved["profile"] == "mini" and saved["seeds"] == ([0, 1] if more else [0]) and "commit" in saved
    assert saved["overrides"] == [list(one.overrides) for one in points]
    with open(path.parent / "table.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    last = next(line for line in lines if (line["method"], line[RATE]) == ("ahpo", "0.0003"))
    row = next(r for r in saved["results"]["rows"] if r["method"] == "ahpo" and r["settings"][RATE] == "0.0003")
    assert float(last["in_domain_accuracy"]) == row["in_domain"]["accuracy"] == (0.425 if more else 0.35)
    assert last["seeds"] == str(len(saved["seeds"])) and len(lines) == 12
    page = Links()
    page.feed(text)
    places = [place for place in page.found if not place.startswith("#")]
    assert len(places) == 1 and (path.parent / places[0]).read_text() == "its report" and "0.0003: no report" in text
    assert "Value by value" in text and "<script" not in text


def test_sweep_twice_gives_the_same_bytes(tmp_path):
    points = two(SEEDS)
    fill(tmp_path, points)
    folder = sw.write_sweep(points, tmp_path).parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    sw.write_sweep(points, tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_reports_of_seeds_and_of_points_share_what_a_value_does_not_touch():
    first, second = (books_of(one) for one in two(SEEDS))
    for job, shared in (("evaluation-sft", True), ("base", True), ("evaluation-ahpo", False)):
        places = [[report_folder(book, job) for book in books] for books in (first, second)]
        assert (places[0] == places[1]) == shared and places[0][0] != places[0][1]
    assert report_folder(first[0], "generators") == report_folder(first[1], "generators")
