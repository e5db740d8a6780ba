"""Events as JSON values that are the same in each run of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snowplow_tracker.testing.tracked_event import TrackedEvent

__all__ = ["snapshot"]

_REPLACED = {"eid": "<eid>", "dtm": "<time>", "stm": "<time>"}
_DECODED = ("ue_px", "ue_pr", "cx", "co")
_OF_THE_VERSION = ("tv",)


def snapshot(event: TrackedEvent) -> dict[str, Any]:
    """Return an event without what differs between runs, and between versions of the tracker."""
    left_out = (*_DECODED, *_OF_THE_VERSION)
    fields = {
        key: _REPLACED.get(key, value)
        for key, value in sorted(event.payload.items())
        if key not in left_out
    }
    described: dict[str, Any] = {"event": event.name, "fields": fields}
    if event.schema:
        described |= {"schema": event.schema, "data": event.data}
    if event.entities:
        described["entities"] = [
            {"schema": schema, "data": data} for schema, data in event.entities
        ]
    return described
