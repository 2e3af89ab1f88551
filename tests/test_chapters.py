"""Every chapter teaches: what one can do after it, a picture, the paper, the maze of the book, and exercises whose answers are checked."""

import ast
import itertools
import json
import re
from pathlib import Path

import pytest

NBS = Path(__file__).resolve().parents[1] / "nbs"
CHAPTERS = sorted(NBS.glob("[0-9][0-9]_*.ipynb"))
MAZE = 'make("maze", 2, 7)'
PAPER = "](https://arxiv.org/pdf/2510.08540v2#nameddest=subsection."
PICTURE_KB, SHOWN_WITHIN = 20, 2  # a picture is so large at most, and stands so many cells behind the title at most
CHECK = re.compile(r"^\s*(?:assert\b|test_\w+\()", re.MULTILINE)
chapters = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def cells(path: Path) -> list[dict]:
    """The cells of a notebook, each with its `text`."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell | {"text": "".join(cell["source"])} for cell in found]


def headed(found: list[dict], heading: str) -> int:
    """The place of the one cell that begins with, or holds, the line `## heading`."""
    places = [i for i, cell in enumerate(found) if f"\n## {heading}\n" in f"\n{cell['text']}\n"]
    assert len(places) == 1, (heading, places)
    return places[0]


def pictures(cell: dict) -> list[int]:
    """How many kilobytes each picture has that a cell shows."""
    kinds = [data for out in cell.get("outputs", ()) if (data := out.get("data", {}))]
    return [
        len("".join(data[kind])) / 1024 for data in kinds for kind in ("image/png", "image/svg+xml") if kind in data
    ]


def test_there_are_chapters():
    assert [path.stem for path in CHAPTERS][::10] == ["00_core", "70_ablations"]


@chapters
def test_it_opens_with_what_one_can_do_and_the_paper(path):
    title = next(cell["text"] for cell in cells(path) if cell["cell_type"] == "markdown")
    heading, empty, summary, *_ = title.split("\n")
    assert heading.startswith("# ") and not empty and summary.startswith("> ")
    assert "**After this chapter you can** " in title and PAPER in title


@chapters
def test_it_opens_with_a_picture(path):
    found = cells(path)
    title = next(i for i, cell in enumerate(found) if cell["cell_type"] == "markdown")
    shown = [size for cell in found[title + 1 : title + 1 + SHOWN_WITHIN] for size in pictures(cell)]
    assert shown and max(shown) <= PICTURE_KB, shown


@chapters
def test_it_takes_the_maze_from_where_an_earlier_chapter_left_it(path):
    found = cells(path)
    place = headed(found, "The maze of this book")
    assert MAZE in found[place]["text"] and MAZE in found[place + 1]["text"]
    assert found[place + 1]["cell_type"] == "code" and not found[place + 1]["text"].startswith("#|")
    linked = {name for name in re.findall(r"\]\((\d\d_\w+)\.ipynb\)", found[place]["text"]) if name < path.stem}
    assert linked or path == CHAPTERS[0]


@chapters
def test_every_chapter_is_led_to(path):
    """The maze goes through all of them: some other chapter's section on it links this one."""
    sections = []
    for other in set(CHAPTERS) - {path}:
        found = cells(other)
        place = headed(found, "The maze of this book")
        sections += [cell["text"].partition("## Exercises")[0] for cell in found[place : place + 3]]
    assert f"]({path.name})" in "\n".join(sections)


@chapters
def test_formulas_stand_beside_their_lines(path):
    found = cells(path)
    for cell, behind in zip(found, found[1:]):
        if cell["cell_type"] == "markdown" and "$$" in cell["text"]:
            assert behind["cell_type"] == "code", cell["text"][:200]


@chapters
def test_it_ends_with_two_exercises_and_checked_answers(path):
    found = cells(path)
    place = headed(found, "Exercises")
    text = found[place]["text"].partition("## Exercises")[2]
    assert re.findall(r"^\*\*(\d)\.\*\*", text, re.MULTILINE) == ["1", "2"]
    answers = re.findall(r"\n\n<details><summary>Answer</summary>\n\n(.+?)\n\n</details>", text, re.DOTALL)
    assert len(answers) == 2 == text.count("<details>") and all(len(answer) > 60 for answer in answers)
    check = found[place + 1]
    assert check["cell_type"] == "code" and check["text"].startswith("#| hide\n") and CHECK.search(check["text"])
    assert found[place + 2 : place + 3] == [] or found[place + 2]["text"].startswith("## Run")


@chapters
def test_links_to_other_notebooks_lead_somewhere(path):
    for cell in cells(path):
        if cell["cell_type"] == "markdown":
            for name in re.findall(r"\]\(([\w/]+\.ipynb)\)", cell["text"]):
                assert (NBS / name).is_file(), name


@chapters
def test_no_example_takes_the_name_of_a_parameter(path):
    """The runner sets parameters at the head of a chapter, and its last section reads them."""
    code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    given = {name for cell in code if "parameters" in cell["metadata"].get("tags", ()) for name in stored(cell["text"])}
    for cell in code:
        if "parameters" not in cell["metadata"].get("tags", ()):
            assert not given & stored(cell["text"]), cell["text"][:200]


def stored(source: str) -> set[str]:
    """The names that the statements of a cell bind at its top level, those of loops included."""
    found, todo = set(), [*ast.parse(source).body]
    while todo:
        node = todo.pop()
        if isinstance(
            node,
            ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
        ):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        todo += ast.iter_child_nodes(node)
    return found


BARS = re.compile(r"(?<!\\)\|")  # what parts the cells of a row; in code it needs its backslash too
RULED = re.compile(r"\|(?: *:?-+:? *\|)+")


def torn_rows(text: str) -> list[str]:
    """The rows of Markdown tables with more or fewer cells than their head."""
    lines, found = text.split("\n"), []
    for number in (i for i, line in enumerate(lines) if i and RULED.fullmatch(line.strip())):
        count = len(BARS.findall(lines[number]))
        below = itertools.takewhile(lambda line: line.startswith("|"), lines[number + 1 :])
        found += [row for row in (lines[number - 1], *below) if len(BARS.findall(row)) != count]
    return found


def test_no_row_of_a_table_is_torn():
    assert torn_rows("| a | b |\n|---|---|\n| `<|x|>` | 1 |\n| `<\\|x\\|>` | 1 |") == ["| `<|x|>` | 1 |"]
    notebooks, root = sorted(NBS.rglob("*.ipynb")), NBS.parent
    texts = {path: [cell["text"] for cell in cells(path) if cell["cell_type"] == "markdown"] for path in notebooks}
    texts |= {path: [path.read_text(encoding="utf-8")] for path in (*root.glob("*.md"), *root.glob("reports/**/*.md"))}
    assert {str(path): torn for path, parts in texts.items() for part in parts if (torn := torn_rows(part))} == {}
