"""Which room may import which: dependencies run one way."""

import ast
from pathlib import Path

import pytest

import mmhelix_nb

PACKAGE = Path(mmhelix_nb.__file__).parent
ROOMS = (  # a module imports from its own room and from those above; a chapter counts to the room that it teaches
    ("contract", "core replies answers steps"),
    ("shared", "shared"),
    ("book", "book"),
    ("tasks", "algorithms graphs puzzles games"),
    ("benchmark", "benchmark generators verifiers"),
    ("doors", "doors"),
    ("traces", "traces serg"),
    ("training", "training sft ahpo"),
    ("measuring", "evaluation ablations reporting"),
    ("running", "running"),
    ("claims", "claims"),
)
RANK = {part: rank for rank, (_, parts) in enumerate(ROOMS) for part in parts.split()}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in ("__init__.py", "_modidx.py"))


def name(path: Path) -> str:
    """The dotted name of a module within the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def only_for_types(node: ast.AST) -> bool:
    """Whether a block is read by type checkers and never run."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def run_nodes(node: ast.AST):
    """All nodes that may run, those within functions too."""
    for child in ast.iter_child_nodes(node):
        if not only_for_types(child):
            yield child
            yield from run_nodes(child)


def source(module: str, node: ast.ImportFrom) -> str:
    """Where `from X import y` within `module` looks, as a dotted name within the package; empty for other packages."""
    if not node.level:
        return node.module.removeprefix("mmhelix_nb").removeprefix(".") if is_ours(node.module) else ""
    return ".".join([*module.split(".")[: -node.level], *([node.module] if node.module else [])])


def is_ours(module: str) -> bool:
    return module.split(".")[0] == "mmhelix_nb"


def imported(path: Path) -> set[str]:
    """The modules of the package that a module imports, wherever in it."""
    found = set()
    for node in run_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name.removeprefix("mmhelix_nb.") for one in node.names if is_ours(one.name)}
        elif isinstance(node, ast.ImportFrom) and (node.level or is_ours(node.module)):
            base = source(name(path), node)
            parts = {f"{base}.{one.name}".strip(".") for one in node.names}
            found |= {part if part in NAMES else base for part in parts}
    return found & NAMES


NAMES = {name(path) for path in MODULES}
IMPORTS = {name(path): imported(path) for path in MODULES}


def test_every_module_has_a_room():
    assert {module.split(".")[0] for module in NAMES} == RANK.keys()


@pytest.mark.parametrize("module", sorted(NAMES))
def test_dependencies_run_one_way(module):
    rank = RANK[module.split(".")[0]]
    assert {other for other in IMPORTS[module] if RANK[other.split(".")[0]] > rank} == set()


def test_no_task_imports_another():
    tasks = {module for module in NAMES if ROOMS[RANK[module.split(".")[0]]][0] == "tasks"}
    assert {module: found for module in tasks if (found := IMPORTS[module] & tasks)} == {}


def test_nothing_goes_round():
    left = dict(IMPORTS)
    while free := [module for module, others in left.items() if not others & left.keys()]:
        for module in free:
            del left[module]
    assert sorted(left) == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_binds_a_name_once(path):
    """Two cells of a notebook that use one private name would take each other's."""
    bound = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.append(node.name)
        elif isinstance(node, ast.Assign):
            bound += [target.id for target in node.targets if isinstance(target, ast.Name)]
    assert len(bound) == len(set(bound)), [one for one in bound if bound.count(one) > 1]
