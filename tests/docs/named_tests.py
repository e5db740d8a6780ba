"""The tests that a page of the documentation names."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


def named_tests(page: str) -> list[str]:
    """Return each test, class of tests and file of tests that a page names."""
    return sorted(set(re.findall(r"`((?:tests|qa)/[^`]+)`", page)))


def is_a_test(named: str) -> bool:
    """Whether there is such a test, class of tests or file of tests."""
    path, _, name = named.partition("::")
    if not name:
        return (ROOT / path).is_file()
    is_test = name.rpartition("::")[2].startswith(("test_", "Test"))
    return is_test and (ROOT / path).is_file() and name in _names_in(path)


@cache
def _names_in(path: str) -> set[str]:
    """Every class and function of a test file, as `TestX`, `test_y` and `TestX::test_y`."""
    return set(_names(ast.parse((ROOT / path).read_text(encoding="utf-8")).body, ""))


def _names(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield prefix + node.name
        if isinstance(node, ast.ClassDef):
            yield from _names(node.body, f"{prefix}{node.name}::")
