"""What an answer means for the events that were sent, and who is told."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from snowplow_tracker import _native
from snowplow_tracker._body_limit import MAX_BODY_BYTES, BodyLimit
from snowplow_tracker._breaker import CircuitBreaker
from snowplow_tracker._counters import Counters
from snowplow_tracker._log_limit import after_locks
from snowplow_tracker._overrides import is_own
from snowplow_tracker._retry import (
    NETWORK_ERROR,
    TOO_LARGE,
    Verdict,
    is_retried,
    is_success,
    retry_after,
    status_of,
)
from snowplow_tracker.transport import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from snowplow_tracker._batch import Batch
    from snowplow_tracker.emitters import Emitter
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

__all__ = ["Delivery"]

logger = logging.getLogger("snowplow_tracker.emitters")

_MAX_LOST_SECONDS = 1.0
_MOST_AWAITED = 1_000_000  # as many as the largest store holds by default


class Delivery:
    """Sends what an emitter hands it, by the emitter's own methods, and settles the outcome.

    Attributes:
        settlements: How many requests have ended.
    """

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._thread = threading.local()
        self._awaiting_retry: set[str] = set()
        # Taken by itself: Ctrl-C inside of the condition's own way to it would leave it locked.
        self._settling = threading.RLock()
        self._settled = threading.Condition(self._settling)
        self._retrying = threading.RLock()
        self.settlements = 0
        self.counters = Counters()
        self.breaker = CircuitBreaker()
        self.body_limit = BodyLimit()

    def is_calling_back(self) -> bool:
        """Whether this thread is inside a callback."""
        return getattr(self._thread, "is_calling_back", False)

    def want_flush(self) -> None:
        """Note that this thread wants to send what is stored."""
        self._thread.wants_flush = True

    def is_flush_wanted(self) -> bool:
        """Whether this thread wanted to flush since it was last asked."""
        wanted = getattr(self._thread, "wants_flush", False)
        self._thread.wants_flush = False
        return wanted

    def is_awaiting_retry(self, event_id: object) -> bool:
        """Whether an event that a callback was told of waits for another attempt."""
        return event_id in self._awaiting_retry

    def wait_until(self, condition: Callable[[], bool], deadline: float) -> None:
        """Wait until a condition holds after some request, or until a deadline."""
        with after_locks, self._settling:
            self._settled.wait_for(condition, max(deadline - time.monotonic(), 0))

    def wait_for_next(self, settlements: int, deadline: float) -> None:
        """Wait until a request has ended since there were so many, or until a deadline."""
        self.wait_until(lambda: self.settlements != settlements, deadline)

    def note_settled(self) -> None:
        """Wake who waits for a request to end."""
        with self._settling:
            self.settlements += 1
            self._settled.notify_all()

    def note_answer(self, error: str | None, retry_after: float | None) -> None:
        """Note what an answer to this thread's request said.

        Args:
            error: What went wrong, None after a success.
            retry_after: The seconds that its Retry-After asks to wait, None without one.
        """
        if error is not None:
            self.counters.last_error = error
        self._thread.retry_after = retry_after

    def post(self, batches: Iterable[Batch]) -> None:
        """Send batches, one request each, until one is to be retried, here or on another thread."""
        failures, line = self.breaker.failures, _Line(batches)
        try:
            while (batch := line.first()) is not None and failures == self.breaker.failures:
                if len(batch) > 1 and len(batch.body) > self.body_limit.size:
                    line.halve_first()
                else:
                    self._post_first(batch, line)
        finally:  # after a failure, or Ctrl-C in a request or a callback, events stay
            line.give_back()

    def _post_first(self, batch: Batch, line: _Line) -> None:
        verdict = self._verdict_of_post(batch)
        if verdict is Verdict.SPLIT:
            line.halve_first()
        else:
            self._tell(verdict, self._settle(batch, verdict, line))

    def _settle(self, batch: Batch, verdict: Verdict, line: _Line) -> PayloadDictList:
        """Settle and count the events of a request. Returns them, if anybody wants to know."""
        is_sent = verdict is Verdict.SENT
        callback = self._emitter.on_success if is_sent else self._emitter.on_failure
        events = batch.events() if callback is not None or self._awaiting_retry else []
        with after_locks, self._emitter.lock:  # stats() finds each event in one place
            if verdict is Verdict.RETRY:
                line.give_back()
            else:
                line.forget_first()
            self._count({verdict: len(batch)})
        self._await_retry(events, verdict)
        self._conclude({verdict: len(batch)})
        return events

    def _tell(self, verdict: Verdict, events: PayloadDictList) -> None:
        if verdict is Verdict.SENT:
            self._call_back(self._emitter.on_success, events)
        else:
            self._call_back_failure(self._emitter.on_failure, 0, events)

    def _verdict_of_post(self, batch: Batch) -> Verdict:
        wire_body = self._emitter._wire_body(batch.body)
        if self._is_too_large(wire_body):
            return Verdict.REJECTED
        status = self._attempt("http_post", wire_body)
        self.counters.add(requests=1, bytes=len(wire_body))
        verdict = self._verdict(status)
        if verdict is Verdict.SENT:
            self.body_limit.note_taken()
        elif status == TOO_LARGE and len(batch) > 1:
            self.body_limit.note_refused(len(batch.body))
            logger.info("Too large for the collector, sent in halves: %d bytes", len(wire_body))
            return Verdict.SPLIT
        return verdict

    def _is_too_large(self, wire_body: str | bytes) -> bool:
        if len(wire_body) <= MAX_BODY_BYTES:
            return False
        self.counters.last_error = f"too large for any request: {len(wire_body)} bytes"
        return True

    def get(self, events: PayloadDictList) -> None:
        """Send events, one request each, and settle each by itself.

        Once network errors have taken a second, the others are not tried: each would wait for
        its own time-out.
        """
        outcome: dict[Verdict, PayloadDictList] = {verdict: [] for verdict in Verdict}
        try:
            self._get_each(events, outcome)
        finally:
            self._settle_each(outcome)
        sent, failed = outcome[Verdict.SENT], outcome[Verdict.REJECTED] + outcome[Verdict.RETRY]
        if sent:
            self._call_back(self._emitter.on_success, sent)
        if failed:
            self._call_back_failure(self._emitter.on_failure, len(sent), failed)

    def _settle_each(self, outcome: dict[Verdict, PayloadDictList]) -> None:
        counts = {verdict: len(part) for verdict, part in outcome.items()}
        with after_locks, self._emitter.lock:
            for verdict, part in outcome.items():
                if part:
                    self._emitter._stored.cleanup(part, verdict is Verdict.RETRY)
            self._count(counts)
        for verdict, part in outcome.items():
            self._await_retry(part, verdict)
        self._conclude(counts)

    def _get_each(self, events: PayloadDictList, outcome: dict[Verdict, PayloadDictList]) -> None:
        left, lost = deque(events), 0.0
        failures = self.breaker.failures
        try:
            while left and lost < _MAX_LOST_SECONDS and not self._has_to_stop(failures):
                began = time.monotonic()
                verdict, status = self._verdict_of_get(left[0])
                outcome[verdict].append(left.popleft())
                if status == NETWORK_ERROR:
                    lost += time.monotonic() - began
                if verdict is Verdict.RETRY and self.breaker.is_probing():
                    return
        finally:
            outcome[Verdict.RETRY] += left

    def _has_to_stop(self, failures: int) -> bool:
        """Whether no further request may go out: another thread has failed, or time is over."""
        is_held = self.breaker.failures != failures or self.breaker.held_for() > 0
        return is_held or self._emitter._is_out_of_time()

    def _verdict_of_get(self, event: PayloadDict) -> tuple[Verdict, int | None]:
        ((_, body),) = _native.request_bodies([event], MAX_BODY_BYTES)
        if self._is_too_large(self._emitter._wire_body(body)):
            return Verdict.REJECTED, None
        status = self._attempt("http_get", event)
        self.counters.add(requests=1)
        return self._verdict(status), status

    def _attempt(self, method: str, argument: Any) -> int:
        """Call `http_post` or `http_get`, which may be the user's own and raise."""
        self._thread.retry_after = None
        try:
            answer = getattr(self._emitter, method)(argument)
            if (headers := getattr(answer, "headers", None)) is not None:
                self._thread.retry_after = retry_after(headers)
        except Exception as error:
            logger.exception("%s raised: its attempt counts as failed", method)
            self.counters.last_error = f"{type(error).__name__}: {error}"
            return NETWORK_ERROR
        status = status_of(answer)
        if not is_own(self._emitter, method) and not is_success(status):
            self.counters.last_error = f"{method} answered {status}"
        return status

    def _verdict(self, status: int) -> Verdict:
        is_sent = self._emitter.is_good_status_code(status)
        if not is_sent and is_retried(status, self._emitter.custom_retry_codes):
            if self._thread.retry_after:
                self.breaker.hold(self._thread.retry_after)
            return Verdict.RETRY
        self.breaker.note_answer()
        return Verdict.SENT if is_sent else Verdict.REJECTED

    def _await_retry(self, events: PayloadDictList, verdict: Verdict) -> None:
        """Remember which events a callback was told of that are still to be sent."""
        ids = {str(event["eid"]) for event in events if "eid" in event}
        if verdict is not Verdict.RETRY:
            self._awaiting_retry -= ids
        elif self._emitter.on_failure is not None:
            if len(self._awaiting_retry) > _MOST_AWAITED:  # other processes have sent them, say
                self._awaiting_retry.clear()
            self._awaiting_retry |= ids

    def _count(self, counts: dict[Verdict, int]) -> None:
        self.counters.add(
            sent=counts.get(Verdict.SENT, 0),
            retried=counts.get(Verdict.RETRY, 0),
            rejected=counts.get(Verdict.REJECTED, 0),
        )

    def _conclude(self, counts: dict[Verdict, int]) -> None:
        """Log what became of events, and see to the next attempt for those to retry."""
        retried, rejected = counts.get(Verdict.RETRY, 0), counts.get(Verdict.REJECTED, 0)
        if rejected:
            logger.error("%d events given up: %s", rejected, self._reason())
        if retried:
            logger.warning("%d events not sent, to be retried: %s", retried, self._reason())
            self._retry_later()
        elif not self.breaker.is_failing:
            self.breaker.backoff.reset()
        self.note_settled()

    def _reason(self) -> str:
        return f"{self.counters.last_error} ({shown(self._emitter.endpoint)})"

    def _retry_later(self) -> None:
        breaker = self.breaker
        has_to_leave = breaker.note_failure()
        try:
            self.try_again_later()
        finally:
            if has_to_leave:
                breaker.leave()

    def try_again_later(self) -> None:
        """See to the next attempt; those that fail together lengthen the delay once."""
        breaker, emitter = self.breaker, self._emitter
        with after_locks, self._retrying:
            is_due = emitter.retry_timer.is_active()
            most = emitter.max_retry_delay_seconds
            emitter._flush_later(breaker.held_for() if is_due else breaker.next_delay(most))

    def _call_back_failure(self, callback: Callable[..., None] | None, *arguments: Any) -> None:
        """Call back, and send nothing for it: what failed may come back in, for ever."""
        wanted = self.is_flush_wanted()
        self._call_back(callback, *arguments)
        self._thread.wants_flush = wanted

    def _call_back(self, callback: Callable[..., None] | None, *arguments: Any) -> None:
        if callback is None:
            return
        was_calling_back = self.is_calling_back()  # which one that calls `send_events` is still
        self._thread.is_calling_back = True
        try:
            callback(*arguments)
        except Exception:
            logger.exception("A callback raised, its events are settled all the same: %r", callback)
        finally:
            self._thread.is_calling_back = was_calling_back


class _Line:
    """Batches that wait to be sent, in order. What it has of them is in it until settled."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self._unsettled: list[Batch] = []  # the first one last
        self._rest = iter(batches)

    def first(self) -> Batch | None:
        """Return the batch that is to be sent next."""
        if not self._unsettled:
            self._unsettled.extend(islice(self._rest, 1))
        return self._unsettled[-1] if self._unsettled else None

    def halve_first(self) -> None:
        """Put the first batch's halves in its place."""
        self._unsettled[-1:] = reversed(self._unsettled[-1].halves())

    def forget_first(self) -> None:
        """Settle the first batch, which is answered for."""
        self._unsettled[-1].settle(need_retry=False)
        self._unsettled.pop()

    def give_back(self) -> None:
        """Store all again, the last one first, and be empty."""
        self.first()  # which knows what lies behind it
        self._rest = iter(())
        while self._unsettled:
            self._unsettled[0].settle(need_retry=True)
            del self._unsettled[0]
