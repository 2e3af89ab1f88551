"""The report about all claims: made of the parts' rows and nothing else, drawn anew to the same bytes, and every row leads somewhere."""

import inspect
import json
import re
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest
from typer.main import get_command

from mmhelix_nb.book.place import book_folder
from mmhelix_nb.book.statistics import points_read
from mmhelix_nb.claims import verdicts
from mmhelix_nb.claims.register import ROW, VERDICTS
from mmhelix_nb.running.cli import app

BOOK = book_folder()
KEPT = BOOK / "reports/claims"
ROWS = json.loads((KEPT / "claims.json").read_text(encoding="utf-8"))["rows"]


def headings(notebook: Path) -> set[str]:
    """The headings of a notebook, as GitHub links to them."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "markdown" for line in "".join(cell["source"]).splitlines()]
    return {line.lstrip("#").strip().replace(" ", "-") for line in lines if line.startswith("#")}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['part']}-{row['key']}")
def test_every_row_leads_somewhere(row):
    """To a notebook, a heading in it, a figure where there is one, and a command that there is; only a part that was never run has none."""
    assert set(ROW) <= row.keys() and row["verdict"] in VERDICTS and row["key"] and row["asked"] and row["changes"]
    if not (KEPT / f"{row['part']}.json").is_file():
        assert row["verdict"] == "not run"
        return
    notebook, _, heading = row["notebook"].partition("#")
    assert (BOOK / notebook).is_file() and (BOOK / (row["figure"] or notebook)).is_file(), row
    assert not heading or heading in headings(BOOK / notebook)
    for command in row["command"].split(" && "):
        program, word, *more = command.split()
        made = f"\n{word}: " in (BOOK / "Makefile").read_text()
        assert made if program == "make" else word in get_command(app).commands
        assert word != "claims" or more[0].partition(":")[0].removeprefix("PART=") in verdicts.PARTS
    assert word != "claims" or more[0].partition(":")[0] == f"PART={row['part']}"
    assert (
        row["seeds"]
        or row["part"] == "published"
        or word != "claims"  # counted on puzzles of the benchmark, or with a model of one's own
        or row["verdict"] in ("not run", "true by design", "not testable here")
    )


@pytest.mark.parametrize("name", verdicts.there())
def test_every_part_keeps_the_contract(name):
    """`make claims` calls them all alike."""
    module = verdicts.module_of(name)
    assert {"seeds", "cores", "again"} <= inspect.signature(module.main).parameters.keys()
    assert all(one.default is not inspect.Parameter.empty for one in inspect.signature(module.main).parameters.values())
    assert all(
        one.default is not inspect.Parameter.empty for one in inspect.signature(module.redraw).parameters.values()
    )
    assert len(inspect.signature(module.rows).parameters) == 1


def test_everything_is_drawn_anew_from_json_alone(tmp_path, monkeypatch):
    folder = tmp_path / "reports/claims"
    folder.mkdir(parents=True)
    for name in verdicts.there():
        if (KEPT / f"{name}.json").is_file():
            shutil.copy(KEPT / f"{name}.json", folder)
    monkeypatch.chdir(tmp_path)
    began = time.perf_counter()
    verdicts.redraw_all()
    assert time.perf_counter() - began < 60
    assert {"claims.json", "claims.csv", "claims.tex", "claims.svg", "README.md"} <= {
        path.name for path in folder.iterdir()
    }
    for path in folder.iterdir():
        assert path.read_bytes() == (KEPT / path.name).read_bytes(), f"{path.name}: make redraw-claims"


def test_the_report_opens_with_the_verdicts_counted():
    made = json.loads((KEPT / "claims.json").read_text(encoding="utf-8"))
    assert made["verdicts"] == {name: Counter(row["verdict"] for row in ROWS)[name] for name in VERDICTS}
    text = (KEPT / "README.md").read_text(encoding="utf-8")
    assert text.splitlines()[2] == f"**{made['said']}**" and made["said"].startswith(f"{len(ROWS)} claims")
    figure, lines = text.index("](claims.svg)"), text.index("## In a line")
    assert figure < lines and text.index("| part |") < figure and figure < 2_000  # on the first screen
    assert "](../../README.md)" in text[:lines] and (KEPT / "../../README.md").is_file()
    table = text[text.index("## Table") :]
    assert all(f">{word}</abbr>" in text for word in ("Static", "R", "HPT", "CHORD", "LUFFY", "wrong60", "random60"))
    assert table.partition("## published")[0].count(">Static</abbr>") == 1  # once a section
    gate = (KEPT / "gate.md").read_text(encoding="utf-8")
    assert gate.splitlines()[2].startswith("**29 claims: ") and gate.index("Runs: seed") > gate.index("## Cells")
    assert all(row["points"] == (list(found) if (found := points_read(row["ours"])) else None) for row in ROWS)
    for part in made["parts"].values():
        assert part["registered"] and part["commits"] and "settings" in part and "seeds" in part


def test_the_levels_beside_a_difference_are_its_own():
    """Not those of one seed: what stands in brackets behind a difference differs by it."""
    seen = 0
    for row in ROWS:
        levels = re.search(r"\] \(([-+.\d]+(?:(?: against |, )[-+.\d]+)+) %", row["short"])
        if row["points"] and levels:
            seen, numbers = seen + 1, [float(number) for number in re.findall(r"[\d.]+", levels[1])]
            ends = (numbers[1], numbers[0]) if "against" in levels[1] else (numbers[0], numbers[-1])
            assert ends[1] - ends[0] == pytest.approx(row["points"][0], abs=0.151), (row["key"], row["short"])
    assert seen > 40


def test_a_part_without_a_report_is_not_run(tmp_path):
    made = verdicts.collected(tmp_path)
    assert [row["part"] for row in made["rows"]] == list(verdicts.PARTS) and made["parts"] == {}
    assert {row["verdict"] for row in made["rows"]} == {"not run"}


class Fake:
    """A part known by contract only, with one claim."""

    called: list = []

    @classmethod
    def main(cls, seeds=(0, 1), cores=2, again=False):
        cls.called.append((list(seeds), cores, again))
        verdicts.write_json(
            Path("reports/claims/gate.json"), {"registered": "a", "commit": "c", "runs": [{"commit": "x", "seed": 4}]}
        )

    @staticmethod
    def redraw():
        Path("reports/claims/gate-drawn.svg").write_text("<svg/>")

    @staticmethod
    def rows(report):
        told = {
            "key": "6.1",
            "asked": "Does it?",
            "ours": "+9.0 [+8.0, +10.0] points",
            "seeds": [4],
            "verdict": "stood",
        }
        return [{**dict.fromkeys(ROW, "-"), **told, "figure": "reports/claims/gate-drawn.svg"}]


def test_parts_are_run_one_after_the_other_by_contract(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verdicts, "module_of", lambda name: Fake)
    monkeypatch.setattr(verdicts, "there", lambda: ["gate"])
    Fake.called.clear()
    verdicts.run_parts("all", "own", "2", "0")
    verdicts.run_parts("gate", "3-4", "1", "1")
    verdicts.redraw_all()
    assert Fake.called == [([0, 1], 2, False), ([3, 4], 1, True)]
    made = json.loads(Path("reports/claims/claims.json").read_text(encoding="utf-8"))
    row = next(one for one in made["rows"] if one["part"] == "gate")
    assert row["points"] == [9.0, 8.0, 10.0] and made["parts"]["gate"]["seeds"] == [4]
    assert made["parts"]["gate"]["commits"] == {"x": 1} and Path("reports/claims/gate-drawn.svg").is_file()
    blocks: list = []
    monkeypatch.setattr(Fake, "main", lambda cores, seeds=(0, 1), blocks=(), taken=blocks: taken.extend(blocks))
    verdicts.run_parts("gate:families,scope", "own", "2", "0")
    assert blocks == ["families", "scope"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            ("gate:rule", "own", "2", "0"),
            "PART=gate:rule: gate has no blocks; give PART=gate, or a part that has some: PART=gatemap:rule",
        ),
        (
            ("all:rule", "own", "2", "0"),
            "PART=all:rule: all has no blocks; give PART=all, or a part that has some: PART=gatemap:rule",
        ),
        (("gates", "own", "2", "0"), "PART=gates: there is no such part; give one of published, gate"),
        (("gates:rule", "own", "2", "0"), "PART=gates: there is no such part; give one of published, gate"),
        (("gate gatemap", "own", "2", "0"), "PART=gate gatemap: there is no such part; give one of published, gate"),
        (("-x", "own", "2", "0"), "PART=-x: there is no such part; give one of published, gate"),
        (("gate", "-1", "2", "0"), "SEEDS=-1: must look like 0-4 or 0,2,5"),
        (("gate", "0 1", "2", "0"), "SEEDS=0 1: must look like 0-4 or 0,2,5"),
        (("gate", "4-2", "2", "0"), "SEEDS=4-2: 4-2 must rise, by at most 1,000 seeds"),
        (("gate", "own", "abc", "0"), "CORES=abc: give a whole number from 1 to 9999"),
        (("gate", "own", "0", "0"), "CORES=0: give a whole number from 1 to 9999"),
        (("gate", "own", "-2", "0"), "CORES=-2: give a whole number from 1 to 9999"),
        (("gate", "own", "2", "yes"), "AGAIN=yes: give AGAIN=1, or AGAIN=0 as where it is left out"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_one_line_before_anything_runs(asked, said, monkeypatch, capsys):
    """As `make claims` passes it, a leading dash and spaces too."""
    monkeypatch.setattr(verdicts, "publish", lambda: pytest.fail("something was run"))
    monkeypatch.setattr("sys.argv", ["-c", "--", *asked])
    with pytest.raises(SystemExit) as ended:
        verdicts.claims_main()
    err = capsys.readouterr().err
    assert ended.value.code == 2 and err.startswith(f"Error: {said}") and err.count("\n") == 1


def test_make_quotes_what_it_passes():
    recipe = next(line for line in (BOOK / "Makefile").read_text().splitlines() if "claims_main()" in line)
    assert recipe.endswith('-- "$(or $(PART),all)" "$(or $(SEEDS),own)" "$(CORES)" "$(or $(AGAIN),0)"')
