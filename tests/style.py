"""The style of the book in numbers: cells, functions, asserts. Fails where a hard limit is broken; `make style` prints it."""

import ast
import json
import re
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
CELL_MAX, FUNCTION_MAX, TASK_LINES, NOTEBOOK_KB, SHOWN_WITHIN = 25, 50, 200, 100, 2
SECTIONS = ("Rules", "State", "Generate", "Solve", "Check", "Draw & ask", "Trace", "Levels")
# running/cli may have longer cells: a command's options are its help.
CORE = (
    "00",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "07",
    "08",
    "09",
    "10",
    "20",
)  # with the tasks: 15 asserts per 100 exported lines; training chapters: 8
ASSERTS = re.compile(r"^\s*(?:for .*: |with .*: )?(?:assert\b|test_\w+\()", re.MULTILINE)


def lines_of(source: str) -> int:
    """Lines that are code or comment, without directives."""
    return sum(bool(line.strip()) and not line.startswith("#|") for line in source.splitlines())


def notebook(path: Path) -> dict:
    """What is measured of one notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = [("".join(cell["source"]), cell["cell_type"]) for cell in cells]
    exports = [i for i, (source, kind) in enumerate(sources) if kind == "code" and source.startswith("#| export")]
    code = [source for source, kind in sources if kind == "code" and not source.startswith("#| export")]
    unseen = [
        i
        for i in exports
        if any(is_code(sources[i][0]))
        and not any(
            kind == "code" and not source.startswith("#|") for source, kind in sources[i + 1 : i + 2 + SHOWN_WITHIN]
        )
        and i != exports[-1]
    ]
    return {
        "name": str(path.relative_to(ROOT / "nbs")),
        "kb": path.stat().st_size / 1024,
        "cells": [lines_of(sources[i][0]) for i in exports if any(is_code(sources[i][0]))],
        "exported": sum(lines_of(sources[i][0]) for i in exports),
        "functions": [n for i in exports for n in functions(sources[i][0])],
        "asserts": sum(len(ASSERTS.findall(source)) for source in code),
        "unseen": len(unseen),
        "documented": [d for i in exports for d in docstrings(sources[i][0])],
        "sections": [
            source[3:].strip()
            for source, kind in sources
            if kind == "markdown"
            for source in source.splitlines()
            if source.startswith("## ")
        ],
    }


def is_code(source: str):
    """For each statement of a cell, whether it is more than an import or a constant."""
    return [isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in ast.parse(source).body]


def functions(source: str) -> list[int]:
    """Lengths of a cell's functions in lines."""
    return [
        node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def docstrings(source: str) -> list[bool]:
    """Whether each public function or class of a cell has a docstring."""
    return [
        bool(ast.get_docstring(node))
        for node in ast.parse(source).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    ]


def spread(values: list[int]) -> str:
    """Median, 90th percentile and maximum."""
    ordered = sorted(values)
    return f"median {median(ordered):.0f}, p90 {ordered[int(0.9 * (len(ordered) - 1))]}, max {ordered[-1]}"


def broken(one: dict) -> list[str]:
    """The hard limits that a notebook breaks."""
    found = []
    if max(one["cells"], default=0) > CELL_MAX and one["name"] != "running/cli.ipynb":
        found.append(f"an export cell of {max(one['cells'])} lines (at most {CELL_MAX})")
    if max(one["functions"], default=0) > FUNCTION_MAX:
        found.append(f"a function of {max(one['functions'])} lines (at most {FUNCTION_MAX})")
    if one["kb"] > NOTEBOOK_KB:
        found.append(f"{one['kb']:.0f} KB (at most {NOTEBOOK_KB})")
    if one["name"].startswith("tasks/"):
        missing = [name for name in SECTIONS if name not in one["sections"]]
        if missing:
            found.append(f"no section {', '.join(missing)}")
    return found


def group(title: str, chosen: list[dict], wanted: int) -> bool:
    """Print a group's figures; whether it has its asserts."""
    exported, asserts = sum(one["exported"] for one in chosen), sum(one["asserts"] for one in chosen)
    density = 100 * asserts / exported
    documented = [d for one in chosen for d in one["documented"]]
    print(f"{title} ({len(chosen)} notebooks, {exported:,} exported lines)")
    print(
        f"  export cells, lines      {spread([n for one in chosen for n in one['cells']])}   (wanted: median <= 10, max {CELL_MAX})"
    )
    print(
        f"  functions, lines         {spread([n for one in chosen for n in one['functions']])}   (wanted: p90 <= 20, max {FUNCTION_MAX})"
    )
    print(f"  asserts per 100 lines    {density:.1f}   (wanted: {wanted})")
    print(
        f"  cells not shown at once  {sum(one['unseen'] for one in chosen)}   (an export cell with no run within {SHOWN_WITHIN} cells)"
    )
    long = sum(one["exported"] > TASK_LINES for one in chosen if one["name"].startswith("tasks/"))
    if long:
        print(
            f"  longer than wanted       {long} tasks of more than {TASK_LINES} exported lines, {max(one['exported'] for one in chosen)} at most"
        )
    print(f"  public names documented  {100 * sum(documented) / len(documented):.0f} %\n")
    return density >= wanted


def main() -> int:
    """Print the figures; exit code 1 where a limit is broken."""
    found = [
        notebook(path)
        for path in sorted((ROOT / "nbs").rglob("*.ipynb"))
        if not {".ipynb_checkpoints", "_proc"} & set(path.parts)
    ]
    tasks = [one for one in found if one["name"].startswith("tasks/")]
    core = [one for one in found if one["name"].startswith(CORE)]
    chapters = [one for one in found if one not in tasks and one not in core and one["exported"]]
    fine = [group("Shared modules", core, 15), group("Tasks", tasks, 15), group("Chapters", chapters, 8)]
    limits = [f"{one['name']}: {text}" for one in found for text in broken(one)]
    for line in limits:
        print(line)
    print(f"{len(limits)} hard limits broken" if limits else "no hard limit broken")
    return 1 if limits or not all(fine) else 0


if __name__ == "__main__":
    sys.exit(main())
