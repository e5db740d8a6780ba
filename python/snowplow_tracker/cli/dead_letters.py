"""The file of dead letters: one JSON object a line, which is a record as well."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker.bulk import DeadRecord

__all__ = ["DeadLetterError", "DeadLetters", "default_path"]


class DeadLetterError(Exception):
    """A dead letter cannot be written."""


class DeadLetters:
    """Appends dead records to a file, which is made for the first one.

    A letter is in the file as a whole or not at all. It is handed to the system at once, so the
    end of the process loses none.

    Args:
        path: The file.
        source_of: Returns the name of the input and the line of a record's place.
    """

    def __init__(self, path: str, source_of: Callable[[Any], tuple[str, int | None]]) -> None:
        self.path = path
        self.count = 0
        self._source_of = source_of
        self._file: int | None = None

    def add(self, dead: DeadRecord) -> None:
        """Append a record.

        Raises:
            DeadLetterError: It cannot be written.
        """
        source, line = self._source_of(dead.place)
        letter = {
            "source": source,
            "line": line,
            "reason": dead.reason,
            "errors": list(dead.errors),
            "record": dead.record,
        }
        data = json.dumps(letter, default=str, ensure_ascii=False).encode(errors="replace") + b"\n"
        try:
            self._append(data)
        except OSError as error:
            problem = error.strerror or error
            raise DeadLetterError(f"cannot write {self.path}: {problem}") from error
        self.count += 1

    def _append(self, data: bytes) -> None:
        if self._file is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._file = os.open(self.path, flags, 0o666)
        size = os.fstat(self._file).st_size
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            if written:
                os.ftruncate(self._file, size)
            raise

    def sync(self) -> None:
        """Have the disk store what was written."""
        if self._file is not None:
            os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def default_path() -> str:
    """Return the name of today's file."""
    return f"dead-letter-{datetime.now(timezone.utc):%Y-%m-%d}.ndjson"
