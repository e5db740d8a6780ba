"""The uses among the modules of the native crate, read from its source.

A `use` of a name that its module only re-exports counts as a use of the file that defines the name.
Modules of tests do not count.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tests.architecture.graphs import ROOT, Import

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = ROOT / "src"
# Comments, raw strings, strings and characters: whatever may contain something like a path.
_TEXT = re.compile(
    r"""//[^\n]*|/\*.*?\*/|\bb?r(#+)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\.|[^'\\])'""", re.DOTALL
)
_INLINE_MODULE = re.compile(r"\bmod\s+(\w+)\s*\{")
_USE = re.compile(r"\b(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);")
_PATH = re.compile(r"(?<![\w:])(?:\w+::)+\w+")

Module = tuple[str, ...]


class Use(NamedTuple):
    """One name that a `use` brings into a module."""

    name: str
    path: list[str]
    is_exported: bool


class File:
    """One source file, as far as paths go.

    Attributes:
        uses: Each name that a `use` brings in.
        paths: Each path in the code itself, as its segments.
    """

    def __init__(self, source: str) -> None:
        code = _without_inline_modules(_TEXT.sub(" ", source))
        self.uses = [
            Use(name, path, is_exported=bool(exported))
            for exported, tree in _USE.findall(code)
            for name, path in _leaves(re.sub(r"\s+as\s+", "@", tree))
        ]
        self.paths = [path.split("::") for path in _PATH.findall(_USE.sub(" ", code))]

    def exported(self, name: str) -> list[str] | None:
        """Return the path of a name that this file re-exports."""
        found = [use.path for use in self.uses if use.is_exported and use.name == name]
        return found[0] if found else None


def _without_inline_modules(code: str) -> str:
    """Return code without modules of tests, and with other inline modules as part of their file."""
    while found := _INLINE_MODULE.search(code):
        end, depth = found.end(), 1
        while depth:
            depth += {"{": 1, "}": -1}.get(code[end], 0)
            end += 1
        body = code[found.end() : end - 1].replace("super::", "self::")
        code = code[: found.start()] + ("" if found[1] == "tests" else body) + code[end:]
    return code


def _leaves(tree: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each name of a tree such as `a::{b, c::{self, d@e}}`, with its path."""
    prefix, brace, rest = tree.strip().partition("{")
    before = [segment for segment in re.split(r"::|\s+", prefix) if segment]
    if brace:
        for part in _split(rest[: rest.rindex("}")]):
            for name, path in _leaves(part):
                whole = [*before, *path] if path != ["self"] else before
                yield (whole[-1] if path == ["self"] else name), whole
    else:
        last, _, alias = before.pop().partition("@")
        path = [*before, last] if last != "self" or not before else before
        yield alias or path[-1], path


def _split(parts: str) -> Iterator[str]:
    """Yield what commas outside of braces separate."""
    start = depth = 0
    for place, character in enumerate(parts + ","):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and not depth:
            if parts[start:place].strip():
                yield parts[start:place]
            start = place + 1


class Crate:
    """All source files of a crate by their module's path; `()` is the root."""

    def __init__(self, sources: dict[Module, str]) -> None:
        self.files = {module: File(source) for module, source in sources.items()}

    def imports(self) -> Iterator[Import]:
        """Yield each use of another file, modules written as `json::escape`."""
        for module, file in self.files.items():
            for used in self._used(module, file):
                if used != module:
                    yield Import("::".join(module), "::".join(used))

    def _used(self, module: Module, file: File) -> Iterator[Module]:
        aliases: dict[str, Module] = {}
        for use in file.uses:
            found = self._resolve(module, use.path)
            if found is None:
                continue
            used, item = found
            if item is None:
                aliases[use.name] = used
            elif not use.is_exported:
                yield used
        for first, *rest in file.paths:
            start = aliases.get(first)
            found = self._walk(start, rest) if start is not None else None
            found = found or self._resolve(module, [first, *rest])
            if found is not None:
                yield found[0]

    def _resolve(self, module: Module, path: list[str]) -> tuple[Module, str | None] | None:
        """Return the file that a path leads to, and the item in it; None outside of the crate."""
        first, *rest = path
        if first in ("crate", "self"):
            return self._walk(() if first == "crate" else module, rest)
        if first == "super":
            parent = module[:-1]
            return self._resolve(parent, ["self", *rest])
        return self._walk(module, path) if (*module, first) in self.files else None

    def _walk(self, module: Module, path: list[str]) -> tuple[Module, str | None] | None:
        rest = list(path)
        while rest and rest[0] == "super":
            module, rest = module[:-1], rest[1:]
        while rest and (*module, rest[0]) in self.files:
            module, rest = (*module, rest[0]), rest[1:]
        item = rest[0] if rest else None
        exported = self.files[module].exported(item) if item else None
        return self._resolve(module, exported) or (module, item) if exported else (module, item)


@cache
def rust_imports() -> frozenset[Import]:
    """Return every use of one file of the crate by another."""
    sources = {_module(path): path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.rs")}
    return frozenset(Crate(sources).imports())


def _module(path: Path) -> Module:
    parts = path.relative_to(FOLDER).with_suffix("").parts
    return parts[:-1] if parts[-1] in ("lib", "mod") else parts
