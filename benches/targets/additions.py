"""Page views of a tracker to which a program has added something."""

from __future__ import annotations

from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any

from benches.targets import tracker
from benches.targets.serve import cpu_seconds
from snowplow_tracker import Ruleset, SelfDescribingJson, Subject, Tracker
from snowplow_tracker._scope import CURRENT, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["with_addition"]

ENTITY = SelfDescribingJson("iglu:com.acme/deployment/jsonschema/1-0-0", {"region": "eu-west-1"})
ALL = Ruleset(accept="iglu:com.snowplowanalytics.snowplow/*/jsonschema/*-*-*")


def _read(view: Any) -> Any:
    view.payload["page"] = "changed"
    return view


ADDITIONS: dict[str, Callable[[Tracker], object]] = {
    "nothing": lambda _: None,
    "static": lambda one: one.add_global_contexts([ENTITY]),
    "rules": lambda one: one.add_global_contexts([(ALL, ENTITY)]),
}


def _make(addition: str) -> Tracker:
    options: dict[str, Any] = {"use_scope": True} if "scope" in addition else {}
    if "before_send" in addition:
        options["before_send"] = _read if "changes" in addition else (lambda view: view)
    made = Tracker(
        "bench", tracker.version_api.post_emitter(), Subject().set_user_id("u"), **options
    )
    ADDITIONS.get(addition, ADDITIONS["nothing"])(made)
    return made


def with_addition(addition: str, events: int) -> float:
    """Return the CPU seconds of constructing and tracking a page view, on average.

    Args:
        addition: `nothing`, `static`, `rules`, `scope` without a scope, `inside scope`,
            `before_send`, or `before_send changes`.
        events: How many events to track.
    """
    made, track = _make(addition), tracker.tracking("page_view", 0)

    def work(events: int) -> None:
        for _ in repeat(None, events):
            track(made)

    subject = Subject().set_user_id("u-1234").set_ip_address("192.0.2.1")
    token = CURRENT.set(Scope(subject) if addition == "inside scope" else None)
    try:
        work(tracker.WARM_UP)
        seconds = cpu_seconds(partial(work, events)) / events
    finally:
        CURRENT.reset(token)
    tracker.forget_events(made.emitters[0])
    return seconds
