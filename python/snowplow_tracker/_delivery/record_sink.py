"""Where native code may put records by itself: the fast path into an emitter."""

from __future__ import annotations

from snowplow_tracker._native import configure_emitter, set_flush_requested
from snowplow_tracker._stores.record_store import sink_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from snowplow_tracker._delivery.context import DeliveryContext
    from snowplow_tracker._native import RecordBuffer

__all__ = ["RecordSink"]

_ATTRIBUTES = {"batch_size", "byte_limit", "event_store", "method"}  # or a subclass's properties
_METHODS = {"input", "reached_limit"}


class RecordSink:
    """Tells native code whether the tracker may append records without calling `input`.

    It may append to the buffer of the in-memory store, or hand records to the emitter one by
    one if the store is built in but keeps them elsewhere. It may do neither if the emitter
    sends by GET, has a `byte_limit`, or overrides something on the way in.

    Attributes:
        SELECTED_BY: Attributes of an emitter whose assignment requires an `update`.
        buffer: The buffer that the tracker appends to; None if there is none.
        accepts_records: Whether the emitter accepts records that the tracker hands over.
    """

    SELECTED_BY = _ATTRIBUTES | _METHODS

    def __init__(self, context: DeliveryContext) -> None:
        self._host = context.host
        self._queue = context.queue
        self._state = context.state
        self.buffer: RecordBuffer | None = None
        self.accepts_records = False

    def update(self) -> None:
        """Select the path again: an attribute in `SELECTED_BY` has changed."""
        if not self._state.is_open:
            return
        host = self._host
        is_plain = host.method == "post" and host.byte_limit is None
        accepts = is_plain and not self._state.is_unbuffered and not self._is_overridden()
        self.buffer = sink_of(host.event_store) if accepts else None
        has_records = self._queue.record_store is not None
        self.accepts_records = accepts and self.buffer is None and has_records
        self._configure()

    def close(self) -> None:
        """Have native code append nothing any more."""
        buffer = sink_of(self._host.event_store)
        self.buffer, self.accepts_records = None, False
        self._configure()
        if buffer is not None:
            buffer.seal()  # for calls of `track` that have already selected it

    def request_flush(self) -> None:
        """Note that a flush is requested: a full batch does not call `flush` until it begins.

        Otherwise every further event would call it.
        """
        set_flush_requested(self._core, True)

    def flush_begins(self) -> None:
        """Call `flush` again for a full batch. A requested flush has begun, or has failed to."""
        set_flush_requested(self._core, False)

    def _configure(self) -> None:
        threshold = max(self._host.batch_size, 0)
        configure_emitter(self._core, self.buffer, self.accepts_records, threshold)

    def _is_overridden(self) -> bool:
        on_instance = _METHODS & vars(self._host).keys()
        return bool(on_instance) or any(hasattr(type(self._host), name) for name in _ATTRIBUTES)

    @property
    def _core(self) -> Any:
        return self._host
