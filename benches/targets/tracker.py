"""A target that tracks: this package, or a version of snowplow-tracker."""

from __future__ import annotations

import importlib
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from itertools import repeat
from typing import TYPE_CHECKING, Any

import snowplow_tracker
from benches.data.documents import document, encode_line
from benches.targets.internals import record_buffer
from benches.targets.serve import cpu_seconds, serve
from snowplow_tracker import Subject, Tracker

if TYPE_CHECKING:
    from collections.abc import Callable

# Events that warm up the code, and touch little memory.
WARM_UP = 50
IS_OURS = find_spec("snowplow_tracker._native") is not None
IS_1X = hasattr(snowplow_tracker, "PageView")
version_api = importlib.import_module(f"benches.targets.version_{1 if IS_1X else 0}x")


class InputOnly:
    """A custom emitter with no method but `input`. It keeps the last payload."""

    def __init__(self) -> None:
        self.payload: dict[str, Any] = {}

    def input(self, payload: dict[str, Any]) -> None:
        self.payload = payload


def make_tracker(emitter: Any, name: str) -> Tracker:
    encoder = encode_line if name == "lines" else None
    return Tracker(
        namespace="bench",
        emitters=emitter,
        subject=Subject().set_user_id("u-1234"),
        app_id="shop",
        json_encoder=encoder,
    )


def tracking(name: str, number: int) -> Callable[[Any], None]:
    """Return a function that constructs one event and tracks it with the given tracker.

    Args:
        name: `page_view`, `structured_event`, or the name of a document: see
            `benches.data.documents.document`.
        number: The parameter of that document, such as the number of contexts.
    """
    if name in {"page_view", "structured_event"}:
        one: Callable[[Any], None] = getattr(version_api, name)
        return one
    many: Callable[[Any], None] = version_api.self_describing(name, number)
    return many


def forget_events(emitter: Any) -> None:
    """Empty an emitter that stores events in memory.

    Otherwise it would try to send its events when it is garbage-collected.
    """
    buffer: Any
    if IS_OURS:
        buffer = record_buffer(emitter)
    elif IS_1X:
        buffer = emitter.event_store.event_buffer
    else:
        buffer = emitter.buffer
    buffer.clear()


def construct(emitter_kind: str, name: str, number: int, events: int) -> float:
    """Return the CPU seconds of constructing and tracking one event, on average.

    Args:
        emitter_kind: `post` for the tracker's own emitter, `input` for a custom one.
        name: The kind of event: see `tracking`.
        number: Its parameter.
        events: How many events to track.
    """
    emitter = version_api.post_emitter() if emitter_kind == "post" else InputOnly()
    tracker, track = make_tracker(emitter, name), tracking(name, number)

    def work() -> None:
        for _ in repeat(None, events):
            track(tracker)

    seconds = cpu_seconds(work) / events
    if emitter_kind == "post":
        forget_events(emitter)
    return seconds


def construct_new(name: str, events: int) -> float:
    """Return the same as `construct`, with data whose texts CPython has not yet encoded.

    Args:
        name: One of `benches.data.documents.SCRIPTS`.
        events: How many events to track.
    """
    emitter = version_api.post_emitter()
    tracker, track = make_tracker(emitter, name), version_api.track_data
    prepared = [document(name, number)[0] for number in range(events)]

    def work() -> None:
        for data in prepared:
            track(tracker, data)

    seconds = cpu_seconds(work) / events
    forget_events(emitter)
    return seconds


def cold(name: str, number: int, is_built: bool, events: int) -> float:
    """Return the CPU seconds of one event, if no event was in this process's memory before.

    Args:
        name: The kind of event: see `tracking`.
        number: Its parameter.
        is_built: True to track an existing event, False to construct each of them.
        events: How many events to track.
    """
    emitter = version_api.post_emitter()
    tracker = make_tracker(emitter, name)
    track: Callable[[Any], object] = tracker.track if is_built else tracking(name, number)
    argument = version_api.built_event(name, number) if is_built else tracker

    def work(events: int) -> None:
        for _ in repeat(None, events):
            track(argument)

    work(WARM_UP)
    return cpu_seconds(partial(work, events)) / events


def grow(name: str, number: int, sizes: list[int], block: int) -> list[float]:
    """Return the CPU seconds of an event at each size of one growing buffer.

    Args:
        name: The kind of event: see `tracking`.
        number: Its parameter.
        sizes: How many events the buffer holds when a measurement starts, in ascending order.
        block: How many further events a measurement tracks.
    """
    emitter = version_api.post_emitter()
    tracker, track = make_tracker(emitter, name), tracking(name, number)
    held, seconds = 0, []

    def work(events: int) -> None:
        for _ in repeat(None, events):
            track(tracker)

    for size in sizes:
        work(size - held)
        seconds.append(cpu_seconds(partial(work, block)) / block)
        held = size + block
    forget_events(emitter)
    return seconds


def track_built(name: str, number: int, events: int) -> float:
    """Return the CPU seconds of tracking an existing event, on average."""
    emitter, event = version_api.post_emitter(), version_api.built_event(name, number)
    track = make_tracker(emitter, name).track

    def work() -> None:
        for _ in repeat(None, events):
            track(event)

    seconds = cpu_seconds(work) / events
    forget_events(emitter)
    return seconds


def payload(name: str, number: int) -> dict[str, Any]:
    """Return the fields of an event as the tracker hands them to an emitter."""
    inbox = InputOnly()
    tracking(name, number)(make_tracker(inbox, name))
    return inbox.payload


def about() -> dict[str, str]:
    """Return the name and the version of the package."""
    if IS_OURS:
        return {"name": "snowplow-tracker-rs", "version": snowplow_tracker.__version__}
    return {"name": "snowplow-tracker", "version": version("snowplow-tracker")}


TASKS: dict[str, Callable[..., object]] = {
    "about": about,
    "cold": cold,
    "construct": construct,
    "construct_new": construct_new,
    "grow": grow,
    "track_built": track_built,
    "payload": payload,
}

if __name__ == "__main__":
    serve(TASKS)
