"""Pages of the package's API, read from its source: nothing is imported, so no torch is needed.

A page holds what the module's `__all__` names: signatures with their types, docstrings, the comments beside parameters and fields, and links to the source."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
PACKAGE = "mmhelix_nb"


@dataclass(frozen=True)
class Module:
    """A module of the package: its dotted name, its tree, and the comments at the ends of its lines."""

    name: str
    path: str  # from the root of the repository
    tree: ast.Module
    comments: dict[int, str]

    @property
    def short(self) -> str:
        """The name without the package's."""
        return self.name.removeprefix(f"{PACKAGE}.")

    @property
    def line(self) -> str:
        """The first line of the docstring."""
        return (ast.get_docstring(self.tree) or "").split("\n", 1)[0]

    @cached_property
    def exported(self) -> list[str]:
        """The names in `__all__`, in their order."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                return ast.literal_eval(node.value)
        return []

    @cached_property
    def houses(self) -> dict[str, str]:
        """Names that the module imports from the package or defines, with their dotted names."""
        found = {name: f"{self.name}.{name}" for name in self.exported}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith(PACKAGE)):
                above = self.name.split(".")[: -node.level] if node.level else []
                origin = ".".join([*above, *filter(None, [node.module])])
                found |= {alias.asname or alias.name: f"{origin}.{alias.name}" for alias in node.names}
        return found


def read_module(path: Path, root: Path) -> Module:
    """The module at `path` of the repository `root`."""
    text = path.read_text(encoding="utf-8")
    parts = path.relative_to(root).with_suffix("").parts
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT}
    name = ".".join(parts).removesuffix(".__init__")
    return Module(name, str(path.relative_to(root)), ast.parse(text), comments)


def modules(root: Path) -> list[Module]:
    """The package's modules that export something."""
    paths = sorted(p for p in (root / PACKAGE).rglob("*.py") if p.stem != "_modidx" and "_book" not in p.parts)
    return [module for path in paths if (module := read_module(path, root)).exported]


class _Qualified(ast.NodeTransformer):
    """Writes the package's own names in full, so that they become links, and unquotes annotations."""

    def __init__(self, houses: dict[str, str]) -> None:
        self.houses = houses

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(self.houses.get(node.id, node.id))

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        quoted = isinstance(node.value, str) and re.fullmatch(r"[A-Z]\w*(\[\w+(, \w+)*\])?( \| \w+)*", node.value)
        return self.visit(ast.parse(node.value, mode="eval").body) if quoted else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        called = getattr(node.value, "id", "")
        if called == "Annotated":  # what follows the type is for the command line
            return self.visit(node.slice.elts[0])
        return node if called == "Literal" else self.generic_visit(node)


def typed(annotation: ast.expr | None, houses: dict[str, str]) -> str:
    """An annotation with the package's names in full; empty where there is none."""
    return ast.unparse(_Qualified(houses).visit(deepcopy(annotation))) if annotation else ""


def signature(node: Function, houses: dict[str, str]) -> str:
    """Parameters, their types and defaults, and what is returned."""
    args = deepcopy(node.args)
    for arg in [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, [args.vararg, args.kwarg])]:
        arg.annotation = _Qualified(houses).visit(arg.annotation) if arg.annotation else None
    returns = typed(node.returns, houses)
    return f"({ast.unparse(args)})" + (f" -> {returns}" if returns else "")


def parameters(node: Function, module: Module) -> Iterator[str]:
    """The comments beside parameters that stand in lines of their own, as fields."""
    for arg in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
        if arg.lineno > node.lineno and (said := module.comments.get(arg.end_lineno)):
            yield f":param {arg.arg}: {said}"


def patched(node: ast.stmt) -> str | None:
    """The class that a function is patched into."""
    if isinstance(node, Function) and any(getattr(one, "id", "") == "patch" for one in node.decorator_list):
        return ast.unparse(node.args.args[0].annotation).strip("'\"")
    return None


def directive(kind: str, head: str, body: list[str], depth: int = 0) -> str:
    """A MyST directive of the Python domain; `depth` counts the directives within."""
    fence = "`" * (3 + depth)
    return "\n".join([f"{fence}{{py:{kind}}} {head}", *body, fence, ""])


def option(name: str, value: str) -> str:
    """An option of a directive, whose value is read as YAML."""
    return f":{name}: {json.dumps(value, ensure_ascii=False)}"


def spot(node: ast.stmt, module: Module, blob: str) -> str:
    """A link to the lines of `node`."""
    return f"[source]({blob}/{module.path}#L{node.lineno}-L{node.end_lineno})"


def function(node: Function, module: Module, blob: str, kind: str = "function") -> str:
    """A function's entry."""
    decorators = {getattr(one, "id", "") for one in node.decorator_list}
    fields = [*parameters(node, module)]
    said = [ast.get_docstring(node) or "", "", spot(node, module, blob), "", *fields]
    if decorators & {"property", "cached_property"}:
        options = [option("type", made)] if (made := typed(node.returns, module.houses)) else []
        return directive("property", node.name, [*options, "", *said])
    options = [f":{name}:" for name in ("classmethod", "staticmethod") if name in decorators]
    return directive(kind, node.name + signature(node, module.houses), [*options, "", *said])


def value(node: ast.Assign | ast.AnnAssign, module: Module, kind: str) -> str:
    """The entry of a field or a constant; a value too long to read is left out."""
    name = ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])
    options = []
    if isinstance(node, ast.AnnAssign):
        options.append(option("type", typed(node.annotation, module.houses)))
    given = ast.unparse(node.value) if node.value else ""
    if given and len(given) <= 60 and "\n" not in given:
        options.append(option("value", given))
    return directive(kind, name, [*options, "", module.comments.get(node.end_lineno, "")])


def entry(node: ast.stmt, module: Module, blob: str) -> str:
    """The entry of a class, a function or a value."""
    if isinstance(node, Function):
        return function(node, module, blob)
    if not isinstance(node, ast.ClassDef):
        return value(node, module, "data")
    inner = []
    for one in [*node.body, *(other for other in module.tree.body if patched(other) == node.name)]:
        if isinstance(one, ast.AnnAssign):
            inner.append(value(one, module, "attribute"))
        elif isinstance(one, Function) and not one.name.startswith("_"):
            inner.append(function(one, module, blob, "method"))
    bases = f"({', '.join(map(ast.unparse, node.bases))})" if node.bases else ""
    said = ["", ast.get_docstring(node) or "", "", spot(node, module, blob), "", *inner]
    return directive("class", node.name + bases, said, depth=2)


def names_of(node: ast.stmt) -> list[str]:
    """What a statement of a module defines."""
    if isinstance(node, Function | ast.ClassDef):
        return [node.name] if not patched(node) else []
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [target.id for target in targets if isinstance(target, ast.Name)]
    return []


def module_page(module: Module, chapter: str | None, blob: str) -> str:
    """The page of a module; `chapter` is the Markdown link to the notebook that explains it."""
    defined = {name: node for node in module.tree.body for name in names_of(node)}
    entries = [entry(defined[name], module, blob) for name in module.exported if name in defined]
    opened = [f"# {module.short}", "", ast.get_docstring(module.tree) or "", ""]
    where = f"[source]({blob}/{module.path})"
    links = f"Explained in {chapter} · {where}" if chapter else where
    return "\n".join([*opened, links, "", directive("module", module.name, []), *entries])
