"""Programs that both packages run, and their outcomes, as plain data that pipes can carry."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

__all__ = ["Heard", "Outcome", "Program", "Request", "StepOutcome"]

_HEADER = """\
# Run it with either package first on the path:
# PYTHONPATH={folder}:. python this_file.py
from qa.differential.stage import *

collector.answer({answers})
"""
_FOOTER = "print(*collector.take(), *inbox.take(), *heard.take(), sep='\\n')\n"


@dataclass(frozen=True)
class Program:
    """Statements that are run one by one, each on its own whatever befell the one before.

    Attributes:
        steps: The statements. They see the names of `qa.differential.stage`, and their own.
        answers: The collector's statuses, first to last; 200 from then on.
    """

    steps: tuple[str, ...]
    answers: tuple[int, ...] = ()

    def snippet(self, folder: str = "FOLDER") -> str:
        """Return a script that does the same, up to the first exception."""
        header = _HEADER.format(answers=list(self.answers), folder=folder)
        return "\n".join((header, *self.steps, _FOOTER))

    def calls(self) -> Counter[str]:
        """Count what it calls, by name and by parameter."""
        return sum((_calls(step) for step in self.steps), Counter[str]())


@lru_cache(maxsize=4096)
def _calls(step: str) -> Counter[str]:
    names: Counter[str] = Counter()
    for node in ast.walk(ast.parse(step)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            names[name] += 1
            names.update(f"{name}({keyword.arg}=)" for keyword in node.keywords)
    return names


@dataclass(frozen=True)
class Request:
    """A request that reached the collector."""

    method: str
    path: str
    content_type: str | None
    body: bytes


@dataclass(frozen=True)
class Heard:
    """A call of a callback."""

    callback: str
    sent: int | None
    events: list[Any]


@dataclass(frozen=True)
class StepOutcome:
    """What one statement did. Values are described as pairs of the type's name and the text.

    Attributes:
        raised: Name of the exception's type.
        returned: What an expression gave.
        warned: How many DeprecationWarnings it got.
        requests: What reached the collector.
        inputs: What a custom emitter was given.
        heard: What callbacks were told.
    """

    raised: str | None = None
    returned: Any = None
    warned: int = 0
    requests: list[Request] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What came of a program, one outcome a step."""

    steps: tuple[StepOutcome, ...]
