"""Targets, which are processes of their own, and interleaved rounds of calls to them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Protocol

    from typing_extensions import Self

    class Runnable(Protocol):
        """A `Target`, or a `Program`, which is a new process for each call."""

        @property
        def name(self) -> str: ...
        def call(self, task: str, *arguments: Any) -> Any: ...


__all__ = [
    "DIFFERENT",
    "PEERS",
    "ROOT",
    "Call",
    "OutputMismatchError",
    "Process",
    "Program",
    "Target",
    "check_payloads",
    "interleaved",
    "original",
    "peers",
]

ROOT = Path(__file__).parents[1]
PEERS = Path(sys.prefix, "peers")
# These fields differ from event to event, or from tracker to tracker.
DIFFERENT = ("eid", "dtm", "tv")

Call = tuple[Any, ...]  # the name of a task and its arguments


class OutputMismatchError(Exception):
    """Two targets produced different outputs, so their times cannot be compared."""


class Process:
    """A process that runs tasks: each is a line of JSON on its standard input.

    Args:
        name: Its name in the results.
        command: What to start.
        environment: Its variables. Default: those of this process.
    """

    def __init__(
        self, name: str, command: list[str], environment: Mapping[str, str] = os.environ
    ) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=dict(environment)
        )

    def call(self, task: str, *arguments: Any) -> Any:
        """Run a task in the process and return its result. Both must be representable as JSON."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process has no pipes")
        self._process.stdin.write(json.dumps([task, *arguments]).encode() + b"\n")
        self._process.stdin.flush()
        result = self._process.stdout.readline()
        if not result:
            raise RuntimeError(f"the process of target {self.name!r} ended during {task!r}")
        return json.loads(result)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate()


class Target(Process):
    """A process that runs the tasks of one module of `benches.targets`.

    Args:
        name: Its name in the results.
        module: The module's name, followed by its command-line arguments.
        package_path: A folder of packages that take precedence over the environment's. Default
            None.
        interpreter: The CPython of the process. Default: this one.
    """

    def __init__(
        self,
        name: str,
        *module: str,
        package_path: Path | None = None,
        interpreter: str = sys.executable,
    ) -> None:
        paths = [str(path) for path in (package_path, ROOT) if path]
        variables = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": "0"}
        command = [interpreter, "-m", f"benches.targets.{module[0]}", *module[1:]]
        super().__init__(name, command, {**os.environ, **variables})


@dataclass(frozen=True)
class Program:
    """What a process of a target runs.

    Attributes:
        name: Its name in the results.
        module: The arguments of `Target`: a module of `benches.targets`, and what follows it.
        folder: Packages that take precedence over those of the environment. None for none.
    """

    name: str
    module: tuple[str, ...]
    folder: Path | None

    def open(self) -> Target:
        """Start a new process."""
        return Target(self.name, *self.module, package_path=self.folder)

    def call(self, task: str, *arguments: Any) -> Any:
        """Run a task in a new process, whose memory nothing has used before."""
        with self.open() as target:
            return target.call(task, *arguments)


def original(version: str) -> Path:
    """Return the folder that the Makefile installs this version of snowplow-tracker into."""
    return _installed(Path(sys.prefix, "originals", version))


def peers() -> Path:
    """Return the folder that the Makefile installs the JSON and base64 libraries into."""
    return _installed(PEERS)


def _installed(folder: Path) -> Path:
    if not folder.exists():
        raise SystemExit(f"not installed: {folder}. Run: make bench")
    return folder


def interleaved(calls: Sequence[tuple[Runnable, Call]], rounds: int) -> dict[str, float]:
    """Return the minimum result of each target.

    A round calls each target once, one after the other, so that a change of the machine's speed
    affects all of them. A `Program` among them is a new process in each round.
    """
    least = {target.name: float("inf") for target, _ in calls}
    for _ in range(rounds):
        for target, call in calls:
            least[target.name] = min(least[target.name], target.call(*call))
    return least


def check_payloads(targets: Sequence[Target], name: str, number: int) -> None:
    """Check that all targets produce the same fields for an event.

    The fields of `DIFFERENT` are ignored, and encoded JSON is compared after decoding. A target
    that is only a JSON library produces just the encoded fields; only these are compared then.

    Args:
        targets: The first one is what the others are compared with.
        name: A kind of event: see `benches.targets.tracker.tracking`.
        number: Its parameter, such as the number of contexts.

    Raises:
        OutputMismatchError: A target's fields differ.
    """
    first, *others = [_decoded(target.call("payload", name, number)) for target in targets]
    for target, fields in zip(targets[1:], others, strict=True):
        is_partial = fields.keys() <= {"ue_px", "cx"}
        expected = {field: first.get(field) for field in fields} if is_partial else first
        if fields != expected:
            raise OutputMismatchError(f"{target.name}: a different payload of {name} {number}")


def _decoded(payload: dict[str, Any]) -> dict[str, Any]:
    return dict(_comparable_fields(payload))


def _comparable_fields(payload: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in payload.items():
        if name in {"ue_px", "cx"}:
            yield name, json.loads(base64.urlsafe_b64decode(value))
        elif name not in DIFFERENT:
            yield name, value
