"""A row in a few words, for lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snowplow_tracker._canonical_event import EVENT_TYPES

if TYPE_CHECKING:
    from snowplow_tracker.collector.rows import Row

__all__ = ["event_name", "event_subject", "event_type", "summary"]

_MAX_LENGTH = 200


def summary(number: int, row: Row) -> dict[str, Any]:
    """Return a row as an entry of a list: what was sent, each text at most 200 characters long."""
    return {
        "n": number,
        "t": row.payload.timestamp,
        "ok": not row.errors,
        "type": _short(event_type(row)),
        "name": _short(event_name(row)),
        "app": _short((row.parameters or {}).get("aid")),
        "summary": _short(event_subject(row)),
        "failures": len(row.errors),
    }


def event_type(row: Row) -> str | None:
    """Return the type as Snowplow names it, such as `page_view`, or what was sent instead."""
    sent = (row.parameters or {}).get("e")
    known = EVENT_TYPES.get(sent) if isinstance(sent, str) else None
    return known.name if known else None if sent is None else str(sent)


def event_name(row: Row) -> str | None:
    """Return name and version of a self-describing event, such as `link_click 1-0-1`."""
    if (row.parameters or {}).get("e") == "ue" and row.schema:
        return " ".join(row.schema.split("/")[1::2]) or row.schema
    return event_type(row)


def event_subject(row: Row) -> str | None:
    """Return what tells the events of one type apart, such as the URL of a page view."""
    fields = row.parameters or {}
    kind = fields.get("e")
    if kind == "se":
        return f"{fields.get('se_ca')} / {fields.get('se_ac')}"
    if kind in ("tr", "ti"):
        return fields.get("ti_sk") or fields.get("tr_id")
    return fields.get("url")


def _short(value: object) -> str | None:
    if value is None:
        return None
    text = str(value)
    return text if len(text) <= _MAX_LENGTH else text[:_MAX_LENGTH] + "..."
