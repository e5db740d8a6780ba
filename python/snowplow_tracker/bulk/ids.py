"""Event ids: UUIDs, or derived from any other text."""

from __future__ import annotations

from hashlib import sha1
from typing import Any

from snowplow_tracker._canonical_event import UUID
from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.values import field_text

__all__ = ["NAMESPACE", "derived_id", "event_id", "joined"]

NAMESPACE = bytes.fromhex("2d1095ed1093593fa4df45eb150d8752")
"""The UUID that is the namespace of ids derived from text (RFC 9562, version 5)."""
_VARIANTS = {f"{digit:x}": f"{digit & 0x3 | 0x8:x}" for digit in range(16)}
"""The digit with the two bits of the variant, by the digit of the hash in its place."""
_SEPARATOR = "\x1f"


def event_id(key: str, value: Any) -> str:
    """Return a value as an event id: a UUID as it is, other text by `derived_id`.

    Raises:
        RecordError: There is no text.
    """
    text = value if type(value) is str else field_text(key, value)
    if not text:
        raise RecordError(f"{key}: empty")
    return text if UUID.fullmatch(text) else derived_id(text)


def derived_id(text: str) -> str:
    """Return `uuid.uuid5(UUID(bytes=NAMESPACE), text)` as text, in a quarter of the time."""
    digits = sha1(NAMESPACE + text.encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S324
    variant = _VARIANTS[digits[16]]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def joined(texts: list[str]) -> str:
    """Return one text for the values of several columns, which differs if one of them does."""
    return _SEPARATOR.join(texts)
