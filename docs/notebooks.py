"""A notebook as readers of the site see it. Standard library only, so that it is quick and needs no torch.

Cells for the machine go, imports and tests are folded, directives are stripped, outputs come from a run where there is one, and names in backticks become links."""

import ast
import base64
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from posixpath import relpath

DROPPED = re.compile(r"^#\|\s*(hide|default_exp)\b", re.MULTILINE)
UNTOLD = re.compile(r"^#\|\s*echo:\s*false\b", re.MULTILINE)  # draws a picture that says all
GAP = re.compile(r"\S {2,}(?=\S)")
DIRECTIVE = re.compile(r"^#\|.*\n?", re.MULTILINE)
MODULE = re.compile(r"^#\|\s*default_exp\s+(\S+)", re.MULTILINE)
REASON = re.compile(r"^> Long because .*\n?", re.MULTILINE)  # is for those who write notebooks
FENCE = re.compile(r"(^```.*?^```|\[[^\]\n]*\]\([^)\n]*\))", re.MULTILINE | re.DOTALL)  # what is no prose: code, links
NAMED = re.compile(r"(?<![`\w])`([\w./@-]+)`(?!`)|\b(chapters?) (\d\d)\b")
SEEN = 90  # pixels: what is narrower shows no puzzle
SHOWN_TESTS = 6  # lines of a cell of tests that is short enough to be read in passing
DEAD = "application/vnd.jupyter.widget-view+json"  # bars of a run that is over
PLOTLY = "application/vnd.plotly.v1+json"


@dataclass(frozen=True)
class Site:
    """What can be linked: pages by their files, exported names with their modules, files of the repository."""

    root: Path
    pages: frozenset[str]
    names: dict[str, str]  # "rows.make_row" to "mmhelix_nb.book.rows.make_row"
    blob: str  # where the repository shows its files

    def page(self, name: str) -> str | None:
        """The page that `name` means, such as `book/rows.ipynb` or `tasks/index.md`."""
        bare = re.sub(r"^nbs/", "", name).removesuffix(".ipynb").removesuffix(".md").rstrip("/")
        files = (f"{bare}.ipynb", f"{bare}.md", f"{bare}/index.md", f"{bare.replace('.', '/')}.ipynb")
        return next((found for found in files if found in self.pages), None)

    def link(self, name: str, page: str) -> str | None:
        """The markup that links `name` from `page`; None where it names nothing of the site."""
        found, here = self.page(name), str(Path(page).parent)
        if found and found != page and ("/" in name or name[0].isdigit() or "." in name):
            return f"[`{name}`]({relpath(found, here)})"
        if name in self.names:
            return f"{{py:obj}}`{name} <{self.names[name]}>`"
        if name.startswith("reports/gallery/"):  # what make gallery writes; neither the repository nor the site has it
            return None
        if re.fullmatch(r"reports/[\w/-]+\.html", name) and (self.root / name).is_file():
            return f'<a href="{relpath(name, here)}"><code>{name}</code></a>'
        if "/" in name.rstrip("/") and (self.root / name).is_file():
            return f"[`{name}`]({self.blob}/{name})"
        return None

    def linked(self, text: str, page: str) -> str:
        """The Markdown `text` of `page` with names in backticks, and chapters by number, as links."""

        def link(match: re.Match) -> str:
            if match[1]:
                return self.link(match[1], page) or match[0]
            chapter = next((p for p in sorted(self.pages) if p.startswith(f"{match[3]}_") and p != page), None)
            return f"[{match[0]}]({relpath(chapter, str(Path(page).parent))})" if chapter else match[0]

        parts = FENCE.split(text)
        return "".join(part if number % 2 else NAMED.sub(link, part) for number, part in enumerate(parts))


def source(cell: dict) -> str:
    """The text of a cell."""
    return "".join(cell["source"])


def parsed(code: str) -> list[ast.stmt]:
    """The statements of a code cell; none where it holds shell commands or magics."""
    try:
        return ast.parse(code).body
    except SyntaxError:
        return []


def tests_only(node: ast.stmt) -> bool:
    """Whether a statement only checks something, or prepares to."""
    if isinstance(node, ast.For | ast.With):
        return all(map(tests_only, node.body))
    called = getattr(getattr(node, "value", None), "func", None)
    tested = isinstance(node, ast.Expr) and isinstance(called, ast.Name) and called.id.startswith("test_")
    return tested or isinstance(node, ast.Assert | ast.Assign | ast.Import | ast.ImportFrom | ast.FunctionDef)


def imports_only(node: ast.stmt) -> bool:
    """Whether a statement is an import, for type checkers only or for all."""
    checked = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    return checked or isinstance(node, ast.Import | ast.ImportFrom)


def folded(cell: dict) -> str | None:
    """What a folded cell is called; None where it is shown open."""
    code, nodes = DIRECTIVE.sub("", source(cell)), parsed(source(cell))
    if nodes and all(map(imports_only, nodes)):
        return "imports"
    if "parameters" in cell["metadata"].get("tags", ()):
        return "parameters"
    exported = code != source(cell)
    silent = not exported and not cell["outputs"] and len(code.splitlines()) > SHOWN_TESTS
    return "tests" if silent and nodes and all(map(tests_only, nodes)) else None


def plotly_html(figure: dict, still: str) -> str:
    """A place that `figures.js` draws `figure` into, in the stead of the `still` SVG; it needs no other host."""
    data = json.dumps({"data": figure["data"], "layout": figure["layout"]}, separators=(",", ":"))
    about = html.escape(figure["layout"].get("meta", "a figure"))
    return f'<div class="plotly-figure" role="img" aria-label="{about}" data-figure="{html.escape(data)}">{still}</div>'


def columns(outputs: list[dict]) -> bool:
    """Whether what a cell prints stands in three columns or more, which a broken line would tear; lines of prose differ in length."""
    texts = ["".join(o.get("text", "") or o.get("data", {}).get("text/plain", "")) for o in outputs]
    lines = [line.rstrip() for text in texts for line in text.splitlines() if line.strip()]
    rows = sorted(len(line) for line in lines if len(GAP.findall(line)) > 1)
    return len(rows) > 1 and 2 * len(rows) > len(lines) and max(map(len, lines)) <= 1.5 * rows[len(rows) // 2]


def tagged(cell: dict) -> dict:
    """What a page has to know about a code cell: whether its code is folded or left out, and whether its output is a table."""
    name, outputs = folded(cell), ["columns"] if columns(cell["outputs"]) else []
    if UNTOLD.search(source(cell)):
        return {"tags": ["remove-input", *outputs]}
    if name:
        return {"tags": ["hide-input", *outputs], "mystnb": {"code_prompt_show": name, "code_prompt_hide": name}}
    return {"tags": outputs}


def shown(outputs: list[dict]) -> list[dict]:
    """Outputs for a page: no dead widgets, no warnings of the machine, one form of a picture, figures that move."""
    found = []
    for output in outputs:
        data = dict(output.get("data", {}))
        warned = output.get("name") == "stderr" and not "".join(output["text"]).startswith(
            "Error: "
        )  # what a command says
        if DEAD in data or "<progress" in "".join(data.get("text/html", "")) or warned:
            continue
        if "image/png" in data:
            data.pop("image/jpeg", None)
        if PLOTLY in data:
            data = {"text/html": plotly_html(data[PLOTLY], "".join(data.get("image/svg+xml", "")))}
        found.append({**output, "data": data} if data else output)
    return found


def with_run(cells: list[dict], run: list[dict]) -> list[dict]:
    """`cells` with the outputs of an executed copy, cell by cell where its code is still the same."""
    made = {cell["id"]: cell for cell in run if cell["cell_type"] == "code" and cell["outputs"]}
    same = {cell["id"] for cell in cells if cell["id"] in made and source(made[cell["id"]]) == source(cell)}
    return [{**cell, "outputs": made[cell["id"]]["outputs"]} if cell["id"] in same else cell for cell in cells]


def page_cell(cell: dict, page: str, site: Site) -> dict | None:
    """A cell as the site shows it; None where it does not."""
    text = source(cell)
    if cell["cell_type"] == "markdown":
        return {**cell, "source": site.linked(REASON.sub("", text), page)}
    if cell["cell_type"] != "code" or DROPPED.search(text) or not DIRECTIVE.sub("", text).strip():
        return None
    outputs = shown(cell["outputs"])
    metadata = tagged({**cell, "outputs": outputs})
    return {**cell, "source": DIRECTIVE.sub("", text), "outputs": outputs, "metadata": metadata}


def module_of(cells: list[dict]) -> str | None:
    """The module that a notebook exports, such as `book.rows`."""
    return next((found[1] for cell in cells if (found := MODULE.search(source(cell)))), None)


def first_picture(cells: list[dict]) -> bytes | None:
    """The first PNG among the outputs that is no miniature; where there is none, the first."""
    outputs = (output.get("data", {}) for cell in cells for output in cell.get("outputs", ()))
    found = [base64.b64decode("".join(data["image/png"])) for data in outputs if "image/png" in data]
    large = (png for png in found if int.from_bytes(png[16:20]) >= SEEN)  # the width stands in a PNG's head
    return next(large, found[0] if found else None)


def page(notebook: dict, name: str, site: Site, run: dict | None = None, note: str = "") -> dict:
    """`notebook` as the page `name`: outputs from `run` where it has them, and `note` behind the opening cell."""
    cells = with_run(notebook["cells"], run["cells"]) if run else notebook["cells"]
    made = [new for cell in cells if (new := page_cell(cell, name, site))]
    if note:
        place = (
            2 if len(made) > 1 and "remove-input" in made[1]["metadata"].get("tags", ()) else 1
        )  # behind its picture
        made.insert(place, {"cell_type": "markdown", "id": "about-this-page", "metadata": {}, "source": note})
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {**notebook, "cells": made, "metadata": kernel}
