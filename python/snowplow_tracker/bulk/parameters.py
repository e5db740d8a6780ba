"""Records that have the fields of the protocol already: payloads, rows of Micro, bad rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snowplow_tracker._canonical_event import PAYLOAD_DATA_KEYS
from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.values import field_text, parsed_json, unknown_key

__all__ = ["BAD_ROWS", "is_exported", "micro_payloads", "payload_fields", "recovered_payloads"]

BAD_ROWS = "iglu:com.snowplowanalytics.snowplow.badrows/"
_WITH_EVENT = ("schema_violations", "enrichment_failures")
_WITH_REQUEST = "tracker_protocol_violations"


def payload_fields(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a payload as text, without `stm`, which the request will add.

    Raises:
        RecordError: A field is not in the protocol: all events of its request would be lost.
    """
    if not record.keys() <= PAYLOAD_DATA_KEYS:
        raise unknown_key(min(record.keys() - PAYLOAD_DATA_KEYS), PAYLOAD_DATA_KEYS)
    fields: dict[str, str] = {}
    for key, value in record.items():
        if key != "stm" and (text := value if type(value) is str else field_text(key, value)):
            fields[key] = text
    return fields


def is_exported(record: Mapping[str, Any]) -> bool:
    """Return whether a record is a line of the local collector's export."""
    return "parameters" in record and "received" in record and "good" in record


def micro_payloads(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the payloads of a row of `/micro/good`, `/micro/bad` or an export.

    Raises:
        RecordError: There is none.
    """
    event = record.get("rawEvent") or record
    if isinstance(event, Mapping) and isinstance(event.get("parameters"), Mapping):
        return [event["parameters"]]
    request = record.get("collectorPayload")
    if isinstance(request, Mapping):
        return _of_request(request)
    raise RecordError("rawEvent: has no parameters")


def recovered_payloads(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the payloads of a bad row.

    Raises:
        RecordError: There is none, as in a bad row of another kind.
    """
    kind = record["schema"].removeprefix(BAD_ROWS).partition("/")[0]
    payload = record.get("data")
    payload = payload.get("payload") if isinstance(payload, Mapping) else None
    if not isinstance(payload, Mapping):
        raise RecordError(f"bad row {kind}: has no payload")
    if kind == _WITH_REQUEST:
        return [_with_request(item, payload) for item in _of_request(payload)]
    raw = payload.get("raw")
    if kind in _WITH_EVENT and isinstance(raw, Mapping):
        return [_with_request(_pairs(raw.get("parameters")), raw)]
    raise RecordError(f"bad row {kind}: has no event that could be sent again")


def _with_request(event: Mapping[str, Any], request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an event with what the collector had read from its request.

    Otherwise, the event would get the address and user agent of the machine that sends it again.
    """
    user = request.get("userId") or request.get("networkUserId")
    known = {"ip": request.get("ipAddress"), "ua": request.get("useragent"), "tnuid": user}
    return {**{key: value for key, value in known.items() if value}, **event}


def _of_request(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if not request.get("body"):
        return [_pairs(request.get("querystring"))]
    body = parsed_json("body", request["body"])
    events = body.get("data") if isinstance(body, Mapping) else None
    if not isinstance(events, list) or not events:
        raise RecordError("body: is not a payload_data with events")
    return [_mapping(event) for event in events]


def _mapping(event: Any) -> Mapping[str, Any]:
    if not isinstance(event, Mapping):
        raise RecordError(f"body: an event is not an object but {type(event).__name__}")
    return event


def _pairs(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    try:
        return {item["name"]: item["value"] for item in value or ()}
    except (KeyError, TypeError):
        raise RecordError("parameters: not a list of names and values") from None
