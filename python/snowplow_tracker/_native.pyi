"""The native part: encoding, buffering and the classes that events are made of."""

from collections.abc import Callable, Sequence
from inspect import Signature
from typing import Any, ClassVar, final

from typing_extensions import Self

from snowplow_tracker.payload import Payload
from snowplow_tracker.subject import Subject
from snowplow_tracker.typing import (
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
    "Event",
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
    "b64",
    "build_payload",
    "clean_fields",
    "configure_emitter",
    "contracts_enabled",
    "dumps",
    "encode_record",
    "is_text_only",
    "mark_patched",
    "register_originals",
    "request_bodies",
    "reseed_event_ids",
    "set_contracts_enabled",
    "set_flush_requested",
]

__version__: str
VERSION: str
PAYLOAD_DATA_SCHEMA: str
CONTEXT_SCHEMA: str
UNSTRUCT_EVENT_SCHEMA: str
MOBILE_SCHEMA_PATH: str

def dumps(obj: Any, json_encoder: JsonEncoderFunction | None = None) -> bytes:
    """Return the compact JSON text of an object in UTF-8, by the rules of `json.dumps`.

    Other than there, NaN and infinities become null, lone surrogates U+FFFD, and non-ASCII text
    stays as it is.

    Args:
        obj: What to encode.
        json_encoder: Called with each object that JSON cannot hold; what it returns is encoded in
            its place. Default None: dates, UUIDs, decimals, enums, dataclasses and numpy scalars
            are encoded as users expect.

    Raises:
        TypeError: An object, or a key, that JSON cannot hold.
        ValueError: Data that holds itself, is nested deeper than 255 levels, or a `json_encoder`
            that never comes to an end.
    """

def b64(obj: Any, json_encoder: JsonEncoderFunction | None = None) -> str:
    """Return what `dumps` returns, as URL-safe base64 with padding (RFC 4648, section 5)."""

def set_contracts_enabled(enabled: bool) -> None:
    """Turn value checks on or off in the whole process."""

def contracts_enabled() -> bool:
    """Whether values are checked."""

def register_originals(
    tracker: type[TrackerCore],
    emitter: type[EmitterCore],
    store: type[Any],
    accept_record: Callable[[Any, bytes, int], object],
) -> None:
    """Register the methods of these classes, to tell later whether a program replaced them.

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
    """Set whether a flush is already requested: while it is, a full batch requests no other."""

def mark_patched(tracker: TrackerCore) -> None:
    """Tell `track` that a method which it calls was replaced on this instance."""

def reseed_event_ids() -> None:
    """Reseed the generators of event ids, in a forked child."""

def build_payload(
    event: Event,
    encode_base64: bool,
    json_encoder: Callable[[Any], Any] | None,
    subject: Subject | None = None,
) -> Payload:
    """Return a new payload of an event: what `Event.build_payload` does."""

def clean_fields(payload: Any, as_text: bool) -> PayloadDict:
    """Return a copy of a payload's fields the way they leave.

    Args:
        payload: A mapping of field names to values.
        as_text: Whether each value becomes its `str()`.

    Returns:
        The fields without None, empty text, numbers that are not finite and lone surrogates.
    """

def encode_record(event: PayloadDict) -> tuple[bytes, int]:
    """Return an event as a record, a JSON object without `stm`, and when it was created.

    Returns:
        The record, and the event's `dtm` in milliseconds since 1970, 0 where it has none.
    """

def is_text_only(event: PayloadDict) -> bool:
    """Whether a record can hold an event unchanged: names and values are all `str`."""

def request_bodies(events: PayloadDictList, max_bytes: int) -> list[tuple[int, bytes]]:
    """Return request bodies for events, in order.

    Returns:
        For each body the number of its events, and the body: at most `max_bytes` long, unless it
        holds a single event that is larger.
    """

@final
class RecordBuffer:
    """Events in memory as finished records, first in, first out. Safe to use from threads.

    Args:
        capacity: The most events that it holds, those that were taken and are not settled
            included.
    """

    def __new__(cls, capacity: int) -> Self: ...
    capacity: int
    @property
    def in_flight(self) -> int:
        """How many events were taken and are not settled."""

    @property
    def allocated(self) -> int:
        """Bytes of memory that what waits takes, index included."""

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest waiting event was created, in milliseconds since 1970."""

    def add(self, event: PayloadDict) -> bool:
        """Append an event; False where the buffer is full or sealed."""

    def add_record(self, record: bytes, created_ms: int) -> bool:
        """Append a record; False where the buffer is full or sealed.

        Args:
            record: An event as `encode_record` returns it.
            created_ms: When it was created, in milliseconds since 1970.
        """

    def take(self, max_events: int, max_bytes: int) -> RecordBatch | None:
        """Take the oldest events.

        Args:
            max_events: The most events to take.
            max_bytes: The most that their request body may have; a larger event is taken alone.

        Returns:
            The events, None where none waits.
        """

    def ack(self, batch: RecordBatch) -> None:
        """Acknowledge a batch: its events are forgotten."""

    def requeue(self, batch: RecordBatch) -> None:
        """Put a batch back at the front of the queue."""

    def seal(self) -> None:
        """Take no more events from here on."""

    def clear(self) -> None:
        """Forget everything, what was taken included."""

    def __len__(self) -> int:
        """Return how many events wait."""

@final
class RecordBatch:
    """Events on their way out, made by `RecordBuffer.take` or of records from elsewhere."""

    @staticmethod
    def of(records: list[tuple[bytes, int]], max_bytes: int) -> RecordBatch:
        """Return a batch of the first records that fit one request, and at least of one.

        Args:
            records: Each with the time of its creation, in milliseconds since 1970.
            max_bytes: The most that the request body may have; a larger event is taken alone.
        """

    def part(self, start: int, end: int) -> RecordBatch:
        """Return a copy of its events from the place `start` to before the place `end`."""

    def body(self, sent_ms: int) -> bytes:
        """Return the request body.

        Args:
            sent_ms: When it is sent, in milliseconds since 1970. An event created later has been
                sent at its creation: enrichment cannot correct a clock by less than nothing.
        """

    def events(self, sent_ms: int | None = None) -> PayloadDictList:
        """Return the events as dicts of text, with `stm` where a sent time is given."""

    def __len__(self) -> int:
        """Return how many events it holds."""

class EmitterCore:
    """The base of `Emitter`. It has no attributes: see `configure_emitter`."""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...

class TrackerCore:
    """The base of `Tracker`: what it adds to each event, and `track`."""

    emitters: list[SupportsInput]
    subject: Subject | None
    encode_base64: bool
    json_encoder: JsonEncoderFunction | None
    standard_nv_pairs: PayloadDict
    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    # Of a Payload, type checkers are not told: programs override this by the signature of 1.x.
    def track(self, event: Event) -> str | None:
        """Encode an event as of now and hand it to every emitter.

        Args:
            event: An `Event`. A `Payload` is handed on as it is, as in generation 0.x.

        Returns:
            The event's id, also where an emitter's full buffer refused it; the tracker itself for
            a `Payload`.

        Raises:
            TypeError: The event holds an object that JSON cannot hold, and there is no
                `json_encoder`. No emitter has the event then.
            ValueError: Its data holds itself or is nested deeper than 255 levels.
            Exception: Whatever the `json_encoder`, the event's own methods or a custom emitter's
                `input` raise.
        """

    @staticmethod
    def get_uuid() -> str:
        """Return a new event id: a version 4 UUID (RFC 9562) as text."""

    @staticmethod
    def get_timestamp(tstamp: float | None = None) -> int:
        """Return a time in whole milliseconds: `tstamp` if that is a number, or now."""

class SelfDescribingJson:
    """Data with the Iglu URI of the schema that describes it.

    It holds the caller's own data until an event is tracked.

    Args:
        schema: Iglu URI, `iglu:vendor/name/format/M-R-A`.
        data: What the schema describes.

    Raises:
        ValueError: `schema` is None, empty or no text.
    """

    __signature__: ClassVar[Signature]
    """The parameters of the constructor, for `inspect.signature`."""

    schema: str
    data: Any
    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    def __init__(
        self, schema: str, data: dict[str, Any] | list[Any] | tuple[Any, ...] | None
    ) -> None: ...
    def to_json(self) -> PayloadDict:
        """Return a dict of `schema` and `data`."""

    def to_string(self) -> str:
        """Return what `to_json` returns, as compact JSON text."""

class Event:
    """The base of all events: any fields, and what every event may carry.

    Args:
        dict_: Fields by their names in the tracker protocol, copied. Default None.
        event_subject: The subject of this event; its fields win over the tracker's subject's.
        context: Self-describing JSONs that say in which contexts it happened.
        true_timestamp: When it happened, in milliseconds since 1970; a float is cut.
    """

    __signature__: ClassVar[Signature]
    """The parameters of the constructor, for `inspect.signature`."""

    payload: Payload
    event_subject: Subject | None
    context: Sequence[SelfDescribingJson] | None
    true_timestamp: float | None
    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    def __init__(
        self,
        dict_: PayloadDict | None = None,
        event_subject: Subject | None = None,
        context: Sequence[SelfDescribingJson] | None = None,
        true_timestamp: float | None = None,
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

    Raises:
        ValueError: `page_url` is None, empty or no text.
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
        true_timestamp: float | None = None,
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

    Raises:
        ValueError: `page_url` is None, empty or no text.
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
        true_timestamp: float | None = None,
    ) -> None: ...

class StructuredEvent(Event):
    """An action in a category.

    Args:
        category: What the action belongs to.
        action: What was done.
        label: What it was done to.
        property_: A property of the action or the object.
        value: A number that goes with the action.
        event_subject: See `Event`.
        context: See `Event`.
        true_timestamp: See `Event`.

    Raises:
        ValueError: `category` or `action` is None, empty or no text.
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
        true_timestamp: float | None = None,
    ) -> None: ...

class SelfDescribing(Event):
    """An event whose data a schema of the user's own describes.

    Args:
        event_json: Data and schema.
        event_subject: See `Event`.
        context: See `Event`.
        true_timestamp: See `Event`.

    Raises:
        ValueError: `event_json` is None.
    """

    event_json: SelfDescribingJson
    def __init__(
        self,
        event_json: SelfDescribingJson,
        event_subject: Subject | None = None,
        context: Sequence[SelfDescribingJson] | None = None,
        true_timestamp: float | None = None,
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

    Raises:
        ValueError: `id_` or `name` is None, empty or no text.
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
        true_timestamp: float | None = None,
    ) -> None: ...
