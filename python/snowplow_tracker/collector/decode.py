"""From the bytes of a request to events, and from an event's fields to its self-describing data."""

from __future__ import annotations

import binascii
import json
import math
import re
from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl

from snowplow_tracker.collector.protocol import (
    CONTEXTS_SCHEMA,
    MAX_EVENT_BODY,
    MAX_NESTING,
    PAYLOAD_DATA_SCHEMA,
    UNSTRUCT_EVENT_SCHEMA,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "TrackedEvent",
    "UndecodableError",
    "parse_json",
    "post_events",
    "query_pairs",
    "query_parameters",
    "shown",
    "tracked_event",
]

_CONTENT_TYPE = re.compile(r"application/json\s*(;\s*charset=\"?utf-8\"?\s*)?", re.IGNORECASE)
_QUERY = re.compile(rb"(?:[^%\s|\"<>\\^`{}]|%[0-9A-Fa-f]{2})*")
_LONGEST_SHOWN = 80


class UndecodableError(ValueError):
    """A part of a request that cannot be read; the message says which and why."""


def shown(value: object) -> str:
    """Short text of a value, on one line, for a message."""
    text = value if isinstance(value, str) else type(value).__name__
    short = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
    return repr(short) if isinstance(value, str) else short


def _refuse_constant(name: str) -> NoReturn:
    raise UndecodableError(f"{name} is not JSON")


def _finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise UndecodableError(f"number too large: {shown(digits)}")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite_float)


def parse_json(text: str) -> Any:
    """Value of a JSON text, strictly: no NaN, no byte order mark, at most 40 levels of nesting.

    Raises:
        UndecodableError: It is not such a text.
    """
    if text.startswith("\ufeff"):
        raise UndecodableError("starts with a byte order mark")
    try:
        value = _DECODER.decode(text)
    except UndecodableError:
        raise
    except RecursionError:
        raise UndecodableError(f"nested more than {MAX_NESTING} levels") from None
    except ValueError as error:
        raise UndecodableError(f"not JSON: {error}") from None
    if text.count("{") + text.count("[") > MAX_NESTING:
        _refuse_deep_nesting(value)
    return value


def _refuse_deep_nesting(value: object) -> None:
    level = _containers([value])
    for _ in range(MAX_NESTING):
        level = [
            child
            for parent in level
            for child in _containers(parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return
    raise UndecodableError(f"nested more than {MAX_NESTING} levels")


def _containers(values: Iterable[object]) -> list[dict[str, Any] | list[Any]]:
    return [value for value in values if isinstance(value, (dict, list))]


def post_events(content_type: str | None, body: bytes) -> list[Any]:
    """Entries of `data` in a POST body, whatever they are.

    Raises:
        UndecodableError: The whole request is lost.
    """
    if len(body) > MAX_EVENT_BODY:
        raise UndecodableError(f"body: {len(body):,} bytes, the limit is {MAX_EVENT_BODY:,}")
    if not content_type or not _CONTENT_TYPE.fullmatch(content_type.strip()):
        expected = "expected 'application/json; charset=utf-8'"
        raise UndecodableError(f"content type: {shown(content_type or '')}, {expected}")
    try:
        envelope = parse_json(body.decode())
    except UnicodeDecodeError:
        raise UndecodableError("body: not UTF-8") from None
    except UndecodableError as error:
        raise UndecodableError(f"body: {error}") from None
    events = _data("body", envelope, PAYLOAD_DATA_SCHEMA, "payload_data 1-0-x")
    if not isinstance(events, list) or not events:
        raise UndecodableError("body: data is not a list with at least one event")
    return events


def query_parameters(query: bytes) -> dict[str, str]:
    """Fields of the event in a GET query; of a repeated one, the last.

    Raises:
        UndecodableError: The query is empty, or holds what no URL may.
    """
    if not query:
        raise UndecodableError("query: empty, there is no event in it")
    if not _QUERY.fullmatch(query):
        raise UndecodableError("query: has a character that a URL must percent-encode, or a bad %")
    return dict(query_pairs(query))


def query_pairs(query: bytes) -> list[tuple[str, str]]:
    """Names and values of a query, read as leniently as can be."""
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)


@dataclass(slots=True)
class TrackedEvent:
    """One event with its self-describing parts decoded.

    Attributes:
        parameters: The fields as sent.
        unstruct_event: Self-describing event in its envelope.
        contexts: Contexts in their envelope.
        faults: Why a part could not be decoded.
    """

    parameters: dict[str, str]
    unstruct_event: dict[str, Any] | None = None
    contexts: dict[str, Any] | None = None
    faults: list[str] = field(default_factory=list)


def tracked_event(parameters: dict[str, str]) -> TrackedEvent:
    """Decodes `ue_px` or `ue_pr`, and `cx` or `co`; what fails is told in `faults`."""
    event = TrackedEvent(parameters)
    try:
        event.unstruct_event = _unstruct_event(parameters)
    except UndecodableError as error:
        event.faults.append(str(error))
    try:
        event.contexts = _contexts(parameters)
    except UndecodableError as error:
        event.faults.append(str(error))
    return event


def _unstruct_event(parameters: dict[str, str]) -> dict[str, Any] | None:
    name, envelope = _json_field(parameters, "ue_px", "ue_pr")
    if name is None:
        return None
    data = _data(name, envelope, UNSTRUCT_EVENT_SCHEMA, "unstruct_event 1-0-0")
    return {"schema": envelope["schema"], "data": _self_describing(name, data)}


def _contexts(parameters: dict[str, str]) -> dict[str, Any] | None:
    name, envelope = _json_field(parameters, "cx", "co")
    if name is None:
        return None
    data = _data(name, envelope, CONTEXTS_SCHEMA, "contexts 1-0-x")
    if not isinstance(data, list):
        raise UndecodableError(f"{name}: data is not a list")
    contexts = [_self_describing(f"{name}: context {i}", item) for i, item in enumerate(data, 1)]
    return {"schema": envelope["schema"], "data": contexts}


def _json_field(parameters: dict[str, str], encoded: str, plain: str) -> tuple[str | None, Any]:
    name = encoded if parameters.get(encoded) else plain
    text = parameters.get(name)
    if not text:
        return None, None
    try:
        return name, parse_json(_decode_base64(text) if name == encoded else text)
    except UndecodableError as error:
        raise UndecodableError(f"{name}: {error}") from None


def _decode_base64(text: str) -> str:
    if "+" in text or "/" in text:
        raise UndecodableError("not URL-safe base64: has '+' or '/'")
    try:
        return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except UnicodeDecodeError:
        raise UndecodableError("base64 of something that is not UTF-8") from None
    except (binascii.Error, ValueError) as error:
        raise UndecodableError(f"not base64: {error}") from None


def _data(where: str, envelope: object, schema: str, schema_name: str) -> Any:
    item = _schema_and_data(where, envelope)
    if not re.fullmatch(schema, item["schema"]):
        raise UndecodableError(
            f"{where}: schema is {shown(item['schema'])}, expected {schema_name}"
        )
    return item["data"]


def _self_describing(where: str, value: object) -> dict[str, Any]:
    item = _schema_and_data(where, value)
    for key in item.keys() - {"schema", "data"}:
        raise UndecodableError(f"{where}: unknown key {shown(key)} beside schema and data")
    return item


def _schema_and_data(where: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UndecodableError(f"{where}: not a JSON object but {shown(value)}")
    if not isinstance(value.get("schema"), str):
        raise UndecodableError(f"{where}: has no schema")
    if "data" not in value:
        raise UndecodableError(f"{where}: has no data")
    return value
