"""`flush_after`: delivers events before a serverless platform freezes the process.

AWS Lambda, Google Cloud Functions and Azure Functions stop a process when a function has returned,
and let it go on with the next call, or never. Threads stop too, and exit handlers need not run.
"""

from __future__ import annotations

import inspect
import logging
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from snowplow_tracker._delivery.awaiting import flush_all
from snowplow_tracker._delivery.background import flush_all_within
from snowplow_tracker._lifecycle.process import registered
from snowplow_tracker._logging import skip_closed_streams
from snowplow_tracker._validation import require_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from snowplow_tracker.emitters import Emitter
    from snowplow_tracker.tracker import Tracker

__all__ = ["flush_after"]

logger = skip_closed_streams(logging.getLogger(__name__))

Handler = TypeVar("Handler", bound="Callable[..., Any]")

# Lambda ends a function that takes too long without its response. These seconds are for the rest.
_RESERVE_SECONDS = 0.5


@overload
def flush_after(
    handler: Handler, tracker: Tracker | Emitter | None = None, timeout: float = 2.0
) -> Handler: ...


@overload
def flush_after(
    handler: None = None, tracker: Tracker | Emitter | None = None, timeout: float = 2.0
) -> Callable[[Handler], Handler]: ...


def flush_after(
    handler: Any = None, tracker: Tracker | Emitter | None = None, timeout: float = 2.0
) -> Any:
    """Decorate the function of a serverless platform: deliver its events before it returns.

    Use it as `@flush_after` or as `@flush_after(timeout=5.0)`. The events are delivered after an
    exception of the function, too, which is raised then. A failed attempt is repeated within the
    time. Events that are left then cause a warning in the log; the next call delivers them, if
    there is one.

    If an argument of the function has a method `get_remaining_time_in_millis`, as the context of
    AWS Lambda has, the flush ends half a second before the function's own time-out.

    Args:
        handler: The function, sync or async, with any arguments.
        tracker: The tracker, or emitter, whose events are delivered. Default None: all emitters
            that are open when the function returns, whoever has created them.
        timeout: Maximum seconds that the delivery may add to a call. Default 2.

    Returns:
        The decorated function, or, without a function, the decorator.

    Raises:
        TypeError: `handler` is no function.
        ValueError: `timeout` is no number of seconds.
    """
    seconds = require_seconds(timeout, name="timeout")
    if handler is None:
        return partial(flush_after, tracker=tracker, timeout=seconds)
    if not callable(handler):
        raise TypeError(
            f"handler must be a function, and a tracker is passed as tracker=...: {handler!r}"
        )
    return _decorate(cast("Callable[..., Any]", handler), tracker, seconds)


def _decorate(
    handler: Callable[..., Any], tracker: Tracker | Emitter | None, timeout: float
) -> Callable[..., Any]:
    if _is_async(handler):

        @wraps(handler)
        async def call_and_await(*args: Any, **kwargs: Any) -> Any:
            try:
                return await handler(*args, **kwargs)
            finally:
                emitters = _emitters(tracker)
                seconds = _seconds(timeout, (*args, *kwargs.values()))
                if not (seconds and await flush_all(emitters, seconds)):
                    _warn_of_left(emitters, seconds)

        return call_and_await

    @wraps(handler)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        finally:
            emitters = _emitters(tracker)
            seconds = _seconds(timeout, (*args, *kwargs.values()))
            if not (seconds and flush_all_within(emitters, seconds)):
                _warn_of_left(emitters, seconds)

    return call


def _is_async(handler: Any) -> bool:
    is_async = inspect.iscoroutinefunction
    return is_async(handler) or is_async(type(handler).__call__)


def _emitters(tracker: Any) -> list[Any]:
    """Return the emitters of a tracker, or this emitter, or by default all open ones."""
    if tracker is not None:
        return list(getattr(tracker, "emitters", [tracker]))
    contexts = [cast("Any", engine).context for engine in registered()]
    return [context.host for context in contexts if context.state.is_open]


def _seconds(timeout: float, arguments: Iterable[Any]) -> float:
    """Return how long a flush may take, by the arguments of a function: 0 if there is no time."""
    for argument in arguments:
        remaining = getattr(argument, "get_remaining_time_in_millis", None)
        milliseconds = remaining() if callable(remaining) else None
        if isinstance(milliseconds, int | float):
            return max(min(timeout, milliseconds / 1000 - _RESERVE_SECONDS), 0.0)
    return timeout


def _warn_of_left(emitters: Iterable[Any], seconds: float) -> None:
    # A custom emitter may have no `stats`. Rejected events are no longer left; delivery logs them.
    stats = [each.stats() for each in emitters if hasattr(each, "stats")]
    left = sum(each["queued"] + each["in_flight"] for each in stats)
    if left:
        errors = [each["last_error"] for each in stats if each["last_error"]]
        reason = errors[-1] if errors else "no response in time"
        message = "%d events are left after %.1f s, for the next call to deliver: %s"
        logger.warning(message, left, seconds, reason)
