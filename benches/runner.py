"""Sides as processes of their own, and rounds by turns of which the least time counts."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from typing_extensions import Self

__all__ = [
    "DIFFERENT",
    "PEERS",
    "ROOT",
    "OutputMismatchError",
    "Request",
    "Target",
    "check_payloads",
    "interleaved",
    "original",
    "peers",
]

ROOT = Path(__file__).parents[1]
PEERS = Path(sys.prefix, "peers")
DIFFERENT = ("eid", "dtm", "tv")

Request = tuple[Any, ...]


class OutputMismatchError(Exception):
    """Two targets made different outputs: their times say nothing."""


class Target:
    """A process that serves the tasks of one module of `benches.targets`.

    Args:
        name: What the tables call it.
        module: The module, and its arguments.
        package_path: Folder of the packages that it imports before those of the environment.
    """

    def __init__(self, name: str, *module: str, package_path: Path | None = None) -> None:
        self.name = name
        paths = [str(path) for path in (package_path, ROOT) if path]
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"benches.targets.{module[0]}", *module[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": "0"},
        )

    def call(self, *request: Any) -> Any:
        """Have a task done; return its answer."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process has no pipes")
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the target ended in the middle of a request: {self.name}")
        return json.loads(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate()


def original(version: str) -> Path:
    """Return the folder of a version of snowplow-tracker, which make installs."""
    return _installed(Path(sys.prefix, "originals", version))


def peers() -> Path:
    """Return the folder of the JSON and base64 libraries, which make installs."""
    return _installed(PEERS)


def _installed(folder: Path) -> Path:
    if not folder.exists():
        raise SystemExit(f"not installed: {folder}. Run: make bench")
    return folder


def interleaved(requests: Sequence[tuple[Target, Request]], rounds: int) -> dict[str, float]:
    """Return the least that each target answers, of rounds by turns."""
    least = {target.name: float("inf") for target, _ in requests}
    for _ in range(rounds):
        for target, request in requests:
            least[target.name] = min(least[target.name], target.call(*request))
    return least


def check_payloads(targets: Sequence[Target], name: str, number: int) -> None:
    """Raise a OutputMismatchError unless the targets make the same fields of an event.

    A target that only encodes has no others than those; all but `eid`, `dtm` and `tv` count, and
    JSON by what it means.
    """
    first, *others = [_meaning(target.call("payload", name, number)) for target in targets]
    for target, meaning in zip(targets[1:], others, strict=True):
        is_partial = meaning.keys() <= {"ue_px", "cx"}
        expected = {field: first.get(field) for field in meaning} if is_partial else first
        if meaning != expected:
            raise OutputMismatchError(f"{target.name}: another payload of {name} {number}")


def _meaning(payload: dict[str, Any]) -> dict[str, Any]:
    return dict(_fields(payload))


def _fields(payload: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in payload.items():
        if name in {"ue_px", "cx"}:
            yield name, json.loads(base64.urlsafe_b64decode(value))
        elif name not in DIFFERENT:
            yield name, value
