"""Intended differences of checks and old methods, as patches to the original package."""

from __future__ import annotations

import inspect
import math
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.differential.patching import Patching

_MODULE = "snowplow_tracker.tracker"
_CHECKS = ("non_empty", "one_of", "greater_than", "satisfies")


def checks_raise_value_error(patching: Patching) -> None:
    def check(original: Any, *args: Any) -> None:
        try:
            original(*args)
        except TypeError:
            raise ValueError from None

    signature = inspect.signature(patching.tracker.track_form_change)

    def form_change(method: Any, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        if not isinstance(given.get("type_"), str | None):
            given["type_"] = "no type"
        return method(**given)

    for name in _CHECKS:
        patching.wrap_check(name, check)
    patching.wrap(patching.tracker, "track_form_change", form_change)


def disabled_contracts_check_nothing(patching: Patching) -> None:
    is_on = patching.module("contracts").contracts_enabled

    def check(original: Any, text: Any) -> None:
        if is_on():
            original(text)

    def unless_none(store: Any) -> Any:
        def store_text(event: Any, text: Any) -> None:
            if text is not None or is_on():
                store(event, text)

        return store_text

    patching.wrap_check("non_empty_string", check)
    if not patching.is_0x:
        screen_view = patching.module("events").ScreenView
        for name in ("id_", "name"):
            old = getattr(screen_view, name)
            patching.put(screen_view, name, property(old.fget, unless_none(old.fset)))


def event_json_is_checked(patching: Patching) -> None:
    is_on = patching.module("contracts").contracts_enabled

    def store(event: Any, event_json: Any) -> None:
        if event_json is None and is_on():
            raise ValueError
        event._event_json = event_json

    def track(method: Any, tracker: Any, event_json: Any, *args: Any, **kwargs: Any) -> Any:
        if event_json is None and is_on():
            raise ValueError
        return method(tracker, event_json, *args, **kwargs)

    if patching.is_0x:
        for name in ("track_unstruct_event", "track_self_describing_event"):
            patching.wrap(patching.tracker, name, track)
    else:
        event_class = patching.module("events").SelfDescribing
        read = event_class.event_json.fget
        patching.put(event_class, "event_json", property(read, store))


def contexts_may_be_set_to_none(patching: Patching) -> None:
    def store(event: Any, contexts: Any) -> None:
        event._context = [] if contexts is None else contexts

    event_class = patching.module("events").Event
    patching.put(event_class, "context", property(event_class.context.fget, store))


def form_element_type_in_any_case(patching: Patching) -> None:
    def check(original: Any, element: Any) -> None:
        kind = element.get("type") if isinstance(element, dict) else None
        original({**element, "type": kind.lower()} if isinstance(kind, str) else element)

    patching.wrap_check("form_element", check)


def headset_is_a_platform(patching: Patching) -> None:
    subject = patching.module("subject")
    patching.put(subject, "SUPPORTED_PLATFORMS", {*subject.SUPPORTED_PLATFORMS, "headset"})


def emitters_may_be_a_tuple(patching: Patching) -> None:
    def construct(method: Any, tracker: Any, *args: Any, **kwargs: Any) -> None:
        values = (list(value) if isinstance(value, tuple) else value for value in args)
        if isinstance(kwargs.get("emitters"), tuple):
            kwargs["emitters"] = list(kwargs["emitters"])
        method(tracker, *values, **kwargs)

    patching.wrap(patching.tracker, "__init__", construct)


def one_deprecation_warning_a_call(patching: Patching) -> None:
    def call(method: Any, *args: Any, **kwargs: Any) -> Any:
        if _methods_running() == 0:
            warnings.warn("deprecated", DeprecationWarning, stacklevel=2)
        return method(*args, **kwargs)

    if not patching.is_0x:
        patching.put(patching.module("tracker"), "warn", lambda *_, **__: None)
    for name in dir(patching.tracker):
        if name.startswith("track_"):
            patching.wrap(patching.tracker, name, call)


def _methods_running() -> int:
    """Count the original's old methods that are running."""
    count, frame = 0, inspect.currentframe()
    while frame is not None:
        is_theirs = frame.f_globals.get("__name__") == _MODULE
        count += is_theirs and frame.f_code.co_name.startswith("track_")
        frame = frame.f_back
    return count


# Orders


def _wrap_order(patching: Patching, wrapper: Any) -> None:
    """Replace `track_ecommerce_transaction` by `wrapper(method, tracker, arguments)`."""
    signature = inspect.signature(patching.tracker.track_ecommerce_transaction)

    def track(method: Any, *args: Any, **kwargs: Any) -> Any:
        arguments = signature.bind(*args, **kwargs).arguments
        return wrapper(method, arguments.pop("self"), arguments)

    patching.wrap(patching.tracker, "track_ecommerce_transaction", track)


def orders_change_no_item(patching: Patching) -> None:
    def track(method: Any, tracker: Any, order: dict[str, Any]) -> Any:
        order["items"] = [dict(item) for item in order.get("items") or ()]
        return method(tracker, **order)

    _wrap_order(patching, track)


def order_items_are_checked_first(patching: Patching) -> None:
    item_signature = inspect.signature(patching.tracker.track_ecommerce_transaction_item)
    shared = dict.fromkeys(("order_id", "currency", "tstamp", "event_subject", "context"))

    def track(method: Any, tracker: Any, order: dict[str, Any]) -> Any:
        try:
            for item in order.get("items") or ():
                item_signature.bind(tracker, **{**item, **shared})
        except TypeError:
            without_items(method, tracker, order)
            raise
        return method(tracker, **order)

    def without_items(method: Any, tracker: Any, order: dict[str, Any]) -> None:
        with type(patching)() as within:
            for name in ("track", "complete_payload"):
                within.put(tracker, name, lambda *_, **__: None)
            method(tracker, **{**order, "items": None})

    _wrap_order(patching, track)


def order_items_keep_their_own(patching: Patching) -> None:
    class Item(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            if value or key not in self or key not in ("currency", "context", "event_subject"):
                super().__setitem__(key, value)

    def track(method: Any, tracker: Any, order: dict[str, Any]) -> Any:
        given = order.get("items") or ()
        order["items"] = [Item(item) for item in given]
        try:
            return method(tracker, **order)
        finally:
            for item, changed in zip(given, order["items"], strict=True):
                item.update(changed)

    _wrap_order(patching, track)


def orders_and_items_share_their_time(patching: Patching) -> None:
    def track(method: Any, tracker: Any, order: dict[str, Any]) -> Any:
        with type(patching)() as within:
            within.wrap(patching.tracker, "get_timestamp", stamp)
            return method(tracker, **order)

    def stamp(method: Any, *args: Any) -> Any:
        is_time = args and isinstance(args[0], int | float) and math.isfinite(args[0])
        return int(args[0]) if is_time else args[0] if args else method()

    _wrap_order(patching, track)


def order_items_get_its_contexts(patching: Patching) -> None:
    def track(method: Any, tracker: Any, order: dict[str, Any]) -> Any:
        for item in order.get("items") or ():
            item["context"] = order.get("context") or item.get("context")
        return method(tracker, **order)

    _wrap_order(patching, track)


# Version 0.x completes payloads in one method.


def event_subject_is_combined(patching: Patching) -> None:
    subject_class = patching.module("subject").Subject

    def complete(
        method: Any, tracker: Any, payload: Any, context: Any, stamp: Any, who: Any
    ) -> Any:
        if who is not None and tracker.subject is not None:
            both = subject_class()
            both.standard_nv_pairs = {**tracker.subject.standard_nv_pairs, **who.standard_nv_pairs}
            who = both
        return method(tracker, payload, context, stamp, who)

    patching.wrap(patching.tracker, "complete_payload", complete)


def subject_may_be_none(patching: Patching) -> None:
    subject_class = patching.module("subject").Subject

    def complete(
        method: Any, tracker: Any, payload: Any, context: Any, stamp: Any, who: Any
    ) -> Any:
        if who is None and tracker.subject is None:
            who = subject_class()
            who.standard_nv_pairs = {}
        return method(tracker, payload, context, stamp, who)

    patching.wrap(patching.tracker, "complete_payload", complete)


def text_is_no_timestamp(patching: Patching) -> None:
    def complete(
        method: Any, tracker: Any, payload: Any, context: Any, stamp: Any, who: Any
    ) -> Any:
        stamp = stamp if isinstance(stamp, int | float) else None
        return method(tracker, payload, context, stamp, who)

    patching.wrap(patching.tracker, "complete_payload", complete)


def empty_contexts_are_left_out(patching: Patching) -> None:
    def complete(
        method: Any, tracker: Any, payload: Any, context: Any, stamp: Any, who: Any
    ) -> Any:
        return method(tracker, payload, context or None, stamp, who)

    patching.wrap(patching.tracker, "complete_payload", complete)


def tracker_facts_win(patching: Patching) -> None:
    def track(method: Any, tracker: Any, payload: Any) -> Any:
        if "eid" in payload.nv_pairs:
            payload.add_dict(tracker.standard_nv_pairs)
        return method(tracker, payload)

    patching.wrap(patching.tracker, "track", track)


def schema_is_checked(patching: Patching) -> None:
    check = patching.module("contracts").non_empty_string

    def construct(method: Any, json: Any, schema: Any, data: Any) -> None:
        check(schema)
        method(json, schema, data)

    patching.wrap(patching.module("self_describing_json").SelfDescribingJson, "__init__", construct)


def trailing_slash_is_cut(patching: Patching) -> None:
    def uri(method: Any, endpoint: str, *args: Any, **kwargs: Any) -> Any:
        return method(endpoint.rstrip("/") or endpoint, *args, **kwargs)

    emitter = patching.module("emitters").Emitter
    patching.wrap(emitter, "as_collector_uri", uri)
