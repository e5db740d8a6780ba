"""NDJSON: one JSON object a line."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from snowplow_tracker.bulk.errors import UnreadableError
from snowplow_tracker.bulk.inputs.items import Item, Start, lossy_text
from snowplow_tracker.bulk.inputs.json_text import has_long_number, json_reader

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["read_ndjson"]

_BLOCK = 1 << 18
_MAX_LINE = 1 << 26
"""Of a longer line, only the beginning is kept. An event is a million bytes at most."""


def read_ndjson(file: IO[bytes], start: Start) -> Iterator[Item]:
    """Yield the records of a file. Empty lines are skipped, but counted."""
    number, offset = start.line, start.offset or 0
    for lines, is_exact, dropped in _blocks(file):
        read = json_reader(is_exact)
        offset += dropped
        for line in lines:
            number += 1
            offset += len(line)
            if line.isspace():
                continue
            try:
                record = read(line)
            except ValueError as error:
                yield number, offset, UnreadableError(f"not JSON: {error}", lossy_text(line))
                continue
            if type(record) is dict:
                yield number, offset, record
            else:
                reason = f"expected an object, not {type(record).__name__}"
                yield number, offset, UnreadableError(reason, lossy_text(line))


def _blocks(file: IO[bytes]) -> Iterator[tuple[list[bytes], bool, int]]:
    """Yield whole lines, whether they may contain long numbers, and how many bytes were dropped.

    Of a line that is too long, only the beginning is kept, which is no JSON.
    """
    # `read` would wait until a pipe has filled the whole block.
    read = getattr(file, "read1", file.read)
    rest, dropped = b"", 0
    while block := read(_BLOCK):
        if len(rest) >= _MAX_LINE:
            end = block.find(b"\n") + 1
            dropped += end or len(block)
            if not end:
                continue
            yield [rest], True, dropped
            rest, dropped, block = b"", 0, block[end:]
        rest += block
        if b"\n" in block:
            lines = rest.splitlines(keepends=True)
            is_exact = has_long_number(rest)
            rest = b"" if rest.endswith(b"\n") else lines.pop()
            yield lines, is_exact, 0
    if rest:
        yield [rest], True, dropped
