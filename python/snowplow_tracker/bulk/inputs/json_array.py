"""JSON: an array of records, read piece by piece, or records one after the other."""

from __future__ import annotations

import codecs
import re
from typing import IO, TYPE_CHECKING, Any

from snowplow_tracker.bulk.errors import UnreadableError
from snowplow_tracker.bulk.inputs.json_text import DECODER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowplow_tracker.bulk.inputs.items import Item, Start

__all__ = ["read_json_array"]

_BLOCK = 1 << 16
_MAX_RECORD = 1 << 24
"""Text without the end of a record is not read further than this, in characters."""
_BETWEEN = re.compile(r"[\s,\[\]]*")
_SHOWN = 1_000


class _Text:
    """The part of a file's text that has been read and is not used yet."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self.text = ""
        self.place = 0
        self.is_whole = False

    def read(self) -> None:
        """Read as much again as there is, so that a long record is not parsed over and over."""
        self.text = self.text[self.place :]
        self.place = 0
        data = self._file.read(max(_BLOCK, len(self.text)))
        self.is_whole = not data
        self.text += self._decoder.decode(data, final=self.is_whole)

    def skip(self) -> bool:
        """Go to the next value. Returns False at the end of the text."""
        while True:
            found = _BETWEEN.match(self.text, self.place)
            self.place = found.end() if found else self.place
            if self.place < len(self.text):
                return True
            if self.is_whole:
                return False
            self.read()

    def value(self) -> Any:
        """Return the value at this place, and go to its end.

        Raises:
            ValueError: There is no value, or it does not end.
        """
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.place)
            except RecursionError:
                raise ValueError("nested too deeply") from None
            except ValueError:
                if self.is_whole or len(self.text) - self.place > _MAX_RECORD:
                    raise
            else:
                # A number or a word at the end of the text may go on.
                if end < len(self.text) or self.is_whole or isinstance(value, (dict, list, str)):
                    self.place = end
                    return value
            self.read()


def read_json_array(file: IO[bytes], start: Start) -> Iterator[Item]:
    """Yield the records of a file. After text that is no JSON, the rest cannot be read."""
    text = _Text(file)
    number = 0
    try:
        while text.skip():
            number += 1
            value = text.value()
            if number <= start.line:
                continue
            if isinstance(value, dict):
                yield number, None, value
            else:
                reason = f"expected an object, not {type(value).__name__}"
                yield number, None, UnreadableError(reason, repr(value)[:_SHOWN])
    except ValueError as error:
        shown = text.text[text.place : text.place + _SHOWN]
        yield number, None, UnreadableError(f"not JSON, nor is what follows: {error}", shown)
