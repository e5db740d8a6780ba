"""The target of a tracker: this package, or one of those that it stands in for."""

from __future__ import annotations

import importlib
from functools import partial
from importlib.metadata import version
from itertools import repeat
from typing import TYPE_CHECKING, Any

import snowplow_tracker
from benches.data.documents import encode_line
from benches.targets.serve import cpu_seconds, serve
from snowplow_tracker import Tracker

if TYPE_CHECKING:
    from collections.abc import Callable

IS_1X = hasattr(snowplow_tracker, "PageView")
version_api = importlib.import_module(f"benches.targets.version_{1 if IS_1X else 0}x")


class InputOnly:
    """A custom emitter: the least that a tracker takes."""

    def __init__(self) -> None:
        self.payload: dict[str, Any] = {}

    def input(self, payload: dict[str, Any]) -> None:
        self.payload = payload


def make_tracker(emitter: Any, name: str) -> Tracker:
    encoder = encode_line if name == "lines" else None
    return Tracker(namespace="bench", emitters=emitter, app_id="shop", json_encoder=encoder)


def tracking(name: str, number: int) -> Callable[[Any], None]:
    """Return the function that constructs and tracks one event of a kind."""
    if name in {"page_view", "structured_event"}:
        one: Callable[[Any], None] = getattr(version_api, name)
        return one
    many: Callable[[Any], None] = version_api.self_describing(name, number)
    return many


def forget_events(emitter: Any) -> None:
    """Empty an emitter, before its end tries to send."""
    store = getattr(emitter, "event_store", None)
    records = getattr(store, "records", None)
    (
        emitter.buffer if store is None else store.event_buffer if records is None else records
    ).clear()


def construct(emitter_kind: str, name: str, number: int, events: int) -> float:
    """Return CPU seconds of constructing and tracking one event."""
    emitter = version_api.post_emitter() if emitter_kind == "post" else InputOnly()
    tracker, track = make_tracker(emitter, name), tracking(name, number)

    def work() -> None:
        for _ in repeat(None, events):
            track(tracker)

    seconds = cpu_seconds(work) / events
    if emitter_kind == "post":
        forget_events(emitter)
    return seconds


def grow(name: str, number: int, sizes: list[int], block: int) -> list[float]:
    """Return CPU seconds of an event while one buffer grows: of the next ones at each size."""
    emitter = version_api.post_emitter()
    tracker, track = make_tracker(emitter, name), tracking(name, number)
    held, answers = 0, []

    def work(events: int) -> None:
        for _ in repeat(None, events):
            track(tracker)

    for size in sizes:
        work(size - held)
        answers.append(cpu_seconds(partial(work, block)) / block)
        held = size + block
    forget_events(emitter)
    return answers


def track_built(name: str, number: int, events: int) -> float:
    """Return CPU seconds of tracking one event that was built beforehand."""
    emitter, event = version_api.post_emitter(), version_api.built_event(name, number)
    track = make_tracker(emitter, name).track

    def work() -> None:
        for _ in repeat(None, events):
            track(event)

    seconds = cpu_seconds(work) / events
    forget_events(emitter)
    return seconds


def payload(name: str, number: int) -> dict[str, Any]:
    """Return the fields of an event of a kind."""
    inbox = InputOnly()
    tracking(name, number)(make_tracker(inbox, name))
    return inbox.payload


def about() -> dict[str, str]:
    """Return which package this is."""
    name = "snowplow-tracker-rs" if hasattr(snowplow_tracker, "_native") else "snowplow-tracker"
    return {"name": name, "version": version(name)}


TASKS: dict[str, Callable[..., object]] = {
    "about": about,
    "construct": construct,
    "grow": grow,
    "track_built": track_built,
    "payload": payload,
}

if __name__ == "__main__":
    serve(TASKS)
