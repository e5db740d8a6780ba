"""Files that Zstandard compressed."""

from __future__ import annotations

import importlib
import io
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

__all__ = ["open_zstandard"]

_BLOCK = 1 << 16


def open_zstandard(file: IO[bytes]) -> IO[bytes]:
    """Return a file that reads what is in a compressed one.

    Raises:
        RuntimeError: Neither Python nor an installed package decompresses it.
    """
    return cast("IO[bytes]", io.BufferedReader(_Frames(file, *_decompressor())))


def _decompressor() -> tuple[Callable[[], Any], type[Exception]]:
    """Return what makes a decompressor of one frame, and its error."""
    try:
        standard: Any = importlib.import_module("compression.zstd")
    except ImportError:
        pass
    else:
        return standard.ZstdDecompressor, standard.ZstdError
    try:
        package: Any = importlib.import_module("zstandard")
    except ImportError as error:
        raise RuntimeError(
            "zstandard cannot be imported: pip install 'snowplow-tracker-rs[bulk]'"
        ) from error
    return lambda: package.ZstdDecompressor().decompressobj(), package.ZstdError


class _Frames(io.RawIOBase):
    """Reads frame after frame. The reader of `zstandard` takes a file that is cut off as whole."""

    def __init__(
        self, file: IO[bytes], decompressor: Callable[[], Any], error: type[Exception]
    ) -> None:
        super().__init__()
        self._file = file
        self._decompressor = decompressor
        self._error = error
        self._frame: Any = None
        self._compressed = b""
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        while not self._plain:
            self._compressed = self._compressed or self._file.read(_BLOCK)
            if not self._compressed:
                if self._frame is not None:
                    raise EOFError("the file ends within a frame")
                return 0
            self._decompress()
        part, self._plain = self._plain[: len(view)], self._plain[len(view) :]
        view[: len(part)] = part
        return len(part)

    def _decompress(self) -> None:
        self._frame = self._frame or self._decompressor()
        try:
            self._plain = memoryview(self._frame.decompress(self._compressed))
        except self._error as error:
            raise EOFError(str(error)) from None
        self._compressed = b""
        if self._frame.eof:
            self._compressed = self._frame.unused_data
            self._frame = None
