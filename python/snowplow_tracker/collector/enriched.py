"""Convert a good event to the canonical event, as Snowplow's enrichment does.

The columns: https://docs.snowplow.io/docs/fundamentals/canonical-event/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from snowplow_tracker._canonical_event import COLUMNS, DIMENSION_COLUMNS, EVENT_TYPES, FIELD_COLUMNS
from snowplow_tracker.collector.decode import tracked_event
from snowplow_tracker.collector.rows import COLLECTOR_NAME, EARLIEST, Row, iso_time

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CONVERTED", "columns", "enriched_event"]


def _time(value: str) -> str:
    return iso_time(int(value))


def _flag(value: str) -> bool:
    return value == "1"


_CONVERTERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "time": _time,
    "integer": int,
    "number": float,
    "flag": _flag,
}
CONVERTED = {
    field: (column, _CONVERTERS[kind])
    for kind, columns_of_kind in FIELD_COLUMNS.items()
    for field, column in columns_of_kind.items()
}


_NAMES = ("event_vendor", "event_name", "event_format", "event_version")


def enriched_event(row: Row) -> dict[str, Any]:
    """Return all columns of a good row's event. Columns without a value are None."""
    return columns(row, row.parameters or {})


def columns(row: Row, parameters: dict[str, str]) -> dict[str, Any]:
    """Return all columns of an event of which only some fields are known.

    Args:
        row: The event.
        parameters: Its fields that are valid.
    """
    event: dict[str, Any] = dict.fromkeys(COLUMNS)
    event.update(_collector_columns(row))
    for key, value in parameters.items():
        if key in CONVERTED and value:
            column, convert = CONVERTED[key]
            event[column] = convert(value)
    for key, names in DIMENSION_COLUMNS.items():
        if parameters.get(key):
            event.update(zip(names, map(int, parameters[key].split("x")), strict=True))
    event.update(_url_parts("page", event["page_url"]))
    event.update(_url_parts("refr", event["page_referrer"]))
    event["derived_tstamp"] = _derived_time(row.payload.timestamp, parameters)
    event.update(_event_names(row, parameters.get("e")))
    event.update(_self_describing_data(parameters))
    return event


def _collector_columns(row: Row) -> dict[str, Any]:
    arrival = iso_time(row.payload.timestamp)
    return {
        "etl_tstamp": arrival,
        "collector_tstamp": arrival,
        "v_collector": COLLECTOR_NAME,
        "v_etl": COLLECTOR_NAME,
        "user_ipaddress": row.payload.ip_address,
        "network_userid": row.payload.user_id,
        "useragent": row.payload.useragent,
    }


def _url_parts(prefix: str, url: str | None) -> dict[str, Any]:
    if not url:
        return {}
    parts = urlsplit(url)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        port = None
    return {
        f"{prefix}_urlscheme": parts.scheme or None,
        f"{prefix}_urlhost": parts.hostname,
        f"{prefix}_urlport": port,
        f"{prefix}_urlpath": parts.path or None,
        f"{prefix}_urlquery": parts.query or None,
        f"{prefix}_urlfragment": parts.fragment or None,
    }


def _derived_time(arrival: int, parameters: dict[str, str]) -> str:
    """Return `ttm`, or the arrival minus the time from creation to sending if that is positive."""
    if "ttm" in parameters:
        return _time(parameters["ttm"])
    if "dtm" in parameters and "stm" in parameters:
        arrival -= max(0, int(parameters["stm"]) - int(parameters["dtm"]))
    return iso_time(max(arrival, EARLIEST))


def _event_names(row: Row, kind: str | None) -> dict[str, Any]:
    names: dict[str, Any] = {"event": EVENT_TYPES[kind].name if kind else None}
    parts = (row.schema or "").removeprefix("iglu:").split("/")
    if len(parts) == len(_NAMES):
        names.update(zip(_NAMES, parts, strict=True))
    return names


def _self_describing_data(parameters: dict[str, str]) -> dict[str, Any]:
    event = tracked_event(parameters)
    return {
        "unstruct_event": event.unstruct_event,
        "contexts": event.contexts or {},
        "derived_contexts": {},
    }
