"""The deprecated methods for events with a fixed schema: links, carts, forms, searches, screens."""

from __future__ import annotations

from snowplow_tracker._deprecated._chain import (
    ChainedMethods,
    TrackerT,
    deprecated,
    send_shortcut,
    without_none,
)
from snowplow_tracker.constants import FORM_NODE_NAMES, FORM_TYPES
from snowplow_tracker.contracts import form_element, non_empty, non_empty_string, one_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from snowplow_tracker.constants import ContextArray
    from snowplow_tracker.subject import Subject
    from snowplow_tracker.typing import ElementClasses, FormClasses, FormNodeName


class ShortcutMethods(ChainedMethods[TrackerT]):
    """The methods that add a schema to their arguments and call `track_unstruct_event`."""

    @deprecated("SelfDescribing")
    def track_link_click(
        self,
        target_url: str,
        element_id: str | None = None,
        element_classes: ElementClasses | None = None,
        element_target: str | None = None,
        element_content: str | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track a click on a link. `target_url` must not be empty."""
        non_empty_string(target_url, name="target_url")
        data = {"targetUrl": target_url} | without_none(
            elementId=element_id,
            elementClasses=element_classes,
            elementTarget=element_target,
            elementContent=element_content,
        )
        return send_shortcut(self, "link_click", "1-0-1", data, context, tstamp, event_subject)

    @deprecated("SelfDescribing")
    def track_add_to_cart(
        self,
        sku: str,
        quantity: int,
        name: str | None = None,
        category: str | None = None,
        unit_price: float | None = None,
        currency: str | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track that goods were added to a cart. `sku` must not be empty."""
        data = _cart_data(sku, quantity, name, category, unit_price, currency)
        return send_shortcut(self, "add_to_cart", "1-0-0", data, context, tstamp, event_subject)

    @deprecated("SelfDescribing")
    def track_remove_from_cart(
        self,
        sku: str,
        quantity: int,
        name: str | None = None,
        category: str | None = None,
        unit_price: float | None = None,
        currency: str | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track that goods were removed from a cart. `sku` must not be empty."""
        data = _cart_data(sku, quantity, name, category, unit_price, currency)
        return send_shortcut(
            self, "remove_from_cart", "1-0-0", data, context, tstamp, event_subject
        )

    @deprecated("SelfDescribing")
    def track_form_change(
        self,
        form_id: str,
        element_id: str | None,
        node_name: FormNodeName,
        value: str | None,
        type_: str | None = None,
        element_classes: ElementClasses | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track that a field of a form was changed.

        Raises:
            ValueError: `form_id` is empty, `node_name` is not INPUT, TEXTAREA or SELECT, or
                `type_` is not one of `FORM_TYPES`. The case of `type_` is ignored.
        """
        non_empty_string(form_id, name="form_id")
        one_of(node_name, FORM_NODE_NAMES, name="node_name")
        if type_ is not None:
            one_of(type_.lower() if isinstance(type_, str) else type_, FORM_TYPES, name="type_")
        data = {
            "formId": form_id,
            "elementId": element_id,
            "nodeName": node_name,
            "value": value,
            **without_none(type=type_, elementClasses=element_classes),
        }
        return send_shortcut(self, "change_form", "1-0-0", data, context, tstamp, event_subject)

    @deprecated("SelfDescribing")
    def track_form_submit(
        self,
        form_id: str,
        form_classes: FormClasses | None = None,
        elements: list[dict[str, Any]] | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track that a form was submitted.

        Raises:
            ValueError: `form_id` is empty, or one of `elements` is not a form element: see
                `contracts.form_element`.
        """
        non_empty_string(form_id, name="form_id")
        for element in elements or ():
            form_element(element, name="elements")
        data = {"formId": form_id} | without_none(
            formClasses=form_classes, elements=elements or None
        )
        return send_shortcut(self, "submit_form", "1-0-0", data, context, tstamp, event_subject)

    @deprecated("SelfDescribing")
    def track_site_search(
        self,
        terms: Sequence[str],
        filters: dict[str, str | bool] | None = None,
        total_results: int | None = None,
        page_results: int | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track a search on a site. `terms` must not be empty."""
        non_empty(terms, name="terms")
        data = {"terms": terms} | without_none(
            filters=filters, totalResults=total_results, pageResults=page_results
        )
        return send_shortcut(self, "site_search", "1-0-0", data, context, tstamp, event_subject)

    @deprecated("ScreenView")
    def track_screen_view(
        self,
        name: str | None = None,
        id_: str | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track a screen view with the schema `screen_view`, which is older than the mobile one."""
        data = without_none(name=name, id=id_)
        return send_shortcut(self, "screen_view", "1-0-0", data, context, tstamp, event_subject)


def _cart_data(
    sku: str,
    quantity: int,
    name: str | None,
    category: str | None,
    unit_price: float | None,
    currency: str | None,
) -> dict[str, Any]:
    non_empty_string(sku, name="sku")
    return {"sku": sku, "quantity": quantity} | without_none(
        name=name, category=category, unitPrice=unit_price, currency=currency
    )
