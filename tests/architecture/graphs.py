"""Graphs of imports: who imports whom, and whether that goes round in a circle."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).parents[2]


class Import(NamedTuple):
    """One file that imports something of another one.

    Attributes:
        importer: The importing module, relative to the root of its package.
        imported: The module that is imported; "" is the root itself.
        kind: "eager", "lazy" (within a function) or "types" (for type checkers only).
    """

    importer: str
    imported: str
    kind: str = "eager"

    def __str__(self) -> str:
        return f"{self.importer or 'the root'} -> {self.imported or 'the root'} ({self.kind})"


def circle(imports: Iterable[Import]) -> str:
    """Return one circle, such as "a -> b -> a", or "" if there is none."""
    graph: dict[str, set[str]] = {}
    for importer, imported, _ in imports:
        if importer != imported:
            graph.setdefault(importer, set()).add(imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " -> ".join(name or "the root" for name in reversed(error.args[1]))
    return ""


def merged(imports: Iterable[Import], unit: Callable[[str], str]) -> set[Import]:
    """Return the imports between units, such as folders, instead of modules."""
    return {Import(unit(one.importer), unit(one.imported), one.kind) for one in imports}


def listed(imports: Iterable[Import]) -> str:
    """Return imports one a line, for the message of an assertion."""
    return "\n".join(sorted(map(str, imports)))
