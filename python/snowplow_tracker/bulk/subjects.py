"""The subject of a record: names of its properties, or of protocol fields, and their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.values import field_text, parsed_json, unknown_key

__all__ = ["SUBJECT_FIELDS", "add_subject"]

_NAMES = {
    "user_id": "uid",
    "ip_address": "ip",
    "useragent": "ua",
    "domain_user_id": "duid",
    "domain_session_id": "sid",
    "domain_session_index": "vid",
    "network_user_id": "tnuid",
    "timezone": "tz",
    "lang": "lang",
    "platform": "p",
    "screen_resolution": "res",
    "viewport": "vp",
    "document_size": "ds",
    "color_depth": "cd",
    "charset": "cs",
    "fingerprint": "fp",
}
_FIELDS = ("uid", "ip", "ua", "duid", "sid", "vid", "nuid", "tnuid", "tz", "lang", "p")
_DEVICE = ("res", "vp", "ds", "cd", "cs", "fp", "mac", "cookie")
SUBJECT_FIELDS = {**_NAMES, **{field: field for field in (*_FIELDS, *_DEVICE)}}
"""Names of a subject's properties, those of the setters of `Subject` among them, and fields."""
_SIZES = frozenset(("res", "vp", "ds"))


def add_subject(fields: dict[str, str], value: Any) -> None:
    """Add the fields of a subject.

    Args:
        fields: The fields of the event.
        value: A mapping, JSON text of one, or None. A value of None or "" removes a field.

    Raises:
        RecordError: It is no mapping, has an unknown key, or a value that is no text or number.
    """
    if type(value) is not dict:
        value = parsed_json("subject", value)
        if value is None:
            return
        if not isinstance(value, Mapping):
            raise RecordError(f"subject: expected an object, not {type(value).__name__}")
    for key, item in value.items():
        field = SUBJECT_FIELDS.get(key)
        if field is None:
            raise RecordError(f"subject: {unknown_key(key, SUBJECT_FIELDS)}")
        if type(item) is str:
            text = item
        elif field in _SIZES and isinstance(item, (list, tuple)):
            text = "x".join(field_text(f"subject: {key}", size) for size in item)
        else:
            text = field_text(f"subject: {key}", item)
        if text:
            fields[field] = text
        else:
            fields.pop(field, None)
