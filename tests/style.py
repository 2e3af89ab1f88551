"""The style of the book in numbers: statements, nesting, asserts, sections. `make style` prints them and fails where a limit is broken.

Statements are counted and not lines, so that packing lines gains nothing; a docstring is none, and the fields of a class are one together: they are a table."""

import ast
import json
import re
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

NBS = Path(__file__).resolve().parents[1] / "nbs"
CELL, FUNCTION, TASK = 25, 25, 190  # statements at most: of an export cell, of a function, of a task without a reason
CELL_MEDIAN, FUNCTION_P90 = 10, 15
BLOCKS, COMPREHENSIONS = 4, 2  # levels at most within a function; a comprehension may have that many `for`, too
NOTEBOOK_KB, SHOWN_WITHIN = 100, 2
SECTIONS = ["Rules", "State", "Solve", "Generate", "Check", "Draw & ask", "Trace", "Levels"]
REASON = "> Long because "  # opens the line in which a long task says why
SHARED = ("00", "01", "02", "10", "20", "shared/", "book/")  # notebooks that need as many asserts as the tasks
ASSERTS = {"shared": 16, "tasks": 16, "chapters": 8}  # per 100 exported statements
ASSERT = re.compile(r"^\s*(?:for .*: |with .*: )?(?:assert\b|test_\w+\()", re.MULTILINE)

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Block = ast.For | ast.AsyncFor | ast.While | ast.If | ast.With | ast.AsyncWith | ast.Try | ast.Match


def is_docstring(node: ast.stmt) -> bool:
    """Whether a statement is a text alone."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def statements(tree: ast.AST) -> int:
    """The number of statements in `tree`; the fields of a class are one."""
    found = 0
    for node in ast.walk(tree):
        found += isinstance(node, ast.stmt) and not is_docstring(node)
        if isinstance(node, ast.ClassDef):
            found -= max(0, sum(isinstance(one, ast.AnnAssign | ast.Assign) for one in node.body) - 1)
    return found


def comprehensions(node: ast.AST) -> int:
    """How deep comprehensions are nested in `node`."""
    return isinstance(node, Comprehension) + max(map(comprehensions, ast.iter_child_nodes(node)), default=0)


def blocks(node: ast.AST) -> int:
    """How deep blocks are nested in `node`; an `elif` is no deeper than its `if`, and a function within starts again."""
    deepest = 0
    for field, value in ast.iter_fields(node):
        chain = isinstance(node, ast.If) and field == "orelse" and len(value) == 1 and isinstance(value[0], ast.If)
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, Function | ast.ClassDef):
                deepest = max(deepest, blocks(child) - chain)
    return deepest + isinstance(node, Block)


@dataclass(frozen=True)
class Notebook:
    """What is measured of one notebook."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(NBS))

    @cached_property
    def sources(self) -> list[tuple[str, str]]:
        """Kind and text of each cell."""
        cells = json.loads(self.path.read_text(encoding="utf-8"))["cells"]
        return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]

    @cached_property
    def exports(self) -> dict[int, ast.Module]:
        """The cells that are exported, by their place."""
        return {
            place: ast.parse(source)
            for place, (kind, source) in enumerate(self.sources)
            if kind == "code" and source.startswith("#| export")
        }

    @cached_property
    def cells(self) -> list[ast.Module]:
        """The exported cells that hold more than imports and constants."""
        return [
            tree for tree in self.exports.values() if any(isinstance(one, Function | ast.ClassDef) for one in tree.body)
        ]

    @cached_property
    def functions(self) -> list[Function]:
        return [node for tree in self.cells for node in ast.walk(tree) if isinstance(node, Function)]

    @property
    def public(self) -> list[Function | ast.ClassDef]:
        """The functions and classes that others may use."""
        found = [node for tree in self.cells for node in tree.body if isinstance(node, Function | ast.ClassDef)]
        return [node for node in found if not node.name.startswith("_")]

    @cached_property
    def statements(self) -> int:
        return sum(map(statements, self.exports.values()))

    @property
    def asserts(self) -> int:
        """Asserts in cells that are not exported."""
        shown = [
            source for place, (kind, source) in enumerate(self.sources) if kind == "code" and place not in self.exports
        ]
        return sum(len(ASSERT.findall(source)) for source in shown)

    @property
    def unseen(self) -> int:
        """Exported cells, but for the last, that no cell runs soon after."""
        runs = [kind == "code" and not source.startswith("#|") for kind, source in self.sources]
        places = [place for place, tree in self.exports.items() if tree in self.cells and place != max(self.exports)]
        return sum(not any(runs[place + 1 : place + 2 + SHOWN_WITHIN]) for place in places)

    @property
    def prose(self) -> list[str]:
        """The lines that are no code."""
        return [line for kind, source in self.sources if kind == "markdown" for line in source.splitlines()]

    @property
    def group(self) -> str:
        """Which of the three kinds of notebooks it is."""
        return "tasks" if self.name.startswith("tasks/") else "shared" if self.name.startswith(SHARED) else "chapters"


def too_big(one: Notebook) -> list[str]:
    """Cells, functions and files over their limits."""
    found = [
        f"an export cell of {n} statements (at most {CELL})" for tree in one.cells if (n := statements(tree)) > CELL
    ]
    for function in one.functions:
        if (n := statements(function) - 1) > FUNCTION:
            found.append(f"{function.name} has {n} statements (at most {FUNCTION})")
    if (size := one.path.stat().st_size / 1024) > NOTEBOOK_KB:
        found.append(f"{size:.0f} KB (at most {NOTEBOOK_KB})")
    return found


def too_deep(one: Notebook) -> list[str]:
    """Functions whose blocks or comprehensions are nested too deeply."""
    found = []
    for function in one.functions:
        if (n := max(map(blocks, function.body))) > BLOCKS:
            found.append(f"{function.name} nests {n} blocks (at most {BLOCKS})")
        if (n := max(map(comprehensions, function.body))) > COMPREHENSIONS:
            found.append(f"{function.name} nests {n} comprehensions (at most {COMPREHENSIONS})")
    for tree in one.exports.values():
        most = max((len(node.generators) for node in ast.walk(tree) if isinstance(node, Comprehension)), default=0)
        if most > COMPREHENSIONS:
            found.append(f"a comprehension has {most} times `for` (at most {COMPREHENSIONS})")
    return found


def out_of_shape(one: Notebook) -> list[str]:
    """What a task's notebook lacks."""
    if one.group != "tasks":
        return []
    sections = [line[3:].strip() for line in one.prose if line.startswith("## ")]
    found = [] if sections == SECTIONS else [f"sections {', '.join(sections)}; wanted {', '.join(SECTIONS)}"]
    reasons = [line for line in one.prose if line.startswith(REASON)]
    if one.statements > TASK and not reasons:
        found.append(f"{one.statements} statements (over {TASK}) and no line that begins with `{REASON.strip()}`")
    if one.statements <= TASK and reasons:
        found.append(f"says why it is long, and is not: {one.statements} statements (at most {TASK})")
    return found


def same_number(books: list[Notebook]) -> list[str]:
    """Numbers that two notebooks of the same folder have."""
    numbers = Counter((one.path.parent, one.path.name[:2]) for one in books if one.path.name[:2].isdigit())
    return [f"number {number} stands before {n} notebooks" for (_, number), n in numbers.items() if n > 1]


def spread(values: list[int]) -> str:
    """Median, 90th percentile and maximum."""
    ordered = sorted(values)
    return f"median {median(ordered):.0f}, p90 {p90(ordered)}, max {ordered[-1]}"


def p90(values: list[int]) -> int:
    return sorted(values)[int(0.9 * (len(values) - 1))]


def group(name: str, books: list[Notebook]) -> list[str]:
    """Print a group's figures; what it lacks as a whole."""
    cells = [statements(tree) for one in books for tree in one.cells]
    functions = [statements(node) - 1 for one in books for node in one.functions]
    total, documented = sum(one.statements for one in books), [node for one in books for node in one.public]
    density = 100 * sum(one.asserts for one in books) / total
    known = sum(ast.get_docstring(node) is not None for node in documented)
    print(f"{name} ({len(books)} notebooks, {total:,} exported statements)")
    print(f"  a notebook               {spread([one.statements for one in books])}")
    print(f"  an export cell           {spread(cells)}   (median at most {CELL_MEDIAN}, none over {CELL})")
    print(f"  a function               {spread(functions)}   (p90 at most {FUNCTION_P90}, none over {FUNCTION})")
    print(f"  asserts per 100          {density:.1f}   (at least {ASSERTS[name]})")
    print(f"  cells not shown at once  {sum(one.unseen for one in books)}   (no run within {SHOWN_WITHIN} cells)")
    print(f"  public names documented  {100 * known / len(documented):.0f} %\n")
    return [
        *([f"{name}: {density:.1f} asserts per 100 statements"] if density < ASSERTS[name] else []),
        *([f"{name}: the median cell has {median(cells)} statements"] if median(cells) > CELL_MEDIAN else []),
        *([f"{name}: p90 of functions is {p90(functions)} statements"] if p90(functions) > FUNCTION_P90 else []),
    ]


def main() -> int:
    """Print the figures; exit code 1 where a limit is broken."""
    paths = [path for path in sorted(NBS.rglob("*.ipynb")) if not {".ipynb_checkpoints", "_proc"} & set(path.parts)]
    books = [one for one in map(Notebook, paths) if one.exports]
    found = [text for name in ASSERTS for text in group(name, [one for one in books if one.group == name])]
    found += same_number([Notebook(path) for path in paths])
    found += [
        f"{one.name}: {text}" for one in books for check in (too_big, too_deep, out_of_shape) for text in check(one)
    ]
    long = [one for one in books if one.group == "tasks" and one.statements > TASK]
    print(f"{len(long)} tasks of more than {TASK} statements: {', '.join(one.path.stem for one in long)}")
    print("\n".join(found) if found else "no limit broken")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
