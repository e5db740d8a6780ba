"""Compressed files, by their names."""

from __future__ import annotations

import gzip
import zlib
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, cast

from snowplow_tracker.bulk.inputs.zstandard import open_zstandard

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DAMAGED", "decompressed", "is_compressed", "plain_name"]

DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)
"""Errors of compressed data that is cut off or damaged."""


def _open_gzip(file: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb"))


_SUFFIXES: dict[str, Callable[[IO[bytes]], IO[bytes]]] = {
    ".gz": _open_gzip,
    ".zst": open_zstandard,
}


def is_compressed(name: str) -> bool:
    """Return whether a file of this name is compressed."""
    return PurePath(name).suffix.lower() in _SUFFIXES


def plain_name(name: str) -> str:
    """Return a file's name without the ending of its compression."""
    return PurePath(name).stem if is_compressed(name) else PurePath(name).name


def decompressed(file: IO[bytes], name: str) -> IO[bytes]:
    """Return a file that reads what is in a compressed one, or the file itself.

    Raises:
        RuntimeError: A package that decompresses it is not installed.
    """
    decompress = _SUFFIXES.get(PurePath(name).suffix.lower())
    return decompress(file) if decompress else file
