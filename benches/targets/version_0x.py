"""Tracks as programs for version 0.x do: there are no event objects, but a method per kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benches.data.documents import SCHEMA, document
from snowplow_tracker import Emitter, SelfDescribingJson

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["page_view", "post_emitter", "self_describing", "structured_event", "track_data"]


def post_emitter() -> Emitter:
    """Return a POST emitter whose batch is never full."""
    return Emitter("127.0.0.1", method="post", buffer_size=10**9)


def page_view(tracker: Any) -> None:
    tracker.track_page_view(
        page_url="https://www.example.com/shop/shoes?id=77",
        page_title="Blue shoes",
        referrer="https://www.example.com/",
    )


def structured_event(tracker: Any) -> None:
    tracker.track_struct_event("shop", "add-to-basket", "blue shoes", "pcs", 2.5)


def self_describing(name: str, number: int) -> Callable[[Any], None]:
    data, parts = document(name, number)

    def track(tracker: Any) -> None:
        track_data(tracker, data)

    def track_with_contexts(tracker: Any) -> None:
        contexts = [SelfDescribingJson(schema, context) for schema, context in parts]
        tracker.track_self_describing_event(SelfDescribingJson(SCHEMA, data), contexts)

    return track_with_contexts if parts else track


def track_data(tracker: Any, data: dict[str, Any]) -> None:
    tracker.track_self_describing_event(SelfDescribingJson(SCHEMA, data))
