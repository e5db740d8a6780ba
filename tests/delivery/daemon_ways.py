"""Ways from native code into a program's code, taken by a daemon thread while the process exits.

    python daemon_ways.py WAY

The exit status is 7, which `sys.exit` is given, unless the way ends the process differently.
"""

from __future__ import annotations

import codecs
import copy
import dataclasses
import enum
import gc
import logging
import os
import sys
import threading
import time
import uuid
import weakref
from collections import UserDict
from typing import TYPE_CHECKING, Any

from snowplow_tracker import (
    Emitter,
    PageView,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
    _native,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STATUS = 7
SCHEMA = "iglu:com.acme/order/jsonschema/1-0-0"

INSIDE = threading.Event()
WAKE, WAKER = os.pipe()
DAEMON: list[threading.Thread] = []


def pause(*_: object, read: Callable[[int, int], bytes] = os.read) -> None:
    """Wait, without the GIL, until the interpreter is being finalized."""
    if threading.current_thread() in DAEMON:
        INSIDE.set()
        read(WAKE, 1)


class Last:
    """An object that finalization deletes. It wakes the daemon thread, which then wants the GIL."""

    def __del__(
        self,
        write: Callable[[int, bytes], int] = os.write,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        write(WAKER, b"x")
        sleep(
            0.1
        )  # for the thread to end, or to end the process: neither can be observed from here


def emitter(**settings: Any) -> Emitter:
    return Emitter("127.0.0.1:9", protocol="http", exit_timeout=0, batch_size=10**6, **settings)


TRACKER = Tracker("ns", emitter())
PAGE = PageView("https://a.b/")


def tracking(event: Any, tracker: Any = TRACKER) -> Callable[[], object]:
    return lambda: tracker.track(event)


def order(value: Any) -> SelfDescribing:
    return SelfDescribing(SelfDescribingJson(SCHEMA, {"value": value}))


def own(base: type, **members: Any) -> Any:
    """Create a class of the program's own."""
    return type("Own", (base,), members)


def pausing(result: Callable[..., Any]) -> Any:
    """Return a function that pauses before it does what `result` does."""

    def function(*arguments: Any, **named: Any) -> Any:
        pause()
        return result(*arguments, **named)

    return function


def of(value: Any) -> Any:
    """Return a function that pauses and returns a value."""
    return pausing(lambda *_, **__: value)


JSON = SelfDescribingJson(SCHEMA, {})
SLOW_TEXT = own(object, __str__=of("slow"), __repr__=of("slow"))


def in_json(value: Any, **settings: Any) -> Callable[[], object]:
    return tracking(order(value), Tracker("ns", emitter(), **settings))


def in_context(**methods: Any) -> Callable[[], object]:
    return tracking(PageView("u", context=own(list, **methods)([JSON])))


def in_tracker(name: str, value: Any) -> Callable[[], object]:
    tracker = Tracker("ns", emitter())
    setattr(tracker, name, value)
    return tracking(PAGE, tracker)


def generator() -> Callable[[], object]:
    class Own(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            yield 1
            pause()

    return in_json(Own([1]))


def enum_value() -> Callable[[], object]:
    class Size(enum.Enum):
        SMALL = 1
        value = property(of(1))

    return in_json(Size.SMALL)


def dataclass_field() -> Callable[[], object]:
    def read(self: Any, name: str) -> Any:
        if name == "sku":
            pause()
        return object.__getattribute__(self, name)

    item = dataclasses.make_dataclass("Item", ["sku"], namespace={"__getattribute__": read})
    return in_json(item("a"))


def float_attribute() -> Callable[[], object]:
    def read(_: Any, name: str) -> Any:
        if name == "__float__":
            pause()
        raise AttributeError(name)

    return tracking(StructuredEvent("c", "a", own(object, __getattr__=read)()))


def repr_of_an_event() -> Callable[[], object]:
    event = StructuredEvent("c", "a", SLOW_TEXT())
    return lambda: repr(event)


def event_property_set() -> Callable[[], object]:
    event = own(PageView, context=property(lambda _: [], of(None)))
    return lambda: event("u")


def tracker_property() -> Callable[[], object]:
    tracker = own(Tracker, subject=property(of(None), lambda *_: None))
    return tracking(PAGE, tracker("ns", emitter()))


def emitter_attribute() -> Callable[[], object]:
    def read(_: Any, name: str) -> Any:
        if name == "input":
            pause()
        return lambda *_, **__: None

    return tracking(PAGE, Tracker(own(object, __getattr__=read)(), namespace="ns"))


def tracker_fields() -> Callable[[], object]:
    fields = own(UserDict, __getitem__=pausing(lambda self, name: self.data[name]))
    return in_tracker("standard_nv_pairs", fields(TRACKER.standard_nv_pairs))


def subject_fields() -> Callable[[], object]:
    fields = own(object, keys=of(["p"]), __getitem__=lambda *_: "web")()
    subject = own(Subject, combine_subject=lambda *_: fields)()
    return tracking(PageView("u", event_subject=subject))


def hash_of_a_key() -> Callable[[], object]:
    key = own(object, __hash__=of(1))()
    payload = own(object, items=lambda _: [(key, "v")])()
    return lambda: _native.clean_fields(payload, True)


def equality_of_keys() -> Callable[[], object]:
    key = own(object, __hash__=lambda _: hash("dtm"), __eq__=of(False), __str__=lambda _: "x")()
    event: Any = {key: "v"}
    return lambda: _native.encode_record(event)


def finaliser() -> Callable[[], object]:
    held = own(object, __del__=of(None))

    def work() -> None:
        event: Any = PageView("u")
        event.page_title = held()
        event.page_title = "b"

    return work


def finaliser_of_encoded_objects() -> Callable[[], object]:
    held = own(object, __del__=of(None))
    return in_json(own(list, __iter__=lambda _: (held() for _ in range(3)))([1]), json_encoder=str)


def weakref_callback() -> Callable[[], object]:
    kept = []

    def work() -> None:
        event: Any = PageView("u")
        event.page_title = own(object)()
        kept.append(weakref.ref(event.page_title, pause))
        event.page_title = "b"

    return work


def gc_callback() -> Callable[[], object]:
    event = order({"a": [{} for _ in range(10)]})

    def work() -> None:
        gc.set_threshold(1)
        gc.callbacks.append(pause)
        while True:
            TRACKER.track(event)

    return work


def log_filter() -> Callable[[], object]:
    logging.getLogger("snowplow_tracker.tracker").addFilter(of(True))
    return in_json(float("nan"))


def codec_error_handler() -> Callable[[], object]:
    codecs.register_error("surrogatepass", pausing(codecs.lookup_error("strict")))
    return in_json("\ud800")


def clock() -> Callable[[], object]:
    time.time = of(1.0)
    return tracking(PAGE)


def event_id() -> Callable[[], object]:
    uuid.uuid4 = of("id")
    return tracking(PAGE)


def text_of_an_event_id() -> Callable[[], object]:
    uuid.uuid4 = SLOW_TEXT
    return tracking(PAGE)


def lock() -> Callable[[], object]:
    """Wait for a lock that another thread releases during the exit."""
    held = threading.Lock()
    held.acquire()

    def release() -> None:
        DAEMON.append(threading.current_thread())
        pause()
        held.release()

    def wait(_: Any) -> Iterator[Any]:
        threading.Thread(target=release, daemon=True).start()
        with held:
            return iter([1])

    return in_json(own(list, __iter__=wait)([1]))


def posting(http_post: Callable[..., Any], **settings: Any) -> Callable[[], object]:
    post = own(Emitter, http_post=http_post)
    sends = post("127.0.0.1:9", protocol="http", exit_timeout=0, batch_size=1, **settings)
    return tracking(PAGE, Tracker("ns", sends))


def slot_of_a_copied_event() -> Callable[[], object]:
    event = own(PageView, __slots__=("title",), __getattr__=pausing(lambda *_: "x"))("u")
    return lambda: copy.copy(event)


def mapping_items() -> Callable[[], object]:
    return in_json(own(dict, items=pausing(dict.items))(a=1))


WAYS: dict[str, Callable[[], Callable[[], object]]] = {
    "iterator": lambda: in_json(own(list, __iter__=pausing(list.__iter__))([1])),
    "generator": generator,
    "mapping_items": mapping_items,
    "contexts_iterator": lambda: in_context(__iter__=pausing(list.__iter__)),
    "contexts_bool": lambda: in_context(__bool__=of(True)),
    "contexts_len": lambda: in_context(__bool__=lambda _: True, __len__=of(1)),
    "enum_value": enum_value,
    "dataclass_field": dataclass_field,
    "json_encoder": lambda: in_json(object(), json_encoder=of("done")),
    "float_attribute": float_attribute,
    "text_of_a_value": lambda: tracking(StructuredEvent("c", "a", SLOW_TEXT())),
    "text_of_an_event_id": text_of_an_event_id,
    "repr_of_an_event": repr_of_an_event,
    "to_json": lambda: tracking(SelfDescribing(own(object, to_json=of({}))())),
    "to_json_property": lambda: tracking(SelfDescribing(own(object, to_json=property(of(dict)))())),
    "build_payload": lambda: tracking(own(PageView, build_payload=of(None))("u")),
    "build_payload_property": lambda: tracking(
        own(PageView, build_payload=property(of(lambda *_, **__: None)))("u")
    ),
    "event_property": lambda: tracking(
        own(PageView, context=property(of([]), lambda *_: None))("u")
    ),
    "event_property_set": event_property_set,
    "screen_view_property": lambda: tracking(
        own(ScreenView, screen_view_properties=property(of({})))("id", "name")
    ),
    "tracker_property": tracker_property,
    "encode_base64_bool": lambda: in_tracker("encode_base64", own(object, __bool__=of(True))()),
    "emitters_iterator": lambda: in_tracker("emitters", own(object, __iter__=of(iter([])))()),
    "emitter_attribute": emitter_attribute,
    "tracker_fields": tracker_fields,
    "subject_fields": subject_fields,
    "hash_of_a_key": hash_of_a_key,
    "equality_of_keys": equality_of_keys,
    "finaliser": finaliser,
    "finaliser_of_encoded_objects": finaliser_of_encoded_objects,
    "weakref_callback": weakref_callback,
    "gc_callback": gc_callback,
    "log_filter": log_filter,
    "codec_error_handler": codec_error_handler,
    "clock": clock,
    "event_id": event_id,
    "lock": lock,
    "request": lambda: posting(of(True)),
    "success_callback": lambda: posting(lambda *_: True, on_success=pause),
    "slot_of_a_copied_event": slot_of_a_copied_event,
}


def main() -> None:
    work = WAYS[sys.argv[1]]()
    DAEMON.append(threading.Thread(target=work, daemon=True))
    DAEMON[0].start()
    if not INSIDE.wait(10):
        sys.exit("the program's code was never reached")
    sys.last = Last()  # type: ignore[attr-defined]
    sys.exit(STATUS)


if __name__ == "__main__":
    main()
