"""Files of dead records, one for each attempt of a task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snowplow_tracker.bulk.report import DeadRecord

__all__ = ["DeadLetters"]


class DeadLetters:
    """Writes dead records to `PARTITION-ATTEMPT.ndjson`, which is made for the first one.

    Args:
        folder: A folder on storage that all executors share.
        partition: The number of the partition.
        attempt: The number of the attempt. A later one writes its own file.
    """

    def __init__(self, folder: str, partition: int, attempt: int) -> None:
        self._path = Path(folder, f"{partition:05}-{attempt}.ndjson")
        self._source = f"partition {partition}"
        self._file: IO[str] | None = None

    def write(self, dead: DeadRecord) -> None:
        """Write a record. It is readable as an input again."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8")
        letter: dict[str, Any] = {
            "source": self._source,
            "line": dead.place,
            "reason": dead.reason,
            "errors": list(dead.errors),
            "record": dead.record,
        }
        self._file.write(json.dumps(letter, default=str) + "\n")

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
