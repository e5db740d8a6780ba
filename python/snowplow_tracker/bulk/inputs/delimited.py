"""CSV and TSV: a line with the names of the columns, and a row for each record."""

from __future__ import annotations

import csv
from typing import IO, TYPE_CHECKING

from snowplow_tracker._canonical_event import COLUMNS
from snowplow_tracker.bulk.errors import UnreadableError
from snowplow_tracker.bulk.inputs.items import Item, Start, lossy_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["read_csv", "read_enriched", "read_tsv"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class _Lines:
    """The lines of a file as text. Counts bytes, and remembers a line that is not UTF-8."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.number = 0
        self.offset = 0
        self.wrong: bytes | None = None
        self.last = b""

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self.offset += len(line)
            self.number += 1
            self.last = line
            if self.number == 1:
                line = line.removeprefix(_BYTE_ORDER_MARK)  # noqa: PLW2901
            try:
                yield line.decode()
            except UnicodeDecodeError:
                self.wrong = line
                yield line.decode("utf-8", "replace")


def read_csv(file: IO[bytes], start: Start) -> Iterator[Item]:
    """Yield the rows of a CSV file (RFC 4180). An empty field is None."""
    return _rows(file, start, ",")


def read_tsv(file: IO[bytes], start: Start) -> Iterator[Item]:
    """Yield the rows of a file whose columns tabs separate. Fields may be quoted as in CSV."""
    return _rows(file, start, "\t")


def _rows(file: IO[bytes], start: Start, delimiter: str) -> Iterator[Item]:
    lines = _Lines(file)
    reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
    header: list[str] = []
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield lines.number, lines.offset, UnreadableError(str(error), lossy_text(lines.last))
            continue
        if row is None:
            return
        if not header:
            header = row
            if start.offset is not None and start.line > lines.number:
                file.seek(start.offset)
                lines.number, lines.offset = start.line, start.offset
        elif row and lines.number > start.line:
            yield lines.number, lines.offset, _record(header, row, lines)
        lines.wrong = None


def _record(
    header: list[str], row: list[str], lines: _Lines
) -> dict[str, str | None] | UnreadableError:
    if lines.wrong is not None:
        return UnreadableError("not UTF-8", lossy_text(lines.wrong))
    if len(row) != len(header):
        reason = f"{len(row)} fields, but the header has {len(header)}"
        return UnreadableError(reason, lossy_text(lines.last))
    if "" in row:
        return dict(zip(header, [field or None for field in row], strict=True))
    return dict(zip(header, row, strict=True))


def read_enriched(file: IO[bytes], start: Start) -> Iterator[Item]:
    """Yield the events of a file as Snowplow's enrichment writes it: 131 columns, no header."""
    number, offset = start.line, start.offset or 0
    for line in file:
        number += 1
        offset += len(line)
        if line.isspace():
            continue
        try:
            fields = line.decode().rstrip("\r\n").split("\t")
        except UnicodeDecodeError:
            yield number, offset, UnreadableError("not UTF-8", lossy_text(line))
            continue
        if len(fields) != len(COLUMNS):
            reason = f"{len(fields)} columns, an enriched event has {len(COLUMNS)}"
            yield number, offset, UnreadableError(reason, lossy_text(line))
        else:
            cells = zip(COLUMNS, fields, strict=True)
            yield number, offset, {column: field for column, field in cells if field}
