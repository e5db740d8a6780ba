"""What an answer means for the events that were sent, and who is told."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from snowplow_tracker import _native
from snowplow_tracker._counters import Counters
from snowplow_tracker._overrides import is_own
from snowplow_tracker._retry import (
    NETWORK_ERROR,
    Backoff,
    Verdict,
    is_retried,
    is_success,
    status_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from snowplow_tracker._batch import Batch
    from snowplow_tracker.emitters import Emitter
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

__all__ = ["MAX_BODY_BYTES", "Delivery"]

logger = logging.getLogger("snowplow_tracker.emitters")

# A collector takes no body beyond 1,048,576 bytes: it answers 200 and all events are lost.
MAX_BODY_BYTES = 999_999
_MAX_LOST_SECONDS = 1.0


class Delivery:
    """Sends what an emitter hands it, by the emitter's own methods, and settles the outcome.

    Attributes:
        failures: How many attempts were to be retried.
    """

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._thread = threading.local()
        self._awaiting_retry: set[str] = set()
        self._settled = threading.Condition()
        self.counters = Counters()
        self.backoff = Backoff()
        self.failures = 0

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
        with self._settled:
            self._settled.wait_for(condition, max(deadline - time.monotonic(), 0))

    def note_settled(self) -> None:
        """Wake who waits for a request to end."""
        with self._settled:
            self._settled.notify_all()

    def post(self, batches: Iterable[Batch]) -> None:
        """Send batches, one request each, until one is to be retried."""
        remaining = iter(batches)
        for batch in remaining:
            verdict, events = self._post_batch(batch)
            try:
                self._tell(verdict, events)
            except BaseException:  # Ctrl-C in a callback: the events behind stay
                behind = next(remaining, None)
                if behind is not None and verdict is not Verdict.RETRY:
                    behind.settle(need_retry=True)
                raise
            if verdict is Verdict.RETRY:
                return

    def _post_batch(self, batch: Batch) -> tuple[Verdict, PayloadDictList]:
        try:
            verdict = self._verdict_of_post(batch.body)
        except BaseException:  # Ctrl-C, or a signal's SystemExit: the events stay
            batch.settle(need_retry=True)
            raise
        is_sent = verdict is Verdict.SENT
        callback = self._emitter.on_success if is_sent else self._emitter.on_failure
        events = batch.events() if callback is not None or self._awaiting_retry else []
        batch.settle(verdict is Verdict.RETRY)
        self._await_retry(events, verdict)
        self._conclude({verdict: len(batch)})
        return verdict, events

    def _tell(self, verdict: Verdict, events: PayloadDictList) -> None:
        if verdict is Verdict.SENT:
            self._call_back(self._emitter.on_success, events)
        else:
            self._call_back_failure(self._emitter.on_failure, 0, events)

    def _verdict_of_post(self, body: bytes) -> Verdict:
        wire_body = self._emitter._wire_body(body)
        if self._is_too_large(wire_body):
            return Verdict.REJECTED
        verdict = self._verdict(self._attempt("http_post", wire_body))
        self.counters.add(requests=1, bytes=len(wire_body))
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
            for verdict, part in outcome.items():
                if part:
                    self._emitter._stored.cleanup(part, verdict is Verdict.RETRY)
                    self._await_retry(part, verdict)
            self._conclude({verdict: len(part) for verdict, part in outcome.items()})
        sent, failed = outcome[Verdict.SENT], outcome[Verdict.REJECTED] + outcome[Verdict.RETRY]
        if sent:
            self._call_back(self._emitter.on_success, sent)
        if failed:
            self._call_back_failure(self._emitter.on_failure, len(sent), failed)

    def _get_each(self, events: PayloadDictList, outcome: dict[Verdict, PayloadDictList]) -> None:
        left, lost = list(events), 0.0
        try:
            while left and lost < _MAX_LOST_SECONDS and not self._emitter._is_out_of_time():
                began = time.monotonic()
                verdict, status = self._verdict_of_get(left[0])
                outcome[verdict].append(left.pop(0))
                if status == NETWORK_ERROR:
                    lost += time.monotonic() - began
        finally:
            outcome[Verdict.RETRY] += left

    def _verdict_of_get(self, event: PayloadDict) -> tuple[Verdict, int | None]:
        ((_, body),) = _native.request_bodies([event], MAX_BODY_BYTES)
        if self._is_too_large(self._emitter._wire_body(body)):
            return Verdict.REJECTED, None
        status = self._attempt("http_get", event)
        self.counters.add(requests=1)
        return self._verdict(status), status

    def _attempt(self, method: str, argument: Any) -> int:
        """Call `http_post` or `http_get`, which may be the user's own and raise."""
        try:
            status = status_of(getattr(self._emitter, method)(argument))
        except Exception as error:
            logger.exception("%s failed", method)
            self.counters.last_error = f"{type(error).__name__}: {error}"
            return NETWORK_ERROR
        if not is_own(self._emitter, method) and not is_success(status):
            self.counters.last_error = f"{method} answered {status}"
        return status

    def _verdict(self, status: int) -> Verdict:
        if self._emitter.is_good_status_code(status):
            return Verdict.SENT
        retried = is_retried(status, self._emitter.custom_retry_codes)
        return Verdict.RETRY if retried else Verdict.REJECTED

    def _await_retry(self, events: PayloadDictList, verdict: Verdict) -> None:
        """Remember which events a callback was told of that are still to be sent."""
        ids = {str(event["eid"]) for event in events if "eid" in event}
        if verdict is not Verdict.RETRY:
            self._awaiting_retry -= ids
        elif self._emitter.on_failure is not None:
            self._awaiting_retry |= ids

    def _conclude(self, counts: dict[Verdict, int]) -> None:
        """Count and log what became of events, and see to the next attempt for those to retry."""
        retried, rejected = counts.get(Verdict.RETRY, 0), counts.get(Verdict.REJECTED, 0)
        self.counters.add(sent=counts.get(Verdict.SENT, 0), retried=retried, rejected=rejected)
        self.note_settled()
        if rejected:
            logger.error("%d events given up: %s", rejected, self.counters.last_error)
        if not retried:
            self.backoff.reset()
            return
        self.failures += 1
        logger.warning("%d events not sent, to be retried: %s", retried, self.counters.last_error)
        self._emitter._retry_after(self.backoff.grow(self._emitter.max_retry_delay_seconds))

    def _call_back_failure(self, callback: Callable[..., None] | None, *arguments: Any) -> None:
        """Call back, and send nothing for it: what failed may come back in, for ever."""
        wanted = self.is_flush_wanted()
        self._call_back(callback, *arguments)
        self._thread.wants_flush = wanted

    def _call_back(self, callback: Callable[..., None] | None, *arguments: Any) -> None:
        if callback is None:
            return
        self._thread.is_calling_back = True
        try:
            callback(*arguments)
        except Exception:
            logger.exception("A callback of the emitter failed")
        finally:
            self._thread.is_calling_back = False
