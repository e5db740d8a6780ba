"""The imports among the modules of the Python package, read from its source."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

from tests.architecture.graphs import ROOT, Import

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = "snowplow_tracker"
FOLDER = ROOT / "python" / PACKAGE


@cache
def python_imports() -> frozenset[Import]:
    """Return every import of one module of the package by another, also lazy and type-only ones.

    Modules are named relative to the package: "" is the package itself, its public face.
    """
    modules = {_name(path): path for path in FOLDER.rglob("*.py")}
    return frozenset(
        one
        for name, path in modules.items()
        for one in imports_of(name, path.read_text(encoding="utf-8"), path.name, modules)
    )


def imports_of(
    name: str, source: str, file: str, modules: dict[str, Path] | set[str]
) -> Iterator[Import]:
    """Yield the imports that the source of one module contains.

    Args:
        name: The module's name, relative to the package.
        source: Its source code.
        file: Its file's name. Relative imports start at the folder.
        modules: The names of all modules of the package.
    """
    folder = name if file == "__init__.py" else name.rpartition(".")[0]
    for node, kind in _statements(ast.parse(source), "eager"):
        for target in _targets(node, folder):
            if target in modules:
                yield Import(name, target, kind)


def _statements(node: ast.AST, kind: str) -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, kind
    elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        for branch, kind_of_branch in ((node.body, "types"), (node.orelse, kind)):
            for statement in branch:
                yield from _statements(statement, kind_of_branch)
    else:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and kind == "eager":
            kind = "lazy"
        for child in ast.iter_child_nodes(node):
            yield from _statements(child, kind)


def _targets(node: ast.Import | ast.ImportFrom, folder: str) -> Iterator[str]:
    """Yield what a statement may import: of `from x import y`, the module x, and x.y in case."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        base = node.module or ""
        if node.level:
            parts = [PACKAGE, *filter(None, folder.split("."))]
            base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [base])])
        names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
    for name in names:
        if name.partition(".")[0] == PACKAGE:
            yield name.removeprefix(PACKAGE).removeprefix(".")


def _name(path: Path) -> str:
    parts = path.relative_to(FOLDER).with_suffix("").parts
    return ".".join(parts).removesuffix("__init__").removesuffix(".")
