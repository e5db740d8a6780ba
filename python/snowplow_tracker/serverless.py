"""`flush_after`: delivers events before a serverless platform freezes the process.

AWS Lambda, Google Cloud Functions and Azure Functions stop a process when a function has returned,
and let it go on with the next call, or never. Threads stop too, and exit handlers need not run.
"""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from snowplow_tracker._coroutines import is_asynchronous
from snowplow_tracker._flushing import aflush, flush
from snowplow_tracker._validation import require_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from snowplow_tracker.emitters import Emitter
    from snowplow_tracker.tracker import Tracker

__all__ = ["flush_after"]

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
    if is_asynchronous(handler):

        @wraps(handler)
        async def call_and_await(*args: Any, **kwargs: Any) -> Any:
            try:
                return await handler(*args, **kwargs)
            finally:
                await aflush(tracker, _seconds(timeout, (*args, *kwargs.values())))

        return call_and_await

    @wraps(handler)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        finally:
            flush(tracker, _seconds(timeout, (*args, *kwargs.values())))

    return call


def _seconds(timeout: float, arguments: Iterable[Any]) -> float:
    """Return how long a flush may take, by the arguments of a function: 0 if there is no time."""
    for argument in arguments:
        remaining = getattr(argument, "get_remaining_time_in_millis", None)
        milliseconds = remaining() if callable(remaining) else None
        if isinstance(milliseconds, int | float):
            return max(min(timeout, milliseconds / 1000 - _RESERVE_SECONDS), 0.0)
    return timeout
