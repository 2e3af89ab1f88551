"""What readers of the site see of a notebook, and of a module, on tiny ones."""

import ast
import base64
import io
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import notebooks  # noqa: E402
import prepare  # noqa: E402
import reference  # noqa: E402

BLOB = "https://example.org/blob/main"
PAGES = frozenset(
    {"50_ahpo.ipynb", "60_evaluation.ipynb", "book/rows.ipynb", "tasks/index.md", "tasks/games/maze.ipynb"}
)
SITE = notebooks.Site(ROOT, PAGES, {"rows.make_row": "mmhelix_nb.book.rows.make_row"}, BLOB)


def code(text: str, *outputs: dict, name: str = "a") -> dict:
    return {"cell_type": "code", "id": name, "metadata": {}, "source": text, "outputs": list(outputs)}


def said(text: str) -> dict:
    return {"cell_type": "markdown", "id": "m", "metadata": {}, "source": text}


def stream(text: str, name: str = "stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def made(*cells: dict, run: list[dict] | None = None, note: str = "") -> list[dict]:
    notebook = {"cells": [said("# Title"), *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return notebooks.page(notebook, "book/here.ipynb", SITE, {"cells": run} if run else None, note)["cells"][1:]


def test_cells_for_the_machine_go_and_directives_are_stripped():
    assert (
        made(code("#| default_exp book.here"), code("#| hide\nfrom os import sep\nassert sep"), code("#| export\n"))
        == []
    )
    (cell,) = made(code("#| export\ndef f() -> int:\n    return 1\n"))
    assert cell["source"] == "def f() -> int:\n    return 1\n" and cell["metadata"] == {"tags": []}


@pytest.mark.parametrize(
    "text, name",
    [
        ("#| export\nimport re\nfrom os import sep", "imports"),
        ("from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from os import sep", "imports"),
        ("for n in range(3):\n    assert n < 3\n" + "assert True\n" * 6, "tests"),
        ("x = 3\n" + "test_eq(x, 3)\n" * 7, "tests"),
        ("test_eq(1, 1)", None),  # short enough to be read in passing
        ("x = 3\n" * 9 + "print(x)", None),
        ("#| export\n" + "x = 3\n" * 9, None),
        ("!ls", None),
    ],
)
def test_imports_and_long_tests_are_folded(text, name):
    (cell,) = made(code(text))
    assert cell["metadata"].get("mystnb", {}).get("code_prompt_show") == name
    assert ("hide-input" in cell["metadata"]["tags"]) == (name is not None)


def test_why_a_notebook_is_long_is_for_its_writers():
    assert made(said("# Maze\n\n> Walk.\n\n> Long because it is.\n"))[0]["source"] == "# Maze\n\n> Walk.\n\n"


def test_tests_that_show_something_stay_open():
    (cell,) = made(code("assert True\n" * 9, stream("seen")))
    assert cell["metadata"]["tags"] == []


def test_a_cell_that_only_draws_is_shown_as_its_picture_before_the_note_on_the_run():
    drawn = code("#| echo: false\nmaze.image", {"output_type": "display_data", "data": {"image/png": "p"}})
    assert [cell["metadata"].get("tags") for cell in made(drawn, code("x"), note="from a run")] == [
        ["remove-input"],
        None,
        [],
    ]


def test_parameters_of_the_runner_are_folded():
    (cell,) = made(code("profile = None") | {"metadata": {"tags": ["parameters"]}})
    assert cell["metadata"]["mystnb"]["code_prompt_show"] == "parameters"


@pytest.mark.parametrize(
    "text, found",
    [
        ("method  steps   %\nsft       200  59\nahpo      200  60\n", True),
        ("base    one two\nahpo    three four\n", False),  # two columns, the second of which is prose
        ("one line  of  three", False),
        ("read  the grid  []\ndeduce  " + "a long step " * 9 + " [r1]\nso  it is  [r2]\n", False),
        ("    indented\n    prose\n", False),
    ],
)
def test_what_is_printed_in_columns_is_not_broken(text, found):
    (cell,) = made(code("print(table)", stream(text)))
    assert cell["metadata"]["tags"] == ["columns"] * found


def test_what_a_command_refuses_is_shown_and_warnings_are_not():
    (cell,) = made(code("x", stream("Error: --tasks maze: unknown", "stderr"), stream("UserWarning: old", "stderr")))
    assert [output["text"] for output in cell["outputs"]] == ["Error: --tasks maze: unknown"]


def png(width: int) -> dict:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + width.to_bytes(4)
    return {"output_type": "display_data", "data": {"image/png": base64.b64encode(head).decode()}}


@pytest.mark.parametrize("widths, first", [((46, 120, 300), 120), ((46, 50), 46), ((), 0)])
def test_the_first_picture_is_no_miniature(widths, first):
    found = notebooks.first_picture([code("x", png(width)) for width in widths])
    assert int.from_bytes(found[16:20]) == first if found else not widths


def test_outputs_lose_what_is_dead_or_double():
    data = {"image/png": "p", "image/jpeg": "j", "text/plain": "<PIL>"}
    bar = {"output_type": "display_data", "data": {notebooks.DEAD: {}, "text/plain": "0%"}, "metadata": {}}
    outputs = [stream("warning", "stderr"), bar, stream("words"), {"output_type": "display_data", "data": data}]
    (cell,) = made(code("x", *outputs))
    assert [output.get("text") or sorted(output["data"]) for output in cell["outputs"]] == [
        "words",
        ["image/png", "text/plain"],
    ]


def test_a_plotly_figure_is_carried_as_data_and_names_no_host():
    figure = {"data": [{"y": [1, 2], "name": 'a "b" <c>'}], "layout": {"width": 5, "meta": "growth"}}
    forms = {notebooks.PLOTLY: figure, "image/svg+xml": ["<svg>\n", "</svg>"], "text/plain": "Figure"}
    shown = {"output_type": "display_data", "data": forms}
    (cell,) = made(code("x", shown))
    (page,) = cell["outputs"][0]["data"].values()
    assert (
        'class="plotly-figure"' in page and "&quot;y&quot;:[1,2]" in page and "<c>" not in page and "http" not in page
    )
    assert 'aria-label="growth"' in page and page.endswith("><svg>\n</svg></div>")  # what is there without scripts


def test_outputs_come_from_the_run_where_the_code_is_the_same():
    cells = [code("f()", stream("example"), name="a"), code("g()", stream("example"), name="b"), code("h()", name="c")]
    run = [
        code("f()", stream("run"), name="a"),
        code("g(2)", stream("run"), name="b"),
        code("h()", stream("run"), name="c"),
    ]
    note, *shown = made(*cells, run=run, note="from a run")
    assert note["source"] == "from a run"
    assert [cell["outputs"][0]["text"] for cell in shown] == ["run", "example", "run"]


@pytest.mark.parametrize(
    "text, link",
    [
        ("see `50_ahpo` now", "see [`50_ahpo`](../50_ahpo.ipynb) now"),
        ("see `book/rows` now", "see [`book/rows`](rows.ipynb) now"),
        ("`nbs/tasks/games/maze.ipynb`", "[`nbs/tasks/games/maze.ipynb`](../tasks/games/maze.ipynb)"),
        ("`tasks/`", "[`tasks/`](../tasks/index.md)"),
        ("chapter 60 shows", "[chapter 60](../60_evaluation.ipynb) shows"),
        ("`book.rows`", "[`book.rows`](rows.ipynb)"),
        ("`rows.make_row`", "{py:obj}`rows.make_row <mmhelix_nb.book.rows.make_row>`"),
        ("`tests/test_site.py`", f"[`tests/test_site.py`]({BLOB}/tests/test_site.py)"),
        ("`rows` and `nowhere/else` and chapter 99", None),
        ("[`50_ahpo`](50_ahpo.ipynb)", None),  # a link already
        ("```\n`50_ahpo`\n```", None),  # code
    ],
)
def test_names_in_backticks_become_links(text, link):
    assert made(said(text))[0]["source"] == (link or text)


MODULE = '''"""What it is for."""

from collections.abc import Iterable

from .rows import Row

__all__ = ["LIMIT", "Kept", "count"]

LIMIT = 3  # rows


class Kept:
    "Rows that are kept."

    rows: list[Row]  # in their order

    @property
    def size(self) -> int:
        "How many."
        return len(self.rows)

    def _hidden(self) -> None: ...


def count(
    rows: "Iterable[Row]",  # none twice
    kept: Kept | None = None,
) -> int:
    """The number of `rows`."""
    return 0


def within() -> None: ...
'''


@pytest.fixture
def module(tmp_path) -> reference.Module:
    folder = tmp_path / "mmhelix_nb" / "book"
    folder.mkdir(parents=True)
    (folder / "here.py").write_text(MODULE)
    return reference.read_module(folder / "here.py", tmp_path)


def test_a_page_of_the_api_has_types_comments_and_sources(module):
    page = reference.module_page(module, "[Here](../book/here.ipynb)", BLOB)
    assert page.startswith("# book.here\n\nWhat it is for.\n\nExplained in [Here](../book/here.ipynb)")
    assert '```{py:data} LIMIT\n:value: "3"\n\nrows\n```' in page
    assert '```{py:attribute} rows\n:type: "list[mmhelix_nb.book.rows.Row]"\n\nin their order\n```' in page
    assert '```{py:property} size\n:type: "int"' in page and "_hidden" not in page and "within" not in page
    assert (
        "{py:function} count(rows: Iterable[mmhelix_nb.book.rows.Row], kept: mmhelix_nb.book.here.Kept | None=None) -> int"
        in page
    )
    assert ":param rows: none twice" in page and f"[source]({BLOB}/mmhelix_nb/book/here.py#L25-L30)" in page


def test_the_tree_is_not_changed_by_telling_it(module):
    before = ast.dump(module.tree)
    reference.module_page(module, None, BLOB)
    assert ast.dump(module.tree) == before


def test_the_repository_becomes_pages(tmp_path):
    """Everything but the notebooks, which take long, and the scripts, which `make site` brings."""
    writer = prepare.Writer(tmp_path)
    writer.tasks()
    writer.api()
    writer.reports()
    writer.texts()
    assert len([*tmp_path.glob("api/*.md")]) > 100 and (tmp_path / "tasks" / "index.md").is_file()
    opening = (tmp_path / "index.md").read_text(encoding="utf-8")
    pictures = re.findall(r'(?:src="|\]\()(images/[^")]+)', opening)
    assert pictures and all((tmp_path / name).is_file() for name in pictures)
    assert (tmp_path / "tasks" / "index.md").read_text(encoding="utf-8").count("{grid-item-card}") == 42
    reports = re.findall(r"^\* .*$", (tmp_path / "reports" / "index.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert "mini/index.html" in reports[0] and len({re.sub(r"<.*?>|\(.*?\)", "", line) for line in reports}) == len(
        reports
    )


def cells_of(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_no_notebook_keeps_a_warning_or_a_formula_with_two_backslashes():
    """A warning of some library says nothing to readers; `\\\\text` in a formula is a new line and a word."""
    for path in sorted((ROOT / "nbs").rglob("*.ipynb")):
        for cell in cells_of(path):
            for output in cell.get("outputs", ()):
                assert output.get("name") != "stderr" or "".join(output["text"]).startswith("Error: "), path
            if cell["cell_type"] == "markdown":
                assert not re.search(r"\$[^$\n]*\\\\[a-z]+[^$\n]*\$", notebooks.source(cell)), path


MACHINE = re.compile(r"^#\|\s*(?:export|hide|default_exp|door|eval)", re.MULTILINE)
MOVING = {
    "benchmark/gallery",
    "claims/forks",
    "claims/school",
    "claims/world",
    "running/cli",
    "running/live",
}  # forms, or another screen's width


def shows(node: ast.stmt, last: bool) -> bool:
    """Whether a statement prints something in passing, or is an expression at the end of a cell that is no call and no choice."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.If):
        return False
    called = {getattr(one.func, "id", "") for one in ast.walk(node) if isinstance(one, ast.Call)}
    bare = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call | ast.Constant | ast.IfExp)
    return bool(called & {"print", "display"}) or last and bare


def test_what_a_cell_shows_is_there():
    """A cell that was changed loses its output until somebody runs it; readers would find nothing below it."""
    empty = []
    for path in sorted((ROOT / "nbs").rglob("*.ipynb")):
        name = str(path.relative_to(ROOT / "nbs").with_suffix(""))
        cells = [] if name in MOVING or name.endswith("_template") else cells_of(path)
        for cell in (cell for cell in cells if cell["cell_type"] == "code" and not cell["outputs"]):
            text = notebooks.source(cell)
            nodes = [] if MACHINE.search(text) else notebooks.parsed(text)
            if any(shows(node, node is nodes[-1]) for node in nodes):
                empty.append(f"{name} {cell['id']}")
    assert not empty, f"run these notebooks: {empty}"


def test_pictures_of_puzzles_keep_their_proportions():
    from PIL import Image

    from mmhelix_nb import make

    sized = re.compile(r"^item\.image\.resize\(\(\d+, \d+\)\)", re.MULTILINE)
    named = re.compile(r"""^item = make\("(\w+)", (?:level=)?(\d), (?:seed=)?(\d+)\)""", re.MULTILINE)
    for path in sorted((ROOT / "nbs" / "tasks").glob("*/*.ipynb")):
        item = None
        for cell in cells_of(path):
            if found := named.search(notebooks.source(cell)):
                item = make(found[1], int(found[2]), int(found[3]))
            if item and sized.search(notebooks.source(cell)):
                shown = Image.open(io.BytesIO(notebooks.first_picture([cell]) or b"")).size
                assert shown[0] / shown[1] == pytest.approx(item.image.width / item.image.height, rel=0.03), path


def test_pages_that_stand_alone_lead_to_this_very_site(tmp_path):
    writer = prepare.Writer(tmp_path)
    (page := tmp_path / "_extra/reports/leaderboard/index.html").parent.mkdir(parents=True)
    page.write_text(f'<a href="{writer.own}/">The book</a> <a href="{writer.own}/gallery/">Play</a>')
    writer.homeward(page)
    assert page.read_text() == f'<a href="../../index.html">The book</a> <a href="{writer.own}/gallery/">Play</a>'
