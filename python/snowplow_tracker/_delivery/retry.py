"""Which failed events are sent again, and when."""

from __future__ import annotations

from snowplow_tracker._http.status import TOO_LARGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TypeAlias

    from snowplow_tracker._delivery.context import DeliveryContext

    # The fate of the events of a request.
    Outcome: TypeAlias = Literal["sent", "retry", "split", "rejected"]

__all__ = ["REJECTED", "RETRY", "SENT", "SPLIT", "RetrySchedule", "is_retried"]

# Plain constants: creating an enum costs as much as importing a module.
SENT: Outcome = "sent"
RETRY: Outcome = "retry"
SPLIT: Outcome = "split"
REJECTED: Outcome = "rejected"

_NEVER_RETRIED = frozenset({400, 401, 403, 410, TOO_LARGE, 422})


def is_retried(status: int, custom: Mapping[int, bool]) -> bool:
    """Return whether a failed request is worth another attempt.

    Every status is retried, except those with which the same request can only fail again.

    Args:
        status: The status; -1 after a network error.
        custom: Exceptions to this rule, by status.
    """
    return custom.get(status, status not in _NEVER_RETRIED)


class RetrySchedule:
    """Starts an emitter's retry timer after a failed attempt."""

    def __init__(self, context: DeliveryContext) -> None:
        self._host = context.host
        self._breaker = context.breaker
        self._state = context.state

    def is_due_later(self) -> bool:
        """Return whether the next attempt has to wait."""
        return self._host.retry_timer.is_active() or self._breaker.paused_for() > 0

    def record_failure(self) -> None:
        """Open the circuit breaker, and schedule the next attempt."""
        has_to_release = self._breaker.record_failure()
        try:
            self.schedule()
        finally:
            if has_to_release:
                self.release_probe()

    def release_probe(self) -> bool:
        """Let another thread probe.

        The thread of the retry timer may be among those that were rejected meanwhile: `on_failure`
        can take longer than the delay. Then the next attempt is due now. The timer makes it, so
        that a flush ends though its collector keeps failing.

        Returns:
            Whether this thread has to send for threads that were rejected meanwhile.
        """
        has_failed = self._breaker.has_probe_failed()
        has_rejected = self._breaker.release()
        if has_rejected and has_failed and not self.is_due_later():
            self.flush_later(0.0)
        return has_rejected and not has_failed

    def schedule(self) -> None:
        """Schedule the next attempt. Requests that fail together lengthen the delay once."""
        if self._state.deadline is None:
            self._host.retry_timer.postpone(self._delay)

    def _delay(self, is_scheduled: bool) -> float:
        breaker = self._breaker
        if is_scheduled:
            return breaker.paused_for()
        return breaker.next_delay(self._host.max_retry_delay_seconds)

    def flush_later(self, seconds: float) -> None:
        """Flush again after a time at the earliest, unless the emitter is at its end."""
        if self._state.deadline is None:
            self._host.retry_timer.postpone(lambda _: seconds)
