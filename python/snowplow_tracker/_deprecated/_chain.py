"""How the deprecated methods call one another.

Each of them can be overridden, and only the first one of a call warns.
"""

from __future__ import annotations

from functools import wraps

from snowplow_tracker._threads import PerThread
from snowplow_tracker.constants import BASE_SCHEMA_PATH, SCHEMA_TAG
from snowplow_tracker.events import Event, SelfDescribing
from snowplow_tracker.self_describing_json import SelfDescribingJson

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any, Generic, ParamSpec, TypeVar

    from snowplow_tracker.constants import ContextArray
    from snowplow_tracker.subject import Subject

    P = ParamSpec("P")
    R = TypeVar("R")
    TrackerT = TypeVar("TrackerT")
else:
    TrackerT = None

    class Generic:
        """Replaces `typing.Generic` at runtime: drops the parameter.

        With `typing.Generic` among the bases of `Tracker`, a program's
        `class Mine(Generic[T], Tracker)` would have no consistent method resolution order.
        """

        def __class_getitem__(cls, _parameter: object) -> type:
            return cls


# Its `calls` are the deprecated methods running on this thread, as (id of the tracker, name).
_chain = PerThread()


def _running() -> tuple[tuple[int, str], ...]:
    return getattr(_chain, "calls", ())


def deprecated(replacement: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a method warn at its caller's line, unless a deprecated method of the tracker called it.

    Args:
        replacement: Name of the event class to use instead.
    """

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        message = f"{method.__name__} is deprecated: use Tracker.track({replacement}(...))"

        @wraps(method)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            outer = _running()
            tracker = id(args[0])
            if all(owner != tracker for owner, _ in outer):
                from warnings import warn  # noqa: PLC0415 - slow to import

                warn(message, DeprecationWarning, stacklevel=2)
            _chain.calls = (*outer, (tracker, method.__name__))
            try:
                return method(*args, **kwargs)
            finally:
                _chain.calls = outer

        return call

    return decorate


class ChainedMethods(Generic[TrackerT]):
    """The two methods for self-describing events.

    All methods return the tracker. Its type is a parameter, not an import, since `Tracker` imports
    these classes. It is not `Self`: programs override the methods with the return type `Tracker`.
    """

    if TYPE_CHECKING:

        def track(self, event: Event) -> object: ...

    @deprecated("SelfDescribing")
    def track_unstruct_event(
        self,
        event_json: SelfDescribingJson,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track a self-describing event by calling `track_self_describing_event`."""
        if _is_reentered(self) or _is_called_by_override(self):
            # An override of track_self_describing_event calls this method: do not call it back.
            return ChainedMethods.track_self_describing_event(
                self, event_json, context, tstamp, event_subject
            )
        self.track_self_describing_event(
            event_json=event_json, context=context, tstamp=tstamp, event_subject=event_subject
        )
        return _as_tracker(self)

    @deprecated("SelfDescribing")
    def track_self_describing_event(
        self,
        event_json: SelfDescribingJson,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
    ) -> TrackerT:
        """Track a self-describing event."""
        event = SelfDescribing(
            event_json, event_subject=event_subject, context=context, true_timestamp=tstamp
        )
        return send(self, event)


# Functions instead of methods: a subclass of Tracker may use any private name.


def send(tracker: ChainedMethods[TrackerT], event: Event) -> TrackerT:
    """Track an event. Events that its encoding or an emitter tracks are not part of the chain."""
    outer, _chain.calls = _running(), ()
    try:
        tracker.track(event=event)
    finally:
        _chain.calls = outer
    return _as_tracker(tracker)


def send_shortcut(
    tracker: ChainedMethods[TrackerT],
    name: str,
    version: str,
    data: dict[str, Any],
    context: ContextArray | None,
    tstamp: float | None,
    event_subject: Subject | None,
) -> TrackerT:
    """Track an event of one of Snowplow's own schemas by calling `track_unstruct_event`."""
    event_json = SelfDescribingJson(f"{BASE_SCHEMA_PATH}/{name}/{SCHEMA_TAG}/{version}", data)
    tracker.track_unstruct_event(event_json, context, tstamp, event_subject)
    return _as_tracker(tracker)


def without_none(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def _as_tracker(methods: ChainedMethods[TrackerT]) -> TrackerT:
    whole: Any = methods
    tracker: TrackerT = whole
    return tracker


def _is_reentered(tracker: ChainedMethods[Any]) -> bool:
    """Whether `track_unstruct_event` has called itself through overrides of the tracker."""
    return _running().count((id(tracker), "track_unstruct_event")) > 1


def _is_called_by_override(tracker: ChainedMethods[Any]) -> bool:
    """Whether an override of `track_self_describing_event` has called `track_unstruct_event`.

    If the program calls that override itself, no deprecated method has run before, so that
    `_is_reentered` cannot know it yet. The override would run twice.
    """
    from inspect import currentframe  # noqa: PLC0415 - slow to import, rarely needed

    frame = currentframe()
    for _ in range(3):  # this function, track_unstruct_event, and its wrapper
        frame = frame and frame.f_back
    return frame is not None and _runs_override(frame, tracker)


def _runs_override(frame: FrameType, tracker: ChainedMethods[Any]) -> bool:
    code = frame.f_code
    return (
        code is _code(tracker.track_self_describing_event)
        and code.co_argcount > 0
        and frame.f_locals.get(code.co_varnames[0]) is tracker
    )


def _code(method: Any) -> CodeType | None:
    while hasattr(method, "__wrapped__"):
        method = method.__wrapped__
    return getattr(method, "__code__", None)
