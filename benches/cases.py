"""What is timed: construct and track, one function an event kind. Runs on either package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snowplow_tracker import PageView, SelfDescribing, SelfDescribingJson, StructuredEvent

if TYPE_CHECKING:
    from collections.abc import Callable

ORDER = {
    "sku": "A-7741",
    "price": 12.5,
    "quantity": 3,
    "name": "Blue shoes, size 44",
    "tags": ["shoes", "blue", "sale"],
    "delivery": {"express": True, "note": None, "street": "Karl-Marx-Straße 7"},
}
CONTEXTS = [
    SelfDescribingJson(
        "iglu:com.acme/user/jsonschema/1-0-0", {"id": "u-1234", "plan": "pro", "age": 33}
    ),
    SelfDescribingJson(
        "iglu:com.acme/session/jsonschema/1-0-0",
        {"id": "s-99", "count": 5, "referrer": "https://www.example.com/path?q=1"},
    ),
]


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


def self_describing(tracker: Any) -> None:
    json = SelfDescribingJson("iglu:com.acme/order/jsonschema/1-0-0", ORDER)
    tracker.track(SelfDescribing(json))


def two_contexts(tracker: Any) -> None:
    json = SelfDescribingJson("iglu:com.acme/order/jsonschema/1-0-0", ORDER)
    tracker.track(SelfDescribing(json, context=CONTEXTS))


CASES: dict[str, Callable[[Any], None]] = {
    "page view": page_view,
    "structured event": structured_event,
    "self-describing": self_describing,
    "with two contexts": two_contexts,
}
