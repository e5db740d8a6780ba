"""`Tracker`: encodes events and hands them to emitters."""

from __future__ import annotations

import os
import time  # noqa: F401 - native code calls `time.time` of this module; programs patch it
from functools import wraps

from snowplow_tracker._deprecated import DeprecatedTrackMethods
from snowplow_tracker._loggers import find_logger, lazy_logger
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker._native import (
    TrackerCore,
    call_natively,
    mark_patched,
    silence_of,
    subject_in_scope,
)
from snowplow_tracker._tracker_arguments import bind_arguments, emitters_as_list
from snowplow_tracker.constants import (
    BASE_SCHEMA_PATH,
    CONTEXT_SCHEMA,
    DEFAULT_ENCODE_BASE64,
    MOBILE_SCHEMA_PATH,
    SCHEMA_TAG,
    UNSTRUCT_EVENT_SCHEMA,
    VERSION,
    ContextArray,
)
from snowplow_tracker.events import Event
from snowplow_tracker.payload import Payload
from snowplow_tracker.subject import Subject
from snowplow_tracker.tracker_additions import (
    AdditionMethods,
    add_from_arguments,
    added_state,
    disable_if_asked,
    restore_added,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, overload

    from typing_extensions import Self

    from snowplow_tracker.event_view import BeforeSend
    from snowplow_tracker.typing import JsonEncoderFunction, SupportsInput

__all__ = [
    "BASE_SCHEMA_PATH",
    "CONTEXT_SCHEMA",
    "DEFAULT_ENCODE_BASE64",
    "MOBILE_SCHEMA_PATH",
    "SCHEMA_TAG",
    "UNSTRUCT_EVENT_SCHEMA",
    "VERSION",
    "ContextArray",
    "Tracker",
]

_logger = lazy_logger(__name__)

_CALLED_BY_TRACK = frozenset({"complete_payload", "get_uuid", "get_timestamp"})
_NATIVE_ATTRIBUTES = ("emitters", "subject", "encode_base64", "json_encoder", "standard_nv_pairs")
_track = TrackerCore.track
# The default of `track`. `complete_payload` finds out that there is no event, so that other calls
# pay nothing.
_NO_EVENT = object()


class Tracker(AdditionMethods, DeprecatedTrackMethods["Tracker"]):
    """Encodes events and hands them to one or more emitters.

    Both orders of parameters work: `Tracker(namespace, emitters, subject, app_id, encode_base64,
    json_encoder)` and `Tracker(emitters, subject, namespace, app_id, encode_base64,
    json_encoder)`. The first order applies if the first argument is a string, or if the second is
    an emitter or a list.

    Args:
        emitters: An emitter, or a list of at least one. An emitter has a method `input(dict)`. The
            list is not copied: an emitter that you append later receives events, too.
        namespace: Name of the tracker, sent with every event as `tna`. Default None.
        subject: The user or device to track. An event's own subject overrides its fields. Default
            `Subject()`.
        app_id: Sent with every event as `aid`. Default None.
        encode_base64: Whether self-describing data and contexts are sent as base64 (`ue_px`, `cx`)
            or as JSON text (`ue_pr`, `co`). Default True.
        json_encoder: Called with each object that JSON does not support. Its result is encoded
            instead; its exceptions reach the caller of `track`. Default None. If it is None, or
            raises `TypeError`, the built-in rules apply: see `default_encoder`.
        use_scope: Whether events get the user and the entities of the current scope, which
            `snowplow_tracker.web` sets for each request. Default False.
        before_send: Called with each event as an `EventView`, after all other hooks. Returns what
            is sent, or None to drop the event. If it raises an exception, the event is dropped:
            it may be there to redact. Default None.

    Raises:
        ValueError: `emitters` is None or empty, or `before_send` cannot be called or is async.
        TypeError: `emitters` is missing.
    """

    if TYPE_CHECKING:

        @overload
        def __init__(
            self,
            namespace: str,
            emitters: SupportsInput | Sequence[SupportsInput],
            subject: Subject | None = None,
            app_id: str | None = None,
            encode_base64: bool = DEFAULT_ENCODE_BASE64,
            json_encoder: JsonEncoderFunction | None = None,
            *,
            use_scope: bool = False,
            before_send: BeforeSend | None = None,
        ) -> None: ...

        @overload
        def __init__(
            self,
            emitters: SupportsInput | Sequence[SupportsInput],
            subject: Subject | None = None,
            namespace: str | None = None,
            app_id: str | None = None,
            encode_base64: bool = DEFAULT_ENCODE_BASE64,
            json_encoder: JsonEncoderFunction | None = None,
            *,
            use_scope: bool = False,
            before_send: BeforeSend | None = None,
        ) -> None: ...

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        arguments = bind_arguments(args, kwargs)
        subject = arguments.get("subject")
        self.emitters = emitters_as_list(arguments["emitters"])
        self.subject = Subject() if subject is None else subject
        self.encode_base64 = arguments.get("encode_base64", DEFAULT_ENCODE_BASE64)
        self.json_encoder = arguments.get("json_encoder")
        self.standard_nv_pairs = {
            "tv": VERSION,
            "tna": arguments.get("namespace"),
            "aid": arguments.get("app_id"),
        }
        self.timer = None
        if len(arguments) > len(args):
            add_from_arguments(self, arguments)
        if "SNOWPLOW_TRACKER_DISABLED" in os.environ:
            disable_if_asked(self)

    def __setattr__(self, name: str, value: object) -> None:
        if restore_added(self, name, value):
            return
        super().__setattr__(name, value)
        if name in _CALLED_BY_TRACK:
            mark_patched(self)

    def __getstate__(self) -> tuple[dict[str, Any], dict[str, Any]]:
        # Replaced methods are restored by `setattr` too, so that `__setattr__` notices them.
        names = (*_NATIVE_ATTRIBUTES, *(_CALLED_BY_TRACK & vars(self).keys()))
        state = {name: getattr(self, name) for name in names}
        return vars(self), {**state, **added_state(self)}

    def __reduce_ex__(self, protocol: Any) -> Any:
        # With protocols 0 and 1, `copyreg` cannot copy an instance with a native base class.
        return super().__reduce_ex__(max(protocol, 2))

    if not TYPE_CHECKING:
        # A Python function for mocks made with `autospec`: see `_autospec`. `pb` is the name of
        # the parameter in version 0.x.
        @wraps(_track, assigned=[], updated=[])
        def track(self, event: Any = _NO_EVENT, *, pb: Payload | None = None) -> Any:
            """Encode an event, hand it to every emitter, and return its id."""
            return _track(self, event if pb is None else pb)

    def complete_payload(
        self,
        event: Event | Payload | None = None,
        context: ContextArray | None = None,
        tstamp: float | None = None,
        event_subject: Subject | None = None,
        *,
        pb: Payload | None = None,
    ) -> Any:
        """Return the payload of an event with the fields that the tracker adds.

        `track` calls it as `complete_payload(event=event)` if a program overrides this method or
        the event's `build_payload`.

        As in version 0.x, it also accepts a `Payload`, as `event` or `pb`. Then it completes and
        tracks that payload, and returns the result of `track`.

        Args:
            event: The event.
            context: Contexts of a `Payload`.
            tstamp: Time of a `Payload`'s event, in milliseconds since 1970.
            event_subject: Subject of a `Payload`'s event.
            pb: The name of `event` in version 0.x.
        """
        source: Any = event if pb is None else pb
        if isinstance(source, Payload):
            return _complete_and_track(self, source, context, tstamp, event_subject)
        build = getattr(source, "build_payload", None)
        if build is None:
            if source is _NO_EVENT:
                raise TypeError("Tracker.track() missing 1 required positional argument: 'event'")
            kind = type(source).__name__
            raise AttributeError(
                f"event must be an Event, such as PageView: {kind!r} object has no attribute "
                "'build_payload'"
            )
        payload = build(
            encode_base64=self.encode_base64,
            json_encoder=self.json_encoder,
            subject=subject_in_scope(self, self.subject),
        )
        payload.add("eid", _given_id(source) or self.get_uuid())
        payload.add("dtm", self.get_timestamp())
        payload.add_dict(self.standard_nv_pairs)
        return payload

    def flush(self, is_async: bool = False) -> Self:
        """Send the stored events of all emitters.

        Args:
            is_async: Whether to call `flush` of each emitter, instead of `sync_flush`. Default
                False.
        """
        if _is_disabled(self):
            return self
        for emitter in self.emitters:
            flush = getattr(emitter, "flush" if is_async else "sync_flush", None)
            if flush is not None:
                flush()
        return self

    def close(self, timeout: float | None = None) -> None:
        """Close every emitter that has a method `close`.

        Args:
            timeout: Time limit of each emitter in seconds: see `Emitter.close`.
        """
        if _is_disabled(self):
            return
        for emitter in self.emitters:
            close = getattr(emitter, "close", None)
            if close is not None:
                close(timeout)

    def flush_within(self, timeout: float = 10.0) -> bool:
        """Have all emitters send what they have stored, and wait for it.

        Args:
            timeout: Maximum seconds for all of them together. Default 10.

        Returns:
            Whether all that was stored at the call was delivered: see `Emitter.flush_within`. Of an
            emitter without that method, `sync_flush` or `flush` is called.
        """
        from snowplow_tracker._delivery.background import (  # noqa: PLC0415 - rarely needed
            flush_all_within,
        )

        return _is_disabled(self) or flush_all_within(self.emitters, timeout)

    async def aflush(self, timeout: float | None = 10.0) -> bool:
        """Do the same as `flush_within`, while the event loop goes on: see `Emitter.aflush`."""
        from snowplow_tracker._delivery.awaiting import flush_all  # noqa: PLC0415 - asyncio

        return _is_disabled(self) or await flush_all(self.emitters, timeout)

    async def aclose(self, timeout: float | None = None) -> None:
        """Do the same as `close`, while the event loop goes on: see `Emitter.aclose`."""
        from snowplow_tracker._delivery.awaiting import close_all  # noqa: PLC0415 - asyncio

        if not _is_disabled(self):
            await close_all(self.emitters, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def set_subject(self, subject: Subject | None) -> Self:
        """Set the subject of the following events, or None."""
        self.subject = subject
        return self

    def add_emitter(self, emitter: SupportsInput) -> Self:
        """Add an emitter, which receives the following events, too."""
        self.emitters.append(emitter)
        return self

    def get_namespace(self) -> str | None:
        """Return the namespace."""
        namespace: str | None = self.standard_nv_pairs["tna"]
        return namespace


call_natively(Tracker.track)

# Functions instead of methods: a subclass may use any private name.


def _is_disabled(tracker: Tracker) -> bool:
    _, is_disabled = silence_of(tracker)
    return is_disabled


def _given_id(event: Any) -> str | None:
    # Not `event.event_id`: programs have attributes of that name of their own.
    is_event = issubclass(type(event), Event)  # mocks lie about their class
    return Event.event_id.__get__(event) if is_event else None


def _complete_and_track(
    tracker: Tracker,
    payload: Payload,
    context: ContextArray | None,
    tstamp: float | None,
    event_subject: Subject | None,
) -> Any:
    event = Event(payload.get(), event_subject, context, tstamp)
    payload.add_dict(tracker.complete_payload(event=event).get())
    track: Any = tracker.track
    return track(payload)


def _signature_of_both_orders(
    self: Tracker,
    namespace: str | None = None,
    emitters: SupportsInput | Sequence[SupportsInput] = (),
    subject: Subject | None = None,
    app_id: str | None = None,
    encode_base64: bool = DEFAULT_ENCODE_BASE64,
    json_encoder: JsonEncoderFunction | None = None,
    *,
    use_scope: bool = False,
    before_send: BeforeSend | None = None,
) -> None: ...


# `inspect.signature`, `help` and notebooks show this. It is the function's, not the class's, so
# that a subclass with another constructor shows its own. Each parameter has a default, because
# `Tracker(emitters)` is valid as well, also for `unittest.mock.create_autospec`.
_init: Any = Tracker.__init__
_init.__wrapped__ = _signature_of_both_orders

_loss = RateLimitedLogger(_logger)


def _warn_of_loss(non_finite: int, surrogates: int) -> None:
    """Log the values that the native encoder has replaced. Native code calls this function.

    Args:
        non_finite: Number of NaN and infinite numbers (RFC 8259, section 6).
        surrogates: Number of strings with lone surrogates, which UTF-8 cannot encode.
    """
    if non_finite:
        _loss.warning("NaN and infinite numbers are no JSON: sent as null")
    if surrogates:
        _loss.warning("Lone surrogates are no Unicode text: sent as U+FFFD")


def _log_internal_error(error: BaseException) -> None:
    """Log a panic of the native code that lost an event. Native code calls this function."""
    _logger.error(
        "An event was lost to a fault of this package, please report it: %s", error, exc_info=error
    )


# Programs patch `snowplow_tracker.tracker.uuid`. It takes longer to import than this whole package.
if TYPE_CHECKING:
    import logging
    import uuid as uuid  # noqa: PLC0414 - the alias makes it an export

    logger: logging.Logger
else:

    def __getattr__(name: str) -> Any:
        if name == "uuid":
            import uuid  # noqa: PLC0415

            return uuid
        if name == "logger":
            return find_logger(__name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
