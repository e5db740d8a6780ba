"""Decide whether an event is good or bad, and why.

The rules are those of the Snowplow tracker protocol, as Snowplow's collector and validation apply
them: https://docs.snowplow.io/docs/fundamentals/canonical-event/

One point is stricter than production on purpose: an event that passes there but is useless is bad
here, because a developer wants to know. Examples are a page view without `url`, a structured event
without category or action, a self-describing event without data, and an event without `eid`.

Self-describing data is validated against its schema by the `SchemaCheck` that `judge` is given.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from snowplow_tracker._canonical_event import EVENT_TYPES, PAYLOAD_DATA_KEYS, UUID
from snowplow_tracker.collector.decode import (
    TrackedEvent,
    UndecodableError,
    abbreviate,
    post_events,
    query_parameters,
    tracked_event,
)
from snowplow_tracker.collector.protocol import PLATFORMS, REQUIRED_KEYS
from snowplow_tracker.collector.rows import EARLIEST, LATEST, CollectorPayload, Row, SchemaVerdict

__all__ = [
    "CHECKS",
    "SCHEMA_URI",
    "Check",
    "SchemaCheck",
    "field_fault",
    "judge",
    "judge_get",
    "judge_post",
]

Check = Callable[[TrackedEvent], Iterable[str]]
"""Returns a text for each fault of an event."""
SchemaCheck = Callable[[TrackedEvent], SchemaVerdict]
"""Returns what schemas say about the self-describing data of an event."""

_Rule = Callable[[str], str | None]

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DIMENSIONS = re.compile(r"([0-9]{1,18})x([0-9]{1,18})")
SCHEMA_URI = re.compile(
    r"iglu:[a-zA-Z0-9_.-]+/[a-zA-Z0-9_-]+/[a-zA-Z0-9_-]+"
    r"/[1-9][0-9]*-(?:0|[1-9][0-9]*)-(?:0|[1-9][0-9]*)"
)
_LARGEST_INTEGER = 2**31 - 1


def judge_post(
    payload: CollectorPayload, body: bytes, schemas: SchemaCheck | None = None
) -> Iterator[Row]:
    """Yield a row for each event of a POST request.

    An event that is invalid by the schema `payload_data` makes all events of its request bad.
    """
    try:
        _refuse_content_encoding(payload)
        events = post_events(payload.content_type, body)
    except UndecodableError as error:
        yield Row(payload, errors=(f"{error}; the whole request is lost",))
        return
    refusals = [_payload_data_errors(event) for event in events]
    if any(refusals):
        yield from _all_bad(payload, events, refusals)
        return
    for event in events:
        yield judge(payload, event, schemas)


def _refuse_content_encoding(payload: CollectorPayload) -> None:
    for header in payload.headers:
        name, _, value = header.partition(": ")
        if name == "Content-Encoding" and value.lower() != "identity":
            reason = "a Snowplow collector does not decompress"
            raise UndecodableError(f"content encoding: {abbreviate(value)}, {reason}")


def judge_get(payload: CollectorPayload, query: bytes, schemas: SchemaCheck | None = None) -> Row:
    """Return the row for the event of a GET request."""
    try:
        parameters = query_parameters(query)
    except UndecodableError as error:
        return Row(payload, errors=(str(error),))
    return judge(payload, parameters, schemas)


def judge(
    payload: CollectorPayload, parameters: dict[str, str], schemas: SchemaCheck | None = None
) -> Row:
    """Return the row for one event whose fields are all text.

    Args:
        payload: The request that it came with.
        parameters: Its fields.
        schemas: Validates its self-describing data. Parts that cannot be decoded are left out.
    """
    event = tracked_event(parameters)
    verdict = schemas(event) if schemas else SchemaVerdict()
    errors = tuple(error for check in CHECKS for error in check(event))
    errors += tuple(failure.text for failure in verdict.failures)
    contexts = event.contexts["data"] if event.contexts else ()
    described = tuple(context["schema"] for context in contexts)
    return Row(payload, parameters, _schema(event), described, errors, *verdict)


def _schema(event: TrackedEvent) -> str | None:
    kind = EVENT_TYPES.get(event.parameters.get("e", ""))
    if kind and kind.schema:
        return kind.schema
    return event.unstruct_event["data"]["schema"] if event.unstruct_event else None


def _all_bad(
    payload: CollectorPayload, events: list[Any], refusals: list[tuple[str, ...]]
) -> Iterator[Row]:
    culprit = next(i for i, refusal in enumerate(refusals) if refusal)
    reason = (f"refused with event {culprit + 1} of its request: {refusals[culprit][0]}",)
    for event, refusal in zip(events, refusals, strict=True):
        parameters = event if isinstance(event, dict) else None
        yield Row(payload, parameters, errors=refusal or reason)


def _payload_data_errors(event: object) -> tuple[str, ...]:
    if not isinstance(event, dict):
        return (f"event: not a JSON object but {abbreviate(event)}",)
    unknown = sorted(event.keys() - PAYLOAD_DATA_KEYS)
    errors = [f"{abbreviate(unknown[0])[1:-1]}: unknown key"] if unknown else []
    if len(unknown) > 1:
        errors[0] += f", and {len(unknown) - 1} more"
    errors += [f"{key}: missing" for key in sorted(REQUIRED_KEYS - event.keys())]
    errors += [
        f"{key}: not a string but {abbreviate(value)}"
        for key, value in event.items()
        if not isinstance(value, str) and key in PAYLOAD_DATA_KEYS
    ]
    return tuple(errors)


def _text(limit: int) -> _Rule:
    message = f"longer than {limit:,} characters"
    return lambda value: message if len(value) > limit else None


def _one_of(known: Iterable[str]) -> _Rule:
    return lambda value: None if value in known else "not one of " + " ".join(sorted(known))


def _uuid(value: str) -> str | None:
    return None if UUID.fullmatch(value) else "not a UUID"


def _integer(value: str) -> str | None:
    if not _INTEGER.fullmatch(value) or abs(int(value)) > _LARGEST_INTEGER:
        return "not an integer of 32 bits"
    return None


def _milliseconds(value: str) -> str | None:
    if not _INTEGER.fullmatch(value):
        return "not an integer number of milliseconds"
    return None if EARLIEST <= int(value) <= LATEST else "not between the years 1 and 9999"


def _decimal(value: str) -> str | None:
    return None if _DECIMAL.fullmatch(value) and math.isfinite(float(value)) else "not a number"


def _flag(value: str) -> str | None:
    return None if value in {"0", "1"} else "neither 0 nor 1"


def _dimensions(value: str) -> str | None:
    found = _DIMENSIONS.fullmatch(value)
    if found is None or max(map(int, found.groups())) > _LARGEST_INTEGER:
        return "not WIDTHxHEIGHT"
    return None


def _url(**limits: int) -> _Rule:
    """Return the rule of a URL and its parts. Enrichment stores each part in its own column."""
    too_long = _text(10_000)

    def rule(value: str) -> str | None:
        try:
            parts = urlsplit(value)
        except ValueError as error:
            return f"not a URL: {error}"
        for part, limit in limits.items():
            if len(getattr(parts, part) or "") > limit:
                return f"{part} longer than {limit:,} characters"
        return too_long(value)

    return rule


_RULES: dict[str, _Rule] = {
    "e": _one_of(EVENT_TYPES),
    "p": _one_of(PLATFORMS),
    **dict.fromkeys(("eid", "sid"), _uuid),
    **dict.fromkeys(("dtm", "stm", "ttm"), _milliseconds),
    **dict.fromkeys(("tid", "vid", "pp_mix", "pp_max", "pp_miy", "pp_may", "ti_qu"), _integer),
    **dict.fromkeys(("se_va", "tr_tt", "tr_tx", "tr_sh", "ti_pr"), _decimal),
    **dict.fromkeys(("res", "vp", "ds"), _dimensions),
    **dict.fromkeys((key for key in PAYLOAD_DATA_KEYS if key.startswith("f_")), _flag),
    "cookie": _flag,
    "url": _url(scheme=16, hostname=255, path=3000, query=6000, fragment=3000),
    "refr": _url(scheme=16, hostname=255, path=6000, query=6000, fragment=3000),
    **dict.fromkeys(("tr_cu", "ti_cu"), _text(3)),
    "cd": _text(12),
    "tv": _text(100),
    **dict.fromkeys(("tna", "ip", "fp", "duid", "nuid", "tnuid", "cs"), _text(128)),
    **dict.fromkeys(("aid", "uid", "lang", "tz"), _text(255)),
    **dict.fromkeys(("tr_id", "tr_af", "tr_ci", "tr_st", "tr_co"), _text(255)),
    **dict.fromkeys(("ti_id", "ti_sk", "ti_nm", "ti_na", "ti_ca"), _text(255)),
    **dict.fromkeys(("ua", "se_ca", "se_ac", "se_pr"), _text(1000)),
    "page": _text(2000),
    "se_la": _text(4096),
}

_NEEDED: dict[str | None, tuple[str, ...]] = {
    "pv": ("url",),
    "se": ("se_ca", "se_ac"),
    "tr": ("tr_id",),
    "ti": ("ti_id", "ti_sk"),
}


def required_fields(event: TrackedEvent) -> Iterator[str]:
    """Check for the fields that every event, or one of its type, must have."""
    parameters = event.parameters
    for key in ("e", "p", "tv", "eid"):
        if key not in parameters:
            yield f"{key}: missing"
    kind = parameters.get("e")
    for key in _NEEDED.get(kind, ()):
        if not parameters.get(key):
            yield f"{key}: missing, {kind} is useless without it"
    if kind == "ue" and not (parameters.get("ue_px") or parameters.get("ue_pr")):
        yield "ue_px: missing, and so is ue_pr; ue is useless without its data"


def field_values(event: TrackedEvent) -> Iterator[str]:
    """Check the format and the length of each field."""
    for key, value in event.parameters.items():
        fault = field_fault(key, value)
        if fault:
            yield f"{key}: {fault}: {abbreviate(value)}"


def field_fault(key: str, value: str) -> str | None:
    """Return what is wrong with the format or the length of a field, or None."""
    rule = _RULES.get(key)
    return rule(value) if rule else None


def decoding(event: TrackedEvent) -> Iterable[str]:
    """Check base64, JSON and the envelopes of self-describing data."""
    return event.faults


def schema_uris(event: TrackedEvent) -> Iterator[str]:
    """Check that schemas have the form iglu:vendor/name/format/MODEL-REVISION-ADDITION."""
    described = [event.unstruct_event["data"]] if event.unstruct_event else []
    described += event.contexts["data"] if event.contexts else []
    for item in described:
        if not SCHEMA_URI.fullmatch(item["schema"]):
            yield f"schema: not iglu:vendor/name/format/M-R-A: {abbreviate(item['schema'])}"


CHECKS: tuple[Check, ...] = (required_fields, field_values, decoding, schema_uris)
