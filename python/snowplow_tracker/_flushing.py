"""Flushes at the end of a unit of work: of a function call, or of a task."""

from __future__ import annotations

from snowplow_tracker._delivery.background import flush_all_within
from snowplow_tracker._lifecycle.process import registered
from snowplow_tracker._loggers import lazy_logger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from snowplow_tracker.emitters import Emitter
    from snowplow_tracker.tracker import Tracker

__all__ = ["aflush", "flush"]

_logger = lazy_logger(__name__)


def flush(tracker: Tracker | Emitter | None, seconds: float) -> None:
    """Deliver, within a time, and log what is left.

    Args:
        tracker: The tracker or emitter whose events are delivered. None: all open emitters.
        seconds: 0 sends nothing.
    """
    emitters = _emitters(tracker)
    if not (seconds and flush_all_within(emitters, seconds)):
        _warn_of_left(emitters, seconds)


async def aflush(tracker: Tracker | Emitter | None, seconds: float) -> None:
    """Do the same as `flush`, while the event loop goes on."""
    from snowplow_tracker._delivery.awaiting import flush_all  # noqa: PLC0415 - imports asyncio

    emitters = _emitters(tracker)
    if not (seconds and await flush_all(emitters, seconds)):
        _warn_of_left(emitters, seconds)


def _emitters(tracker: Any) -> list[Any]:
    if tracker is not None:
        return list(getattr(tracker, "emitters", [tracker]))
    engines: list[Any] = list(registered())
    return [each.context.host for each in engines if each.context.state.is_open]


def _warn_of_left(emitters: Iterable[Any], seconds: float) -> None:
    # A custom emitter may have no `stats`. Rejected events are no longer left; delivery logs them.
    stats = [each.stats() for each in emitters if hasattr(each, "stats")]
    left = sum(each["queued"] + each["in_flight"] for each in stats)
    if left:
        errors = [each["last_error"] for each in stats if each["last_error"]]
        reason = errors[-1] if errors else "no response in time"
        message = "%d events are left after %.1f s, to be delivered later: %s"
        _logger.warning(message, left, seconds, reason)
