"""The deprecated methods for orders: a `tr` event for an order, a `ti` event for each item."""

from __future__ import annotations

from snowplow_tracker._deprecated._chain import ChainedMethods, TrackerT, deprecated, send
from snowplow_tracker.contracts import non_empty_string
from snowplow_tracker.events import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from snowplow_tracker.constants import ContextArray
    from snowplow_tracker.subject import Subject

_ORDER_OR_ITEM = ("currency", "context", "event_subject")


class EcommerceMethods(ChainedMethods[TrackerT]):
    """The methods for orders."""

    @deprecated("SelfDescribing")
    def track_ecommerce_transaction(
        self,
        order_id: str,
        total_value: float,
        affiliation: str | None = None,
        tax_value: float | None = None,
        shipping: float | None = None,
        city: str | None = None,
        state: str | None = None,
        country: str | None = None,
        currency: str | None = None,
        items: list[dict[str, Any]] | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track an order, and each of its items with `track_ecommerce_transaction_item`.

        Each item is a dict of that method's parameters: `sku`, `price`, `quantity`, and optional
        ones. If the order has no `currency`, `context` or `event_subject`, that of the item counts.

        Raises:
            ValueError: `order_id` is empty.
            TypeError: An item lacks a key, or has an unknown key. Nothing is tracked then.
        """
        non_empty_string(order_id, name="order_id")
        order = {
            "order_id": order_id,
            "currency": currency,
            "context": context,
            "tstamp": tstamp,
            "event_subject": event_subject,
        }
        track_item = self.track_ecommerce_transaction_item
        calls = [_item_call(track_item, item, order) for item in items or ()]
        fields = {"e": "tr", "tr_id": order_id, "tr_tt": total_value, "tr_af": affiliation}
        fields |= {"tr_tx": tax_value, "tr_sh": shipping, "tr_cu": currency}
        fields |= {"tr_ci": city, "tr_st": state, "tr_co": country}
        tracker = _send_fields(self, fields, context, tstamp, event_subject)
        for arguments in calls:
            track_item(**arguments)
        return tracker

    @deprecated("SelfDescribing")
    def track_ecommerce_transaction_item(
        self,
        order_id: str,
        sku: str,
        price: float,
        quantity: int,
        name: str | None = None,
        category: str | None = None,
        currency: str | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track one item of an order. `order_id` and `sku` must not be empty."""
        non_empty_string(order_id, name="order_id")
        non_empty_string(sku, name="sku")
        fields = {
            "e": "ti",
            "ti_id": order_id,
            "ti_sk": sku,
            "ti_nm": name,
            "ti_ca": category,
            "ti_pr": price,
            "ti_qu": quantity,
            "ti_cu": currency,
        }
        return _send_fields(self, fields, context, tstamp, event_subject)


def _item_call(
    track_item: Callable[..., object], item: dict[str, Any], order: dict[str, Any]
) -> dict[str, Any]:
    """Return the checked arguments for the call that tracks an item."""
    from inspect import signature  # noqa: PLC0415 - slow to import, rarely needed

    own = {**item}
    shared = {name: order[name] for name in _ORDER_OR_ITEM}
    # A number of the order counts, even 0.
    shared |= {name: own.get(name) for name in shared if not shared[name] and shared[name] != 0}
    arguments = {**own, **order, **shared}
    try:
        signature(track_item).bind(**arguments)
    except TypeError as error:
        raise TypeError(f"items: {error}: {item!r}") from None
    return arguments


def _send_fields(
    tracker: EcommerceMethods[TrackerT],
    fields: dict[str, Any],
    context: ContextArray | None,
    tstamp: float | None,
    event_subject: Subject | None,
) -> TrackerT:
    event = Event(event_subject=event_subject, context=context, true_timestamp=tstamp)
    event.payload.add_dict(fields)
    return send(tracker, event)
