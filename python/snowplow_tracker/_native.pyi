"""The native module: encoding, buffering, and the classes of events."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from datetime import datetime
from inspect import Signature
from typing import Any, ClassVar, final
from uuid import UUID

from typing_extensions import Self

from snowplow_tracker.payload import Payload
from snowplow_tracker.subject import Subject
from snowplow_tracker.typing import (
    JsonData,
    JsonEncoderFunction,
    PayloadDict,
    PayloadDictList,
    SupportsInput,
)

__all__ = [
    "CONTEXT_SCHEMA",
    "MOBILE_SCHEMA_PATH",
    "PAYLOAD_DATA_SCHEMA",
    "UNSTRUCT_EVENT_SCHEMA",
    "VERSION",
    "EmitterCore",
    "EncodedLines",
    "Event",
    "LineEncoder",
    "PagePing",
    "PageView",
    "RecordBatch",
    "RecordBuffer",
    "ScreenView",
    "SelfDescribing",
    "SelfDescribingJson",
    "StructuredEvent",
    "TrackerCore",
    "__version__",
    "additions_of",
    "b64",
    "build_payload",
    "call_natively",
    "clean_fields",
    "configure_additions",
    "configure_emitter",
    "contracts_enabled",
    "count_dropped",
    "default_encoder",
    "disable_tracker",
    "dropped_events",
    "dumps",
    "encode_record",
    "event_fields",
    "is_text_only",
    "mark_patched",
    "process_number",
    "register_originals",
    "request_bodies",
    "send_fields",
    "set_contracts_enabled",
    "set_flush_requested",
    "set_paused",
    "silence_of",
    "subject_in_scope",
]

__version__: str
VERSION: str
PAYLOAD_DATA_SCHEMA: str
CONTEXT_SCHEMA: str
UNSTRUCT_EVENT_SCHEMA: str
MOBILE_SCHEMA_PATH: str

def dumps(obj: Any, json_encoder: JsonEncoderFunction | None = None) -> bytes:
    """Return an object as compact JSON in UTF-8, by the rules of `json.dumps`.

    Unlike `json.dumps`, NaN and infinities become null, lone surrogates become U+FFFD, and
    non-ASCII characters are not escaped.

    Args:
        obj: The object to encode.
        json_encoder: Called with each object that JSON does not support. Its result is encoded
            instead. Default None. If it is None, or raises `TypeError`, the built-in rules apply:
            see `default_encoder`.

    Raises:
        TypeError: JSON does not support an object or a key.
        ValueError: The data contains itself or is nested deeper than 255 levels, or
            `json_encoder` always returns another unsupported object.
    """

def b64(obj: Any, json_encoder: JsonEncoderFunction | None = None) -> str:
    """Return an object as the URL-safe base64, with padding (RFC 4648, section 5), of its JSON."""

def default_encoder(obj: Any) -> Any:
    """Return what the built-in rules make of an object that JSON does not support.

    Usable as `default=` of `json.dumps`, and at the end of a `json_encoder`. The built-in rules
    are those of a tracker without a `json_encoder`.

    Args:
        obj: The object. One that JSON supports is returned unchanged.

    Returns:
        Text, a number, None, or a new dict or list. The values in a dict or list may need the
        function again. A `Decimal` with a fraction becomes the nearest float: only a tracker
        writes all its digits.

    Raises:
        TypeError: There is no rule for the type.
    """

def set_contracts_enabled(enabled: bool) -> None:
    """Enable or disable value checks in the whole process."""

def contracts_enabled() -> bool:
    """Return True if values are checked."""

def register_originals(
    tracker: type[TrackerCore],
    emitter: type[EmitterCore],
    store: type[Any],
    accept_record: Callable[[Any, bytes, int], object],
) -> None:
    """Register the methods of these classes, to tell later whether a program replaced them.

    A second import of the package registers its own. Then those of the first count as replaced.

    Args:
        tracker: The class `Tracker`.
        emitter: The class `Emitter`.
        store: The class `InMemoryEventStore`.
        accept_record: Called as `accept_record(emitter, record, created_ms)` with each record
            that native code cannot append to the emitter's sink.
    """

def configure_emitter(
    emitter: EmitterCore, sink: RecordBuffer | None, accepts_records: bool, flush_threshold: int
) -> None:
    """Set where `track` puts the events of an emitter.

    Args:
        emitter: The emitter.
        sink: The buffer that records are appended to, or None.
        accepts_records: Whether records go to `accept_record` if there is no sink. If not, the
            emitter gets dicts through `input`.
        flush_threshold: `flush` is called when the sink holds this many records.
    """

def set_flush_requested(emitter: EmitterCore, requested: bool) -> None:
    """Set whether a flush is already requested.

    While it is, a full batch does not call `flush`.
    """

def mark_patched(tracker: TrackerCore) -> None:
    """Tell `track` that a method which it calls was replaced on this instance."""

def set_paused(tracker: TrackerCore, paused: bool) -> None:
    """Have a tracker drop its events, or track again. A disabled one stays silent."""

def disable_tracker(tracker: TrackerCore) -> None:
    """Have a tracker drop its events for ever."""

def silence_of(tracker: TrackerCore) -> tuple[bool, bool]:
    """Return whether a tracker is paused, and whether it is disabled."""

def dropped_events(tracker: TrackerCore) -> list[int]:
    """Return how many events were dropped.

    Returns:
        While the tracker was paused, by hooks on purpose, by hooks that raised an exception.
    """

def count_dropped(tracker: TrackerCore, failed: bool) -> None:
    """Count an event that a hook has dropped, on purpose or by raising an exception."""

def configure_additions(
    tracker: TrackerCore,
    owner: Any,
    has_hooks: bool,
    scope: ContextVar[Any] | None,
    contexts: list[tuple[Any, bytes]],
) -> None:
    """Set what a program has added to a tracker.

    Args:
        tracker: The tracker.
        owner: `owner.track(tracker, event)` is called for each event if there are hooks. It returns
            NotImplemented for an event to be tracked without them. `owner.complete(tracker, event,
            fields)` returns the fields of a payload with the additions. None if there are none.
        has_hooks: Whether there are hooks.
        scope: The variable with the current scope, if the tracker reads it.
        contexts: Entities of every event, with their JSON.
    """

def additions_of(tracker: TrackerCore) -> Any:
    """Return the owner that `configure_additions` was given."""

def event_fields(tracker: TrackerCore, event: Any) -> tuple[PayloadDict, bool]:
    """Return the fields of an event as a new dict, without the tracker's entities.

    Returns:
        The fields, and whether those of the current scope are among them. JSON is text, unless the
        program has completed the payload itself.
    """

def send_fields(tracker: TrackerCore, fields: PayloadDict) -> None:
    """Pass the fields of an event to the emitters of a tracker."""

def subject_in_scope(tracker: TrackerCore, subject: Subject | None) -> Subject | None:
    """Return a subject with the fields of the current scope too, or the same one."""

def call_natively(function: Callable[..., Any]) -> None:
    """Give the function `Tracker.track` a native fast path for calls of the usual form.

    Its body runs for all other calls.
    """

def process_number() -> int:
    """Return the number of this process.

    It differs from those of its parents, however it was forked, and never changes otherwise.
    """

def build_payload(
    event: Event,
    encode_base64: bool,
    json_encoder: Callable[[Any], Any] | None,
    subject: Subject | None = None,
) -> Payload:
    """Return a new payload of an event. It implements `Event.build_payload`."""

def clean_fields(payload: Any, as_text: bool) -> PayloadDict:
    """Return a copy of a payload's fields as they are sent.

    Args:
        payload: A mapping of field names to values.
        as_text: Whether values become strings.

    Returns:
        The fields without None, empty text, numbers that are not finite and lone surrogates.
    """

def encode_record(event: PayloadDict) -> tuple[bytes, int]:
    """Return an event as a record, which is a JSON object without `stm`.

    Returns:
        The record, and the event's `dtm` in milliseconds since 1970, or 0 if it has none.
    """

def is_text_only(event: PayloadDict) -> bool:
    """Return True if a record can hold an event unchanged: all names and values are `str`."""

def request_bodies(events: PayloadDictList, max_bytes: int) -> list[tuple[int, bytes]]:
    """Return request bodies for events, in order.

    Returns:
        For each body, the number of its events and the body itself. A body is at most `max_bytes`
        long, unless it contains a single event that is larger.
    """

@final
class LineEncoder:
    """Encodes usual lines of NDJSON as records, without the GIL. Any thread may use it.

    A usual line is a self-describing event, or an event by its name, of which nothing has to be
    converted or complained about: see `src/bulk/members.rs`.

    Args:
        base: Fields that each event has, unless its line says otherwise. Values are text.
        encode_base64: Whether data is encoded in base64.
        new_ids: Whether events get new ids even if they have one.
    """

    def __new__(cls, base: PayloadDict, encode_base64: bool, new_ids: bool) -> Self: ...
    def encode(self, block: bytes, start: int, most: int, line: int, offset: int) -> EncodedLines:
        """Encode lines, up to the first one that is not usual.

        Args:
            block: Whole lines.
            start: Where the first line starts.
            most: The largest number of records.
            line: How many lines of the file come before the first one.
            offset: How many bytes of the file do.
        """

@final
class EncodedLines:
    """The records of consecutive lines. Its length is their number: empty lines have none."""

    def __len__(self) -> int: ...
    @property
    def last_line(self) -> int:
        """The number of the last line that was read, in the file."""

    @property
    def end_offset(self) -> int:
        """The offset after it, in the file."""

    def place(self, index: int) -> tuple[int, int]:
        """Return the number of a record's line, and the offset after it."""

    def store(self, buffer: RecordBuffer, start: int, end: int) -> None:
        """Append records to a buffer, which must have room. Only the first call does.

        Args:
            buffer: The buffer.
            start: The index of the first record.
            end: The index after the last one.
        """

@final
class RecordBuffer:
    """A queue of events in memory, stored as records. Thread-safe.

    Args:
        capacity: The largest number of events, those in flight included.
    """

    def __new__(cls, capacity: int) -> Self: ...
    capacity: int
    @property
    def in_flight(self) -> int:
        """The number of events that were taken and are neither acknowledged nor requeued."""

    @property
    def allocated(self) -> int:
        """Bytes of memory that the queued events take, index included."""

    @property
    def oldest_ms(self) -> int | None:
        """The creation time of the oldest queued event in milliseconds since 1970, or None."""

    def add(self, event: PayloadDict) -> bool:
        """Append an event. Return False if the buffer is full or sealed."""

    def add_record(self, record: bytes, created_ms: int) -> bool:
        """Append a record. Return False if the buffer is full or sealed.

        Args:
            record: An event as `encode_record` returns it.
            created_ms: Its creation time in milliseconds since 1970.
        """

    def take(self, max_events: int, max_bytes: int) -> RecordBatch | None:
        """Take the oldest events.

        Args:
            max_events: The largest number of events.
            max_bytes: The largest request body. A larger event is taken alone.

        Returns:
            The events, or None if the buffer is empty. If the program drops the batch without an
            outcome, after an exception for example, the events return to the buffer.
        """

    def ack(self, batch: RecordBatch) -> None:
        """Acknowledge a batch: its events are forgotten."""

    def requeue(self, batch: RecordBatch) -> None:
        """Put a batch back at the front of the queue."""

    def seal(self) -> None:
        """Refuse all further events."""

    def clear(self) -> None:
        """Remove all events, those in flight included."""

    def __len__(self) -> int:
        """Return the number of queued events."""

@final
class RecordBatch:
    """Events for one request, created by `RecordBuffer.take` or `RecordBatch.of`."""

    @staticmethod
    def of(records: list[tuple[bytes, int]], max_bytes: int) -> RecordBatch:
        """Return a batch of the first records that fit one request, and of at least one.

        Args:
            records: Records, each with its creation time in milliseconds since 1970.
            max_bytes: The largest request body. A larger event is taken alone.
        """

    def part(self, start: int, end: int) -> RecordBatch:
        """Return a copy of the events from index `start` up to, not including, `end`."""

    def body(self, sent_ms: int) -> bytes:
        """Return the request body.

        Args:
            sent_ms: The sent time in milliseconds since 1970. An event that was created later gets
                its creation time instead: enrichment cannot correct a negative difference.
        """

    def events(self, sent_ms: int | None = None) -> PayloadDictList:
        """Return the events as dicts of strings, with `stm` if a sent time is given."""

    def __len__(self) -> int:
        """Return the number of events."""

class EmitterCore:
    """The base class of `Emitter`. It has no attributes: see `configure_emitter`."""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...

class TrackerCore:
    """The base class of `Tracker`: its settings, and `track`."""

    emitters: list[SupportsInput]
    subject: Subject | None
    encode_base64: bool
    json_encoder: JsonEncoderFunction | None
    standard_nv_pairs: PayloadDict
    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    # `Payload` is not in the annotation: programs override `track` with the signature of 1.x.
    def track(self, event: Event) -> str | None:
        """Encode an event and pass it to every emitter.

        Args:
            event: An `Event`. A `Payload` is passed on unchanged, as in version 0.x.

        Returns:
            The event's id, even if an emitter's full buffer refused the event. For a `Payload`,
            the tracker itself.

        Raises:
            TypeError: JSON does not support an object of the event, and there is no
                `json_encoder`. No emitter gets the event.
            ValueError: The data contains itself or is nested deeper than 255 levels.
            Exception: Any exception of the `json_encoder`, of the event's own methods, or of a
                custom emitter's `input`.
        """

    @staticmethod
    def get_uuid() -> str:
        """Return a new event id: a version 4 UUID (RFC 9562) as a string."""

    @staticmethod
    def get_timestamp(tstamp: float | None = None) -> int:
        """Return a time in whole milliseconds: `tstamp` if it is a number, or the current time."""

class SelfDescribingJson:
    """Data with the Iglu URI of the schema that describes it.

    The data is not copied before an event is tracked.

    Args:
        schema: Iglu URI, `iglu:vendor/name/format/M-R-A`.
        data: The data that the schema describes.

    Raises:
        ValueError: `schema` is None, empty or not a string.
    """

    __signature__: ClassVar[Signature]
    """The parameters of the constructor, for `inspect.signature`."""

    schema: str
    data: Any
    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    def __init__(self, schema: str, data: JsonData) -> None: ...
    def to_json(self) -> PayloadDict:
        """Return a dict of `schema` and `data`."""

    def to_string(self) -> str:
        """Return the result of `to_json` as compact JSON."""

class Event:
    """The base class of all events: any fields, subject, contexts and true timestamp.

    Args:
        dict_: Fields by their names in the tracker protocol, copied. Default None.
        event_subject: The subject of this event. Its fields take precedence over those of the
            tracker's subject.
        context: Self-describing JSONs that describe the context of the event.
        true_timestamp: When it happened, in milliseconds since 1970, or as a datetime with a time
            zone. A float is truncated.
        event_id: The event's id, a `uuid.UUID` or the text of one. The pipeline recognises an event
            that is sent twice by it. By keyword only. Default None: `track` creates an id.

    Raises:
        ValueError: `event_id` is no UUID.
    """

    __signature__: ClassVar[Signature]
    """The parameters of the constructor, for `inspect.signature`."""

    payload: Payload
    event_subject: Subject | None
    context: Sequence[SelfDescribingJson] | None
    # A datetime reads as it was given. Programs of 1.x are typed for a number.
    true_timestamp: float | None

    @property
    def event_id(self) -> str | None:
        """The id that the program gave to the event, or None."""
    @event_id.setter
    def event_id(self, event_id: UUID | str | None) -> None: ...
    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    def __init__(
        self,
        dict_: PayloadDict | None = None,
        event_subject: Subject | None = None,
        context: Sequence[SelfDescribingJson] | None = None,
        true_timestamp: float | datetime | None = None,
        *,
        event_id: UUID | str | None = None,
    ) -> None: ...
    def build_payload(
        self,
        encode_base64: bool,
        json_encoder: Callable[[Any], Any] | None,
        subject: Subject | None = None,
    ) -> Payload:
        """Return a new payload: this event's fields, contexts, true timestamp and subject.

        The event stays as it is. A subclass may override this; `track` then calls it.
        """

class PageView(Event):
    """A visit of a page.

    Args:
        page_url: Address of the page.
        page_title: Title of the page.
        referrer: Address of the page that led there.
        event_subject: See `Event`.
        context: See `Event`.
        true_timestamp: See `Event`.
        event_id: See `Event`.

    Raises:
        ValueError: `page_url` is None, empty or not a string, or `event_id` is no UUID.
    """

    page_url: str
    page_title: str | None
    referrer: str | None
    def __init__(
        self,
        page_url: str,
        page_title: str | None = None,
        referrer: str | None = None,
        event_subject: Subject | None = None,
        context: Sequence[SelfDescribingJson] | None = None,
        true_timestamp: float | datetime | None = None,
        *,
        event_id: UUID | str | None = None,
    ) -> None: ...

class PagePing(Event):
    """A sign that a visitor is still on a page.

    Args:
        page_url: Address of the page.
        page_title: Title of the page.
        referrer: Address of the page that led there.
        min_x: Least horizontal offset since the last ping, in pixels.
        max_x: Greatest horizontal offset.
        min_y: Least vertical offset.
        max_y: Greatest vertical offset.
        event_subject: See `Event`.
        context: See `Event`.
        true_timestamp: See `Event`.
        event_id: See `Event`.

    Raises:
        ValueError: `page_url` is None, empty or not a string, or `event_id` is no UUID.
    """

    page_url: str
    page_title: str | None
    referrer: str | None
    min_x: int | None
    max_x: int | None
    min_y: int | None
    max_y: int | None
    def __init__(
        self,
        page_url: str,
        page_title: str | None = None,
        referrer: str | None = None,
        min_x: int | None = None,
        max_x: int | None = None,
        min_y: int | None = None,
        max_y: int | None = None,
        event_subject: Subject | None = None,
        context: Sequence[SelfDescribingJson] | None = None,
        true_timestamp: float | datetime | None = None,
        *,
        event_id: UUID | str | None = None,
    ) -> None: ...

class StructuredEvent(Event):
    """An action in a category.

    Args:
        category: The category of the action.
        action: The name of the action.
        label: The object of the action.
        property_: A property of the action or the object.
        value: A number that goes with the action.
        event_subject: See `Event`.
        context: See `Event`.
        true_timestamp: See `Event`.
        event_id: See `Event`.

    Raises:
        ValueError: `category` or `action` is None, empty or not a string, or `event_id` is no UUID.
    """

    category: str
    action: str
    label: str | None
    property_: str | None
    value: float | None
    def __init__(
        self,
        category: str,
        action: str,
        label: str | None = None,
        property_: str | None = None,
        value: float | None = None,
        event_subject: Subject | None = None,
        context: Sequence[SelfDescribingJson] | None = None,
        true_timestamp: float | datetime | None = None,
        *,
        event_id: UUID | str | None = None,
    ) -> None: ...

class SelfDescribing(Event):
    """An event whose data is described by a schema of your own.

    Args:
        event_json: Data and schema.
        event_subject: See `Event`.
        context: See `Event`.
        true_timestamp: See `Event`.
        event_id: See `Event`.

    Raises:
        ValueError: `event_json` is None, or `event_id` is no UUID.
    """

    event_json: SelfDescribingJson
    def __init__(
        self,
        event_json: SelfDescribingJson,
        event_subject: Subject | None = None,
        context: Sequence[SelfDescribingJson] | None = None,
        true_timestamp: float | datetime | None = None,
        *,
        event_id: UUID | str | None = None,
    ) -> None: ...

class ScreenView(Event):
    """A view of a screen of an app.

    Args:
        id_: The view's own id, a UUID.
        name: Name of the screen.
        type: Kind of the screen.
        previous_name: Name of the screen before.
        previous_id: Id of the view before.
        previous_type: Kind of the screen before.
        transition_type: How the screen was reached.
        event_subject: See `Event`.
        context: See `Event`.
        true_timestamp: See `Event`.
        event_id: See `Event`.

    Raises:
        ValueError: `id_` or `name` is None, empty or not a string, or `event_id` is no UUID.
    """

    id_: str
    name: str
    type: str | None
    previous_name: str | None
    previous_id: str | None
    previous_type: str | None
    transition_type: str | None
    screen_view_properties: dict[str, Any]
    def __init__(
        self,
        id_: str,
        name: str,
        type: str | None = None,
        previous_name: str | None = None,
        previous_id: str | None = None,
        previous_type: str | None = None,
        transition_type: str | None = None,
        event_subject: Subject | None = None,
        context: Sequence[SelfDescribingJson] | None = None,
        true_timestamp: float | datetime | None = None,
        *,
        event_id: UUID | str | None = None,
    ) -> None: ...
