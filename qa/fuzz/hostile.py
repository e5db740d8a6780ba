"""Objects that run code of their own whenever they are used, and what that code does."""

from __future__ import annotations

import codecs
import gc
import time
import uuid
from collections import UserDict
from functools import wraps
from typing import TYPE_CHECKING, Any

from tests.support import Inbox

from snowplow_tracker import (
    Emitter,
    PageView,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)
from snowplow_tracker.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"
# However deep actions set off actions, a program ends.
_MOST_ACTIONS = 40
# What actions patch outside of the stage.
PATCHED = [(PageView, "__init__"), (Event, "build_payload"), (Tracker, "complete_payload")]


class OtherPageView(PageView):
    pass


def record_emitter() -> Emitter:
    """Return an emitter that takes records, and whose batches end here."""
    emitter = Emitter("127.0.0.1:9", batch_size=3, buffer_capacity=100)
    emitter.http_post = lambda data: 200  # type: ignore[method-assign]  # noqa: ARG005
    return emitter


class Stage:
    """A tracker, what it tracks, and every container that hostile code may change meanwhile."""

    def __init__(self, emitters: list[Any]) -> None:
        self.subject = Subject()
        self.emitters = emitters
        self.tracker = Tracker("ns", list(emitters), self.subject)
        self.containers: list[Any] = [self.subject.standard_nv_pairs]
        self.events: list[Any] = [PageView("u")]
        self.rubble: list[bytes] = []
        self._left = _MOST_ACTIONS

    def act(self, action: str, value: Any = None) -> None:
        if self._left > 0:
            self._left -= 1
            ACTIONS[action](self, value)

    def end(self) -> None:
        """Let nothing act any more."""
        self._left = 0

    def track(self, event: Any) -> None:
        self.events.append(event)
        self.tracker.track(event)


def _empty(stage: Stage, _: Any) -> None:
    for container in stage.containers:
        container.clear()
    # Memory that was just freed is written over.
    stage.rubble = [bytes([255]) * size for size in range(8, 200, 8)]


def _grow(stage: Stage, value: Any) -> None:
    for container in stage.containers:
        if isinstance(container, dict):
            container.update({f"{len(container)}\ud800": value, "k": [value]})
        else:
            container.extend([value, {"k": value}])


def _raise(_: Stage, __: Any) -> None:
    raise LookupError("hostile")


def _track(stage: Stage, value: Any) -> None:
    stage.tracker.track(PageView("u", value))
    stage.tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, {"v": value})))


def _track_again(stage: Stage, _: Any) -> None:
    stage.tracker.track(stage.events[-1])


def _change_event(stage: Stage, value: Any) -> None:
    event = stage.events[-1]
    for name in ("page_url", "page_title", "event_subject", "context", "true_timestamp", "payload"):
        setattr(event, name, value)
    event.screen_view_properties = {"v": value}


def _look_into_event(stage: Stage, _: Any) -> None:
    event = stage.events[-1]
    repr((event.payload, event.context, event))
    repr(event.screen_view_properties)


def _retype_event(stage: Stage, _: Any) -> None:
    event = stage.events[-1]
    event.__class__ = ScreenView if type(event) is OtherPageView else OtherPageView


def _rearm_tracker(stage: Stage, value: Any) -> None:
    stage.tracker.json_encoder = lambda _: value
    stage.tracker.encode_base64 = value
    stage.tracker.subject = Subject()
    stage.tracker.emitters = [*stage.emitters, Inbox()]


def _break_tracker(stage: Stage, value: Any) -> None:
    for name in ("standard_nv_pairs", "subject", "emitters", "json_encoder"):
        setattr(stage.tracker, name, value)


def _delete_attributes(stage: Stage, _: Any) -> None:
    vars(stage.tracker).clear()
    vars(stage.events[-1]).clear()
    del stage.tracker.subject


def _replace_facts(stage: Stage, value: Any) -> None:
    stage.subject.standard_nv_pairs["ua"] = value
    facts: Any = UserDict(stage.tracker.standard_nv_pairs, aid=value)
    stage.tracker.standard_nv_pairs = facts


def _patch_clock(_: Stage, value: Any) -> None:
    time.time = lambda: value


def _patch_ids(_: Stage, value: Any) -> None:
    uuid.uuid4 = lambda: value


def _patch_classes(_: Stage, __: Any) -> None:
    for owner, name in PATCHED:
        setattr(owner, name, _wrapped(getattr(owner, name)))


def _wrapped(method: Any) -> Any:
    if hasattr(method, "__wrapped__"):
        return method.__wrapped__

    @wraps(method)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        return method(*arguments, **named)

    return wrapper


def _replace_error_handler(stage: Stage, value: Any) -> None:
    def handle(error: Any) -> tuple[str, int]:
        stage.act("empty", value)
        return "?", error.end

    codecs.register_error("strict", handle)


def _collect(_: Stage, __: Any) -> None:
    gc.collect()


ACTIONS: dict[str, Callable[[Stage, Any], None]] = {
    "empty": _empty,
    "grow": _grow,
    "raise": _raise,
    "track": _track,
    "track again": _track_again,
    "change event": _change_event,
    "look into event": _look_into_event,
    "retype event": _retype_event,
    "rearm tracker": _rearm_tracker,
    "break tracker": _break_tracker,
    "delete attributes": _delete_attributes,
    "replace facts": _replace_facts,
    "patch clock": _patch_clock,
    "patch ids": _patch_ids,
    "patch classes": _patch_classes,
    "replace error handler": _replace_error_handler,
    "collect": _collect,
}


class _Touchy:
    """What any hostile object does: its action, whenever it is asked for anything."""

    stage: Stage
    action: str
    value: Any

    def arm(self, stage: Stage, action: str, value: Any) -> Any:
        self.stage, self.action, self.value = stage, action, value
        return self

    def touched(self) -> None:
        self.stage.act(self.action, self.value)


class _Compared(_Touchy):
    """Runs code also when it is hashed or compared."""

    def __hash__(self) -> int:
        self.touched()
        return 7

    def __eq__(self, other: object) -> bool:
        self.touched()
        return self is other


class Object(_Compared):
    """Neither JSON nor anything else that a tracker knows."""

    def __str__(self) -> str:
        self.touched()
        return "text\ud800"

    __repr__ = __str__

    def __bool__(self) -> bool:
        self.touched()
        return True

    def __len__(self) -> int:
        self.touched()
        return 2

    def __iter__(self) -> Any:
        self.touched()
        yield from ("ab", self)

    def __float__(self) -> float:
        self.touched()
        return 2.5

    def __int__(self) -> int:
        self.touched()
        return 2**70

    __index__ = __int__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.touched()
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        self.touched()
        return {"called": 2**70}

    def keys(self) -> Any:
        self.touched()
        return ["a\ud800", "b"]

    def __getitem__(self, key: Any) -> Any:
        self.touched()
        if key not in (0, 1, "a\ud800", "b"):
            raise IndexError(key)
        return 2**70

    def to_json(self) -> Any:
        self.touched()
        return {"schema": SCHEMA, "data": {"v\ud800": 2**70}}


class Text(_Compared, str):  # noqa: SLOT000 - it has attributes
    """A text that shows another one."""

    def __str__(self) -> str:
        self.touched()
        return "other"

    __repr__ = __str__


class Mapping(_Touchy, dict[Any, Any]):
    """A dict that changes as it is read."""

    def items(self) -> Any:
        self.touched()
        yield ("a\ud800", 2**70)
        self.touched()
        yield from super().items()

    def keys(self) -> Any:
        self.touched()
        return super().keys()

    def __getitem__(self, key: Any) -> Any:
        self.touched()
        return super().__getitem__(key)


class Sequence(_Touchy, list[Any]):
    """A list that changes as it is read."""

    def __iter__(self) -> Any:
        for item in super().__iter__():
            self.touched()
            yield item

    def __len__(self) -> int:
        self.touched()
        return super().__len__()


class Finalised(_Touchy):
    """Acts when it goes away."""

    def __del__(self) -> None:
        self.touched()


def plant_garbage(stage: Stage, action: str, value: Any) -> None:
    """Leave a cycle that acts whenever the collector comes by."""
    finalised = Finalised().arm(stage, action, value)
    finalised.me = finalised


HOSTILE = (Object, Text, Mapping, Sequence, Finalised)
EVENTS = (PageView, OtherPageView, StructuredEvent, ScreenView, SelfDescribing, Event)
