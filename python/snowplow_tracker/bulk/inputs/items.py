"""What an input yields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from snowplow_tracker.bulk.errors import UnreadableError

__all__ = ["Item", "Start", "lossy_text"]

Item = tuple[int, int | None, Mapping[str, Any] | UnreadableError]
"""The number of a record's last line, or its own number if the format has no lines; the offset in
bytes after it, or None if the input cannot be read from an offset; the record, or why there is
none."""

_LONGEST = 10_000


class Start(NamedTuple):
    """Where reading starts.

    Attributes:
        line: How many lines, or records of a format without lines, come before.
        offset: How many bytes come before, if that is known.
    """

    line: int = 0
    offset: int | None = None


def lossy_text(data: bytes) -> str:
    """Return the beginning of a line that cannot be read, for people."""
    return data[:_LONGEST].decode("utf-8", "backslashreplace").rstrip("\r\n")
