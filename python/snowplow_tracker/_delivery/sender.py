"""Sends batches until one fails, and acknowledges or requeues the events of each."""

from __future__ import annotations

import time
from collections import deque

from snowplow_tracker._delivery.callbacks import inside_delivery
from snowplow_tracker._delivery.retry import REJECTED, RETRY, SENT, SPLIT, is_retried
from snowplow_tracker._delivery.transport import MAX_BODY_BYTES
from snowplow_tracker._http.redact import describe, quotes_urls, redact_url
from snowplow_tracker._http.status import (
    NETWORK_ERROR,
    TOO_LARGE,
    is_success,
    retry_after,
    status_of,
)
from snowplow_tracker._locks import sections
from snowplow_tracker._loggers import lazy_logger
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker._native import request_bodies
from snowplow_tracker._overrides import is_original
from snowplow_tracker._signals import current_exception, reraise_if_by_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from snowplow_tracker._delivery.context import DeliveryContext
    from snowplow_tracker._delivery.protocols import Batch, PendingBatches
    from snowplow_tracker._delivery.retry import Outcome, RetrySchedule
    from snowplow_tracker._delivery.transport import Transport
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

__all__ = ["BatchSender"]

_logger = lazy_logger("snowplow_tracker.emitters")

_MAX_LOST_SECONDS = 1.0


class BatchSender:
    """Sends by POST or GET through the emitter's own hooks, and records each outcome."""

    def __init__(
        self, context: DeliveryContext, transport: Transport, retry: RetrySchedule
    ) -> None:
        self._host = context.host
        self._transport = transport
        self._queue = context.queue
        self._callbacks = context.callbacks
        self._breaker = context.breaker
        self._retry = retry
        self._counters = context.counters
        self._completions = context.completions
        self._state = context.state
        self._watermarks = context.watermarks
        self._log = RateLimitedLogger(_logger)

    # --- POST

    def post(self, batches: PendingBatches) -> bool:
        """Send batches, one request each, until one has to be retried, here or elsewhere.

        Returns:
            Whether each of them was sent or given up.
        """
        failures = self._breaker.failures
        try:
            while (batch := batches.peek()) is not None and failures == self._breaker.failures:
                if len(batch) > 1 and len(batch.body) > self._transport.body_size.limit:
                    batches.split_first()
                else:
                    self._post_first(batch, batches)
        finally:  # after a failure, or a KeyboardInterrupt in a request or a callback
            batches.requeue_all()
        return batch is None

    def _post_first(self, batch: Batch, batches: PendingBatches) -> None:
        outcome = self._post_outcome(batch)
        if outcome is SPLIT:
            batches.split_first()
            return
        events = self._finish_first(batch, outcome, batches)
        if outcome is SENT:
            self._callbacks.run_success(events)
        else:
            self._callbacks.run_failure(0, events)

    def _finish_first(
        self, batch: Batch, outcome: Outcome, batches: PendingBatches
    ) -> PayloadDictList:
        """Record the outcome of the first batch. Returns its events, if a callback wants them."""
        is_sent = outcome is SENT
        callback = self._host.on_success if is_sent else self._host.on_failure
        events = batch.events() if self._callbacks.want_events(callback) else []
        # Under the emitter's lock, so that stats() finds each event in exactly one place.
        with sections, sections.emitter(), self._host.lock:
            if outcome is RETRY:
                batches.requeue_all()
            else:
                batches.ack_first()
            self._count({outcome: len(batch)})
        self._callbacks.update_pending_retries(events, outcome is RETRY)
        self._log_and_schedule_retry({outcome: len(batch)})
        return events

    def _post_outcome(self, batch: Batch) -> Outcome:
        body = self._transport.encode_body(batch.body)
        if self._is_too_large(body):
            return REJECTED
        status, wait = self._attempt("http_post", body)
        self._counters.add(requests=1, bytes=len(body))
        outcome = self._outcome_of(status, wait)
        if outcome is SENT:
            self._transport.body_size.record_accepted()
        elif status == TOO_LARGE and len(batch) > 1:
            self._transport.body_size.record_refused(len(batch.body))
            _logger.info("Too large for the collector, sent in halves: %d bytes", len(body))
            return SPLIT
        return outcome

    def _is_too_large(self, body: str | bytes) -> bool:
        if len(body) <= MAX_BODY_BYTES:
            return False
        self._counters.last_error = f"too large for any request: {len(body)} bytes"
        return True

    # --- GET

    def get(self, events: PayloadDictList) -> None:
        """Send events, one request each; each has an outcome of its own.

        After network errors have taken a second, the remaining events are not tried: each would
        wait for its own time-out.
        """
        outcomes: dict[Outcome, PayloadDictList] = {SENT: [], RETRY: [], REJECTED: []}
        try:
            self._get_each(events, outcomes)
        finally:
            self._finish_each(outcomes)
        sent = outcomes[SENT]
        failed = outcomes[REJECTED] + outcomes[RETRY]
        if sent:
            self._callbacks.run_success(sent)
        if failed:
            self._callbacks.run_failure(len(sent), failed)

    def _get_each(self, events: PayloadDictList, outcomes: dict[Outcome, PayloadDictList]) -> None:
        left, lost_seconds = deque(events), 0.0
        failures = self._breaker.failures
        try:
            while left and lost_seconds < _MAX_LOST_SECONDS and not self._has_to_stop(failures):
                began = time.monotonic()
                outcome, status = self._get_outcome(left[0])
                outcomes[outcome].append(left.popleft())
                if status == NETWORK_ERROR:
                    lost_seconds += time.monotonic() - began
                if outcome is RETRY and self._breaker.is_half_open_here():
                    return
        finally:
            outcomes[RETRY] += left

    def _has_to_stop(self, failures: int) -> bool:
        """Return whether no further request may go out: another thread failed, or time is up."""
        is_paused = self._breaker.failures != failures or self._breaker.paused_for() > 0
        return is_paused or self._state.is_past_deadline()

    def _get_outcome(self, event: PayloadDict) -> tuple[Outcome, int | None]:
        ((_, body),) = request_bodies([event], MAX_BODY_BYTES)
        if self._is_too_large(self._transport.encode_body(body)):
            return REJECTED, None
        status, wait = self._attempt("http_get", event)
        self._counters.add(requests=1)
        return self._outcome_of(status, wait), status

    def _finish_each(self, outcomes: dict[Outcome, PayloadDictList]) -> None:
        counts: dict[Outcome, int] = {outcome: len(events) for outcome, events in outcomes.items()}
        with sections, sections.emitter(), self._host.lock:
            for outcome, events in outcomes.items():
                if events:
                    self._queue.cleanup(events, outcome is RETRY)
            self._count(counts)
        for outcome, events in outcomes.items():
            self._callbacks.update_pending_retries(events, outcome is RETRY)
        self._log_and_schedule_retry(counts)

    # --- one request

    def _attempt(self, method: str, argument: Any) -> tuple[int, float | None]:
        """Call `http_post` or `http_get`, which a program may have overridden and may raise.

        Returns:
            The status, and the seconds that a Retry-After header asks to wait.
        """
        self._transport.take_result()
        before = current_exception()
        try:
            with inside_delivery():
                response = getattr(self._host, method)(argument)
            wait = self._retry_after(response)
        except Exception as error:  # noqa: BLE001 - a program's hook may raise anything
            reraise_if_by_handler(error, before)
            if quotes_urls(error):  # the traceback would contain the event of a GET
                self._log.error("%s raised an exception: %s", method, describe(error))
            else:
                message = "%s raised an exception: the attempt counts as failed"
                self._log.error(message, method, exc_info=error)
            self._counters.last_error = describe(error)
            return NETWORK_ERROR, self._retry_after(None)
        status = status_of(response)
        if not is_original(self._host, method) and not is_success(status):
            self._counters.last_error = f"{method} returned {status}"
        return status, wait

    def _retry_after(self, response: Any) -> float | None:
        """Return what a Retry-After header asks for: of an override's response, or of ours."""
        headers = getattr(response, "headers", None)
        if headers is not None:
            return retry_after(headers)
        result = self._transport.take_result()
        return None if result is None else result.retry_after

    def _outcome_of(self, status: int, wait: float | None) -> Outcome:
        is_sent = self._host.is_good_status_code(status)
        if not is_sent and is_retried(status, self._host.custom_retry_codes):
            if wait:
                self._breaker.pause_for(wait)
            return RETRY
        self._breaker.record_response()
        return SENT if is_sent else REJECTED

    def _count(self, counts: dict[Outcome, int]) -> None:
        self._counters.add(
            sent=counts.get(SENT, 0),
            retried=counts.get(RETRY, 0),
            rejected=counts.get(REJECTED, 0),
        )
        self._watermarks.record(counts.get(RETRY, 0), counts.get(REJECTED, 0))

    def _log_and_schedule_retry(self, counts: dict[Outcome, int]) -> None:
        """Log how many events failed, schedule the next attempt, and wake waiting threads."""
        retried, rejected = counts.get(RETRY, 0), counts.get(REJECTED, 0)
        if rejected:
            self._log.error("%d events given up: %s", rejected, self._reason())
        if retried:
            self._log.warning("%d events not sent, to be retried: %s", retried, self._reason())
            self._retry.record_failure()
        elif not self._breaker.is_open:
            self._breaker.backoff.reset()
        self._completions.notify()

    def _reason(self) -> str:
        return f"{self._counters.last_error} ({redact_url(self._host.endpoint)})"
