"""JSON text of records: with orjson if it is installed, with equal results without it."""

from __future__ import annotations

import importlib
import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from snowplow_tracker.bulk.values import refuse_constant

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DECODER", "has_long_number", "json_reader"]

_ZEROS = b"0" * 19
_DIGITS_AS_ZERO = bytes(48 if 48 <= byte < 58 else byte for byte in range(256))  # noqa: PLR2004
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def _finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {digits:.40} is too large")
    return number


DECODER = json.JSONDecoder(parse_constant=refuse_constant, parse_float=_finite_float)


def _read_exactly(data: bytes) -> Any:
    try:
        return DECODER.decode(data.removeprefix(_BYTE_ORDER_MARK).decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _read_fast(data: bytes) -> Any:
    try:
        return _loads(data)
    except ValueError:
        # What orjson refuses, such as a lone surrogate, may be all right. If not, the message is
        # the same as without orjson.
        return _read_exactly(data)


def has_long_number(data: bytes) -> bool:
    """Return whether there may be an integer that orjson would round to a float.

    That takes 20 digits. Text with as many in a row counts as well.
    """
    return _ZEROS in data.translate(_DIGITS_AS_ZERO)


_loads: Any = None
with suppress(ImportError):
    _loads = importlib.import_module("orjson").loads


def json_reader(is_exact: bool) -> Callable[[bytes], Any]:
    """Return a function that returns the value of a JSON text in UTF-8.

    Of keys that are there twice, the last counts. It raises `ValueError` if the text is no JSON,
    or not UTF-8.

    Args:
        is_exact: Whether texts may contain long numbers: see `has_long_number`.
    """
    return _read_exactly if is_exact or _loads is None else _read_fast
