"""Recursion through native code and a program's own, on a thread with a small stack.

    python recursion_program.py WAY KIB

The exit status is 0 if it ends in a RecursionError.
"""

from __future__ import annotations

import sys
import threading
import uuid
from typing import TYPE_CHECKING, Any

from snowplow_tracker import (
    Emitter,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Tracker,
    _native,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = "iglu:com.acme/order/jsonschema/1-0-0"
EMITTER = Emitter("127.0.0.1:9", protocol="http", exit_timeout=0, batch_size=10**6)


def own(base: type, **members: Any) -> Any:
    """Create a class of the program's own."""
    return type("Own", (base,), members)


def order(value: Any) -> SelfDescribing:
    return SelfDescribing(SelfDescribingJson(SCHEMA, {"value": value}))


def tracking(make: Callable[[Callable[..., Any]], Any]) -> None:
    """Track an event whose code tracks it again, by the function that `make` gets."""

    def again(*_: Any, **__: Any) -> int:
        tracks.track(event)
        return 1

    tracks = Tracker("ns", EMITTER, json_encoder=again)
    event = make(again)
    tracks.track(event)


def get_uuid() -> None:
    tracker = own(Tracker, get_uuid=lambda self: self.track(PageView("u")))
    tracker("ns", EMITTER).track(PageView("u"))


def replaced_uuid4() -> None:
    uuid.uuid4 = Tracker.get_uuid  # type: ignore[assignment]
    Tracker.get_uuid()


def custom_input() -> None:
    emitter = own(Emitter, input=lambda *_: tracker.track(PageView("u")))
    tracker: Tracker = Tracker("ns", emitter("127.0.0.1:9", protocol="http"))
    tracker.track(PageView("u"))


def custom_flush() -> None:
    emitter = own(Emitter, flush=lambda _: tracker.track(PageView("u")))
    own_flush = emitter("127.0.0.1:9", protocol="http", batch_size=1, exit_timeout=0)
    tracker: Tracker = Tracker("ns", own_flush)
    tracker.track(PageView("u"))


def constructor() -> None:
    event = own(PageView, context=property(lambda _: [], lambda *_: event("u")))
    event("u")


def constructor_of_json() -> None:
    json = own(SelfDescribingJson, data=property(lambda _: 1, lambda *_: json(SCHEMA, 1)))
    json(SCHEMA, 1)


def to_json_through_a_property() -> None:
    json = own(SelfDescribingJson, data=property(lambda self: self.to_json(), lambda *_: None))
    json(SCHEMA, 1).to_json()


def to_string_through_a_property() -> None:
    json = own(SelfDescribingJson, data=property(lambda self: self.to_string(), lambda *_: None))
    json(SCHEMA, 1).to_string()


def repr_of_a_value() -> None:
    value = own(object, __repr__=lambda _: repr(event))
    event: Any = StructuredEvent("c", "a", value())
    repr(event)


def dumps() -> None:
    def encode(unknown: Any) -> Any:
        return _native.dumps(unknown, encode)

    _native.dumps(object(), encode)


def clean_fields() -> None:
    payload: Any = own(object, items=lambda self: _native.clean_fields(self, True))()
    _native.clean_fields(payload, True)


WAYS: dict[str, Callable[[], None]] = {
    "json_encoder": lambda: tracking(lambda _: order(object())),
    "json_encoder_in_deep_data": lambda: tracking(lambda _: order(deep(object()))),
    "to_json": lambda: tracking(lambda again: SelfDescribing(own(object, to_json=again)())),
    "build_payload": lambda: tracking(lambda again: own(PageView, build_payload=again)("u")),
    "str": lambda: tracking(lambda again: StructuredEvent("c", "a", own(object, __str__=again)())),
    "str_of_a_number": lambda: tracking(
        lambda again: StructuredEvent("c", "a", own(object, __str__=again, __float__=again)())
    ),
    "iterator": lambda: tracking(lambda again: order(own(list, __iter__=again)([1]))),
    "items": lambda: tracking(lambda again: order(own(dict, items=again)(a=1))),
    "property": lambda: tracking(
        lambda again: own(PageView, context=property(again, lambda *_: None))("u")
    ),
    "get_uuid": get_uuid,
    "replaced_uuid4": replaced_uuid4,
    "input": custom_input,
    "flush": custom_flush,
    "constructor": constructor,
    "constructor_of_json": constructor_of_json,
    "to_json_through_a_property": to_json_through_a_property,
    "to_string_through_a_property": to_string_through_a_property,
    "repr": repr_of_a_value,
    "dumps": dumps,
    "clean_fields": clean_fields,
}


def deep(value: Any) -> Any:
    for _ in range(60):
        value = [value]
    return value


def main() -> None:
    ended = []

    def work() -> None:
        try:
            WAYS[sys.argv[1]]()
        except RecursionError as error:
            ended.append(error)

    threading.stack_size(int(sys.argv[2]) * 1024)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    EMITTER.event_store.cleanup(EMITTER.event_store.get_events_batch(), need_retry=False)
    sys.exit(0 if ended else "no RecursionError")


if __name__ == "__main__":
    main()
