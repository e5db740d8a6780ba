"""`Sender`: many records to a collector, each with a known outcome."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from snowplow_tracker._emitter import engine_of
from snowplow_tracker._validation import require_int
from snowplow_tracker.bulk.burial import Burial
from snowplow_tracker.bulk.errors import RecordError, UnreadableError
from snowplow_tracker.bulk.intake import Intake
from snowplow_tracker.bulk.interruptions import StoppedError, UnavailableError
from snowplow_tracker.bulk.rate_limit import RateLimit
from snowplow_tracker.bulk.records import RecordEncoder
from snowplow_tracker.bulk.report import DeadRecord, Report
from snowplow_tracker.bulk.store import BulkEmitter, BulkStore
from snowplow_tracker.bulk.validation import errors_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from snowplow_tracker._native import EncodedLines, LineEncoder
    from snowplow_tracker.bulk.places import Position
    from snowplow_tracker.bulk.records import Encoder
    from snowplow_tracker.bulk.validation import SelfDescribingValidator
    from snowplow_tracker.events import Event
    from snowplow_tracker.subject import Subject
    from snowplow_tracker.typing import HttpProtocol, Method

__all__ = ["Sender"]

_MAX_RETRY_DELAY = 10.0
_FLUSH_SECONDS = 1.0
_POLL_SECONDS = 0.25
_INTERRUPTED_SECONDS = 5.0
_NOT_RETRIED = {status: False for status in range(400, 500) if status != 429}  # noqa: PLR2004


class Sender:
    """Sends records to a collector, and knows what became of each.

    A record is a mapping in one of the forms that `docs/guides/bulk-loads.md` lists, or an
    `Event`. While the collector responds with 5xx or 429, or not at all, events are retried
    without end, unless `give_up_after` is set. All other statuses of 4xx refuse events for good.

    Args:
        collector: The collector: a host, or a URL whose scheme, port and path prefix are kept.
        app_id: Application id of records that have none. Default None.
        namespace: Namespace of the tracker. Default "bulk".
        subject: Its fields are those of all events that have none of their own. Default None.
        protocol: "http" or "https", if `collector` has no scheme. Default "https".
        method: "post", or "get" for one request per event. Default "post".
        batch_size: Maximum number of events of a request. Default 500.
        threads: Number of threads that send. Default 4.
        rate: Maximum number of records a second. Default None: no limit.
        validator: A `snowplow_tracker.iglu.Validator`. Invalid records are not sent. Default
            None: nothing is validated.
        on_dead: Called with a `DeadRecord` for each record that will never be delivered, on the
            thread that calls `put` or `drain`. Default None: `put` raises for records that are
            no event or are invalid; the report counts refused ones.
        id_from: Names of the columns, or keys of the data, that event ids are derived from.
            Default None.
        schema: The schema of flat rows: a record is the data of a self-describing event.
            Default None: the record has one of the other forms.
        time_from: Name of the column, or key of the data, with the true timestamp. Default None.
        encode_base64: Whether JSON in events is encoded in base64. Default True.
        give_up_after: Seconds without any success after which the collector counts as
            unavailable. Default None: never.
        encoder: Turns records into payloads, instead of one made of the parameters above: an
            object with the method `encode_all` of a `RecordEncoder`. A record without payloads
            is left out.
        emitter: More parameters of the `AsyncEmitter` that sends. Default None.

    Raises:
        ValueError: A parameter has another type than described above, or is out of range.
    """

    def __init__(
        self,
        collector: str,
        *,
        app_id: str | None = None,
        namespace: str = "bulk",
        subject: Subject | None = None,
        protocol: HttpProtocol = "https",
        method: Method = "post",
        batch_size: int = 500,
        threads: int = 4,
        rate: float | None = None,
        validator: SelfDescribingValidator | None = None,
        on_dead: Callable[[DeadRecord], object] | None = None,
        id_from: str | Sequence[str] | None = None,
        schema: str | None = None,
        time_from: str | None = None,
        encode_base64: bool = True,
        give_up_after: float | None = None,
        encoder: Encoder | None = None,
        emitter: Mapping[str, Any] | None = None,
    ) -> None:
        self._encoder: Encoder = encoder or RecordEncoder(
            app_id=app_id,
            namespace=namespace,
            subject=subject,
            id_from=id_from,
            schema=schema,
            time_from=time_from,
            encode_base64=encode_base64,
        )
        self._validator = validator
        self._rate = None if rate is None else RateLimit(rate)
        self._give_up_after = give_up_after
        require_int(batch_size, 1, name="batch_size")
        self._store = BulkStore(batch_size, single=method == "get")
        settings: dict[str, Any] = {
            "protocol": protocol,
            "method": method,
            "batch_size": batch_size,
            "thread_count": threads,
            "max_retry_delay_seconds": _MAX_RETRY_DELAY,
            "custom_retry_codes": _NOT_RETRIED,
            **(emitter or {}),
            "event_store": self._store,
        }
        self._emitter = BulkEmitter(collector, **settings)
        self._emitter.set_flush_timer(_FLUSH_SECONDS)
        self._completions = engine_of(self._emitter).context.completions
        self._intake = Intake(self._store, self._emitter, batch_size)
        self._burial = Burial(on_dead, self._store, self._intake.places)
        self._looks_always = True  # before the first record
        self._lock = threading.RLock()  # one thread at a time puts
        self._began: float | None = None
        self._is_stopped = False
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Drain and close. After an exception, deliver for five seconds at most."""
        self.close(None if kind is None else _INTERRUPTED_SECONDS)

    # --- in

    def put(self, record: Mapping[str, Any] | Event, place: Any = None) -> None:
        """Accept a record. Blocks while too many events wait, or to keep to the rate.

        Args:
            record: The record.
            place: Where it is from, for `on_dead` and `position`. Default None.

        Raises:
            RecordError: The record is no event, or is invalid, and there is no `on_dead`.
            StoppedError: `stop` or `close` was called.
            UnavailableError: The collector has accepted nothing for `give_up_after` seconds.
            Exception: What `on_dead` raised.
        """
        with self._lock:
            if (
                self._looks_always
                or self._is_stopped
                or self._store.outcomes.refusals
                or self._intake.seems_full()
            ):
                self._get_ready()
            try:
                payloads = self._payloads(record)
            except RecordError as error:
                reason = "unreadable" if isinstance(error, UnreadableError) else "invalid"
                self._burial.bury(DeadRecord(reason, _texts(error), record, place))
                if not self._burial.is_seen:
                    raise
                return
            if not payloads:
                self._intake.places.add_other(place)
            for left, payload in enumerate(payloads, 1 - len(payloads)):
                self._intake.add(payload, place, is_last=not left)

    def line_encoder(self) -> LineEncoder | None:
        """Return what encodes lines for `put_lines`. None if each has to be put as a record."""
        encoder = self._encoder
        if self._validator is not None or self._rate is not None:
            return None
        # A subclass may mean other things by a record.
        return encoder.line_encoder() if type(encoder) is RecordEncoder else None

    def put_lines(
        self, lines: EncodedLines, source: Any, start: int = 0, end: int | None = None
    ) -> None:
        """Accept lines that the `line_encoder` of this sender has encoded.

        Args:
            lines: The lines.
            source: What they are from. The place of each is a tuple of this, its number, and the
                offset after it.
            start: The index of the first one. Default 0.
            end: The index after the last one. Default None: all.

        Raises:
            StoppedError: As `put`, and so are `UnavailableError` and what `on_dead` raises.
        """
        with self._lock:
            self._get_ready()
            self._intake.add_lines(lines, source, start, len(lines) if end is None else end)

    def reject(self, record: Any, reason: str, errors: Iterable[str], place: Any = None) -> None:
        """Count a record that the program itself finds unusable, and call `on_dead` with it.

        Args:
            record: The record, or what there is of it.
            reason: A short reason, by which the report counts. For example "unreadable".
            errors: What is wrong, in words.
            place: As for `put`.

        Raises:
            StoppedError: As `put`, and so are `UnavailableError` and what `on_dead` raises.
        """
        with self._lock:
            self._get_ready()
            self._burial.bury(DeadRecord(reason, tuple(errors), record, place))

    def _get_ready(self) -> None:
        """Wait until a record may come in."""
        self._check_open()
        if self._began is None:
            self._began = self._intake.waiting_since = time.monotonic()
            self._looks_always = self._rate is not None or self._give_up_after is not None
        if self._store.outcomes.refusals:
            self._burial.bury_refused()
        if self._rate is not None:
            self._pause(self._rate.seconds_to_wait())
        if self._give_up_after is not None:
            self._check_available()
        if not self._intake.has_room():
            self._wait(self._intake.has_room, None)

    def _payloads(self, record: Mapping[str, Any] | Event) -> list[dict[str, str]]:
        payloads = self._encoder.encode_all(record)
        if (validator := self._validator) is not None:
            errors = [text for payload in payloads for text in errors_of(payload, validator)]
            if errors:
                raise RecordError("\n".join(errors))
        return payloads

    # --- waiting

    def _wait(self, condition: Callable[[], bool], deadline: float | None) -> bool:
        """Wait until a condition holds, and bury what is refused meanwhile.

        Returns:
            Whether the condition holds. False after the deadline.
        """
        while True:
            completed = self._completions.count
            self._burial.bury_refused()
            if condition():
                return True
            if deadline is None:
                self._check_open()
            elif time.monotonic() >= deadline:
                return False
            self._check_available()
            self._emitter.flush()
            until = time.monotonic() + _POLL_SECONDS
            until = until if deadline is None else min(until, deadline)
            self._completions.wait_for_next(completed, until)

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_SECONDS))
            self._check_open()

    def _check_open(self) -> None:
        if self._is_stopped:
            raise StoppedError("the sender was stopped")

    def _check_available(self) -> None:
        if self._is_unavailable():
            error = self._emitter.stats()["last_error"] or "no response"
            raise UnavailableError(
                f"the collector has accepted nothing for {self._give_up_after:g} s: {error}"
            )

    def _is_unavailable(self) -> bool:
        if self._give_up_after is None or not self._store.unfinished:
            return False
        since = max(self._store.outcomes.last_success, self._intake.waiting_since)
        return time.monotonic() - since >= self._give_up_after

    # --- out

    @property
    def position(self) -> Position:
        """Up to where all records are delivered or dead: their number, and the last one's place.

        Once an input is read again from there, no record is lost. Any thread may ask.
        """
        return self._intake.places.position(self._store.outcomes.watermark)

    def drain(self, timeout: float | None = None) -> Report:
        """Wait until all records are delivered or dead, or the collector counts as unavailable.

        Args:
            timeout: Maximum seconds. Default None: no limit.

        Returns:
            The report. Its `undelivered` is 0, unless the time was over or the collector is
            unavailable.

        Raises:
            Exception: What `on_dead` raised.
        """
        deadline = time.monotonic() + (threading.TIMEOUT_MAX if timeout is None else timeout)
        with self._lock:
            self._store.takes_parts = True
            try:
                self._wait(lambda: not self._store.unfinished, deadline)
            except UnavailableError:
                pass
            finally:
                self._store.takes_parts = False
            return self.report()

    def report(self) -> Report:
        """Return what became of the records so far. Any thread may ask."""
        stats = self._emitter.stats()
        burial, delivered = self._burial, self._store.outcomes.delivered
        read, dead = self._intake.stored + burial.unfit, burial.unfit + burial.refused
        return Report(
            read=read,
            sent=delivered + burial.refused,
            delivered=delivered,
            refused=burial.refused,
            dead=dead,
            undelivered=max(read - delivered - dead, 0),
            reasons=dict(burial.reasons),
            bytes=stats["bytes"],
            requests=stats["requests"],
            seconds=0.0 if self._began is None else time.monotonic() - self._began,
            last_error=stats["last_error"],
        )

    def stop(self) -> None:
        """Have `put` raise a `StoppedError` from now on. A signal handler may call this."""
        self._is_stopped = True

    def close(self, timeout: float | None = None) -> Report:
        """Drain, and end the threads. What is undelivered after that is lost.

        Args:
            timeout: As for `drain`.

        Returns:
            The final report.
        """
        if self._is_closed:
            return self.report()
        try:
            report = self.drain(timeout)
        finally:
            self._is_closed = self._is_stopped = True
            self._emitter.close(0)
        return report


def _texts(error: RecordError) -> tuple[str, ...]:
    return tuple(str(error).split("\n"))
