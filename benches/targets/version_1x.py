"""Constructs and tracks events as programs for version 1.x do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benches.data.documents import SCHEMA, document
from snowplow_tracker import (
    Emitter,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "built_event",
    "page_view",
    "post_emitter",
    "self_describing",
    "structured_event",
    "track_data",
]


def post_emitter() -> Emitter:
    """Return a POST emitter whose batch and buffer are never full."""
    return Emitter("127.0.0.1", protocol="http", batch_size=10**9, buffer_capacity=10**9)


def page_view(tracker: Any) -> None:
    tracker.track(
        PageView(
            page_url="https://www.example.com/shop/shoes?id=77",
            page_title="Blue shoes",
            referrer="https://www.example.com/",
        )
    )


def structured_event(tracker: Any) -> None:
    tracker.track(StructuredEvent("shop", "add-to-basket", "blue shoes", "pcs", 2.5))


def self_describing(name: str, number: int) -> Callable[[Any], None]:
    data, parts = document(name, number)

    def track(tracker: Any) -> None:
        tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, data)))

    def track_with_contexts(tracker: Any) -> None:
        contexts = [SelfDescribingJson(schema, context) for schema, context in parts]
        tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, data), context=contexts))

    return track_with_contexts if parts else track


def track_data(tracker: Any, data: dict[str, Any]) -> None:
    tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, data)))


def built_event(name: str, number: int) -> SelfDescribing:
    data, parts = document(name, number)
    contexts = [SelfDescribingJson(schema, context) for schema, context in parts]
    return SelfDescribing(SelfDescribingJson(SCHEMA, data), context=contexts or None)
