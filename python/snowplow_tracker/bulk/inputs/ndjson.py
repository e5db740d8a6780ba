"""NDJSON: one JSON object a line."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from snowplow_tracker.bulk.errors import UnreadableError
from snowplow_tracker.bulk.inputs.items import Item, Start, lossy_text
from snowplow_tracker.bulk.inputs.json_text import has_long_number, json_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from snowplow_tracker._native import EncodedLines, LineEncoder

__all__ = ["read_ndjson"]

_BLOCK = 1 << 16
_MAX_LINE = 1 << 26
"""Of a longer line, only the beginning is kept. An event is a million bytes at most."""
_MAX_RUN = 500
"""Lines that are encoded at once. Other threads may send meanwhile."""
_LONG_RUN = 8
_MAX_PATIENCE = 256


def read_ndjson(
    file: IO[bytes], start: Start, encoder: LineEncoder | None = None
) -> Iterator[Item | EncodedLines]:
    """Yield the records of a file. Empty lines are skipped, but counted.

    Args:
        file: The file.
        start: Where to start.
        encoder: Encodes usual lines, which are yielded together. Default None: each is an item.
    """
    lines = _Lines(start, encoder)
    for block, dropped in _blocks(file):
        if dropped:
            lines.offset += dropped
            yield from lines.one_by_one([block], json_reader(is_exact=True))
        else:
            yield from lines.read(block)


class _Lines:
    """Reads lines, and counts them.

    Attributes:
        number: Number of lines so far.
        offset: Number of bytes so far.
    """

    def __init__(self, start: Start, encoder: LineEncoder | None) -> None:
        self.number = start.line
        self.offset = start.offset or 0
        self._encoder = encoder
        self._patience = 1

    def read(self, block: bytes) -> Iterator[Item | EncodedLines]:
        """Yield the records of whole lines."""
        start, reader = self.offset, None
        while (at := self.offset - start) < len(block):
            end = len(block)
            if self._encoder is not None:
                run = self._encoder.encode(block, at, _MAX_RUN, self.number, self.offset)
                self.number, self.offset = run.last_line, run.end_offset
                if run:
                    yield run
                at = self.offset - start
                if len(run) == _MAX_RUN or at == end:
                    continue
                end = self._end_of_unusual(block, at, len(run))
            reader = reader or json_reader(has_long_number(block))
            yield from self.one_by_one(block[at:end].splitlines(keepends=True), reader)

    def _end_of_unusual(self, block: bytes, at: int, before: int) -> int:
        """Return up to where lines are read one by one, the first of which is not usual.

        The more lines are not usual, the later the encoder tries again.
        """
        self._patience = 1 if before >= _LONG_RUN else min(2 * self._patience, _MAX_PATIENCE)
        for _ in range(self._patience):
            at = block.find(b"\n", at) + 1
            if not at:
                return len(block)
        return at

    def one_by_one(self, lines: Iterable[bytes], read: Callable[[bytes], Any]) -> Iterator[Item]:
        """Yield the record of each line."""
        for line in lines:
            self.number += 1
            self.offset += len(line)
            if line.isspace():
                continue
            try:
                record = read(line)
            except ValueError as error:
                reason = f"not JSON: {error}"
                yield self.number, self.offset, UnreadableError(reason, lossy_text(line))
                continue
            if type(record) is dict:
                yield self.number, self.offset, record
            else:
                reason = f"expected an object, not {type(record).__name__}"
                yield self.number, self.offset, UnreadableError(reason, lossy_text(line))


def _blocks(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield whole lines, and how many bytes were dropped.

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
            yield rest, dropped
            rest, dropped, block = b"", 0, block[end:]
        if end := block.rfind(b"\n") + 1:
            yield rest + block[:end], 0
            rest = block[end:]
        else:
            rest += block
    if rest:
        yield rest, dropped
