"""Checkpoints: up to where the inputs of a load are done."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Checkpoint", "CheckpointError", "Place"]

_VERSION = 1
_HEAD_BYTES = 65_536
_STDIN = "-"


class CheckpointError(Exception):
    """A checkpoint cannot be used for these inputs. The message says why."""


class Place(NamedTuple):
    """Where a record ends.

    Attributes:
        input: Index of the input.
        line: Number of the record's last line.
        offset: Bytes up to its end. None if the input cannot be read from there.
    """

    input: int = 0
    line: int = 0
    offset: int | None = None


class Checkpoint:
    """A file that says which inputs a load has, and up to where their records have an outcome.

    Args:
        path: The file. It need not exist.
        inputs: The paths of the inputs.

    Raises:
        CheckpointError: The file cannot be read, or is that of other inputs.
    """

    def __init__(self, path: str, inputs: Sequence[str]) -> None:
        self.path = Path(path)
        self.start = Place()
        self.counts: dict[str, int] = {}
        self._inputs = [_described(name) for name in inputs]
        if self.path.exists():
            self._load()

    def _load(self) -> None:
        try:
            saved = json.loads(self.path.read_text(encoding="utf-8"))
            if saved["version"] != _VERSION:
                raise CheckpointError(f"{self.path}: of another version of this command")
            inputs, place = saved["inputs"], Place(**saved["position"])
            self.counts = {name: int(count) for name, count in saved["counts"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(f"{self.path}: not a checkpoint ({error!r})") from error
        if [each["path"] for each in inputs] != [each["path"] for each in self._inputs]:
            names = ", ".join(str(each["path"]) for each in inputs)
            raise CheckpointError(f"{self.path}: of other inputs: {names}")
        for index, each in enumerate(inputs):
            self._compare(each, is_finished=index < place.input)
        self.start = place

    @staticmethod
    def _compare(saved: dict[str, Any], *, is_finished: bool) -> None:
        name = saved["path"]
        if name == _STDIN:
            return
        size = Path(name).stat().st_size
        is_changed = size != saved["size"] if is_finished else size < saved["size"]
        if is_changed or _head(name, saved["size"]) != saved["head_sha256"]:
            raise CheckpointError(f"{name} is not the file it was")

    def save(self, place: Place, counts: dict[str, int]) -> None:
        """Write the file anew, by renaming another one.

        Args:
            place: All records up to here have an outcome.
            counts: Numbers of records of this run, by name.
        """
        total = {name: self.counts.get(name, 0) + count for name, count in counts.items()}
        content = {
            "version": _VERSION,
            "inputs": self._inputs,
            "position": place._asdict(),
            "counts": total,
        }
        temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}.tmp")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)


def _described(name: str) -> dict[str, Any]:
    if name == _STDIN:
        return {"path": name}
    status = Path(name).stat()
    return {
        "path": name,
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "head_sha256": _head(name, status.st_size),
    }


def _head(name: str, size: int) -> str:
    with Path(name).open("rb") as file:
        return sha256(file.read(min(size, _HEAD_BYTES))).hexdigest()
