"""Bad rows: what Snowplow stores in place of an event that it cannot use.

https://docs.snowplow.io/docs/fundamentals/failed-events/
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from snowplow_tracker._canonical_event import PAYLOAD_DATA_KEYS, VENDOR
from snowplow_tracker._version import __version__
from snowplow_tracker.collector.enriched import columns
from snowplow_tracker.collector.envelopes import envelope_failures
from snowplow_tracker.collector.flat import valid_fields
from snowplow_tracker.collector.protocol import REQUIRED_KEYS
from snowplow_tracker.collector.rows import COLLECTOR_NAME, Row, iso_time

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["bad_row"]

_SCHEMA = "iglu:com.snowplowanalytics.snowplow.badrows/{}/jsonschema/{}"
_SCHEMA_VIOLATIONS = _SCHEMA.format("schema_violations", "2-0-0")
_PROTOCOL_VIOLATIONS = _SCHEMA.format("tracker_protocol_violations", "1-0-0")
_ATOMIC = f"iglu:{VENDOR}/atomic/jsonschema/1-0-0"
_MAX_MESSAGE = 256
_TEXTS = frozenset(
    (
        *("se_value", "tr_total", "tr_tax", "tr_shipping", "ti_price"),
        *("tr_total_base", "tr_tax_base", "tr_shipping_base", "ti_price_base"),
    )
)


def bad_row(row: Row) -> dict[str, Any]:
    """Return the self-describing bad row of a row that has errors.

    A request from which no event could be read is a `tracker_protocol_violations`, an event a
    `schema_violations`.
    """
    payload = row.payload
    is_event = not _is_refused(row)
    failure: dict[str, Any] = {"timestamp": iso_time(payload.timestamp)}
    if is_event:
        failure["messages"] = _violations(row)
        content: dict[str, Any] = {"enriched": _enriched(row), "raw": _raw(row)}
    else:
        failure |= {"vendor": payload.vendor, "version": payload.version}
        failure["messages"] = [_expectation(error) for error in row.errors]
        content = _request(row)
    return {
        "schema": _SCHEMA_VIOLATIONS if is_event else _PROTOCOL_VIOLATIONS,
        "data": {
            "processor": {"artifact": COLLECTOR_NAME, "version": __version__},
            "failure": failure,
            "payload": content,
        },
    }


def _is_refused(row: Row) -> bool:
    """Return whether the request is none of the protocol, so that no event of it was read."""
    fields = row.parameters
    return (
        fields is None
        or not REQUIRED_KEYS <= fields.keys() <= PAYLOAD_DATA_KEYS
        or not all(isinstance(value, str) for value in fields.values())
        or any(error.startswith("refused with event ") for error in row.errors)
    )


def _violations(row: Row) -> list[dict[str, Any]]:
    """Return the messages about data and schemas; if there are none, those about fields."""
    failures = (*envelope_failures(row.parameters or {}), *row.failures)
    return [failure.to_violation() for failure in failures] or [_atomic(row.errors)]


def _atomic(errors: Iterable[str]) -> dict[str, Any]:
    reports = []
    for error in errors:
        field, _, message = error.partition(": ")
        is_length = message.startswith("longer than") or " longer than " in message
        kind = "length_exceeded" if is_length else "parse_error"
        report = {"message": message or error, "path": field, "targets": []}
        reports.append({**report, "keyword": f"atomic_field_{kind}"})
    return {"schemaKey": _ATOMIC, "error": {"error": "ValidationError", "dataReports": reports}}


def _expectation(error: str) -> dict[str, Any]:
    field, _, message = error.partition(": ")
    return {"field": field, "value": None, "expectation": (message or error)[:_MAX_MESSAGE]}


def _enriched(row: Row) -> dict[str, Any]:
    return {name: _column(name, value) for name, value in columns(row, valid_fields(row)).items()}


def _column(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":")) if value else None
    if value is not None and name.endswith("_tstamp"):
        return str(value).replace("T", " ").removesuffix("Z")
    return str(value) if value is not None and name in _TEXTS else value


def _raw(row: Row) -> dict[str, Any]:
    parameters = [{"name": k, "value": _text(v)} for k, v in (row.parameters or {}).items()]
    payload = row.payload
    return {
        **_origin(row),
        "parameters": parameters,
        "loaderName": COLLECTOR_NAME,
        "userId": payload.user_id,
    }


def _request(row: Row) -> dict[str, Any]:
    payload = row.payload
    return {
        **_origin(row),
        "querystring": [{"name": name, "value": value} for name, value in payload.querystring],
        "body": payload.body,
        "collector": COLLECTOR_NAME,
        "networkUserId": payload.user_id,
    }


def _origin(row: Row) -> dict[str, Any]:
    """Return what both kinds of bad rows say of the request, and of who sent it."""
    payload = row.payload
    return {
        "vendor": payload.vendor,
        "version": payload.version,
        "contentType": payload.content_type,
        "encoding": "UTF-8",
        "hostname": payload.hostname,
        "timestamp": iso_time(payload.timestamp),
        "ipAddress": payload.ip_address,
        "useragent": payload.useragent,
        "refererUri": payload.referer,
        "headers": list(payload.headers),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
