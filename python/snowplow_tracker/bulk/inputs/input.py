"""`open_input`: a file as records."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, cast

from snowplow_tracker.bulk.errors import UnreadableError
from snowplow_tracker.bulk.inputs.compression import (
    DAMAGED,
    decompressed,
    is_compressed,
    plain_name,
)
from snowplow_tracker.bulk.inputs.delimited import read_csv, read_enriched, read_tsv
from snowplow_tracker.bulk.inputs.items import Item, Start
from snowplow_tracker.bulk.inputs.json_array import read_json_array
from snowplow_tracker.bulk.inputs.ndjson import read_ndjson
from snowplow_tracker.bulk.inputs.parquet import read_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from snowplow_tracker._native import EncodedLines, LineEncoder

__all__ = ["FORMATS", "Input", "Item", "open_input"]

FORMATS: dict[str, Callable[[IO[bytes], Start], Iterator[Item | EncodedLines]]] = {
    "ndjson": read_ndjson,
    "json": read_json_array,
    "csv": read_csv,
    "tsv": read_tsv,
    "parquet": read_parquet,
    "enriched-tsv": read_enriched,
}
"""Readers by the names of formats."""
_SUFFIXES = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_WITH_OFFSETS = frozenset(("ndjson", "csv", "tsv", "enriched-tsv"))
_STDIN = "-"


class Input:
    """An open file. Iterating over it yields an `Item` for each record. Use it with `with`.

    Attributes:
        name: The path as given, "-" for standard input.
        format: A key of `FORMATS`.
        size: The size of the file in bytes, or None if that is not known.
        has_offsets: Whether reading can start at an offset. If not, it starts by skipping lines.
    """

    def __init__(self, file: IO[bytes], name: str, format: str, start: Start) -> None:
        self.name = name
        self.format = format
        self._file = file
        self.size = _size(file)
        self._reads_compressed = is_compressed(name)
        is_plain = self.size is not None and not self._reads_compressed
        self.has_offsets = is_plain and format in _WITH_OFFSETS
        self._start = start if self.has_offsets else Start(start.line)

    def position(self) -> int:
        """Return how many bytes of the file have been read, compressed ones if it is compressed."""
        try:
            return self._file.tell()
        except (OSError, ValueError):
            return 0

    def __iter__(self) -> Iterator[Item]:
        return cast("Iterator[Item]", self.items(None))

    def items(self, encoder: LineEncoder | None) -> Iterator[Item | EncodedLines]:
        """Yield what iterating does, but consecutive lines that an encoder can encode together.

        Args:
            encoder: For NDJSON. None: each line is an item of its own.
        """
        file = decompressed(self._file, self.name)
        read = FORMATS[self.format]
        if self.format == "ndjson" and encoder is not None:
            read = partial(read_ndjson, encoder=encoder)
        start = self._start
        if start.offset and self.format not in {"csv", "tsv"}:
            # The others need their header first.
            file.seek(start.offset)
        elif start.line and start.offset is None and self.format in {"ndjson", "enriched-tsv"}:
            for _ in range(start.line):
                file.readline()
        if not self._reads_compressed:
            yield from read(file, start)
            return
        last = start.line
        try:
            for item in read(file, start):
                last = item[0] if isinstance(item, tuple) else item.last_line
                yield item
        except DAMAGED as error:
            yield last + 1, None, UnreadableError(f"damaged, nothing more can be read: {error}")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def open_input(
    source: str | os.PathLike[str] | IO[bytes],
    format: str | None = None,
    *,
    line: int = 0,
    offset: int | None = None,
) -> Input:
    """Open a file with records.

    Args:
        source: A path, "-" for standard input, or a binary file, which is closed in the end. A
            path that ends in `.gz` or `.zst` is decompressed.
        format: A key of `FORMATS`. Default None: by the name of the file, else "ndjson".
        line: How many lines, or records of JSON and Parquet, are skipped. Default 0.
        offset: The offset in bytes after these lines, as an `Item` says it. Default None.

    Raises:
        OSError: The file cannot be opened.
        ValueError: The format is unknown.
    """
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
    else:
        name = str(getattr(source, "name", _STDIN))
    chosen = format or _SUFFIXES.get(PurePath(plain_name(name)).suffix.lower(), "ndjson")
    if chosen not in FORMATS:
        raise ValueError(f"unknown format {chosen!r}, expected one of {', '.join(FORMATS)}")
    return Input(_opened(source), name, chosen, Start(line, offset))


def _opened(source: str | os.PathLike[str] | IO[bytes]) -> IO[bytes]:
    if not isinstance(source, (str, os.PathLike)):
        return source
    if os.fspath(source) == _STDIN:
        # A duplicate, since the program may go on using its standard input.
        return os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    return Path(source).open("rb")


def _size(file: IO[bytes]) -> int | None:
    try:
        return os.fstat(file.fileno()).st_size if file.seekable() else None
    except (AttributeError, OSError, ValueError):
        return None
