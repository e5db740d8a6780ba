"""The types of events."""

from __future__ import annotations

from snowplow_tracker._native import (
    Event,
    PagePing,
    PageView,
    ScreenView,
    SelfDescribing,
    StructuredEvent,
    build_payload,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from snowplow_tracker.payload import Payload
    from snowplow_tracker.subject import Subject
    from snowplow_tracker.typing import JsonEncoderFunction

__all__ = ["Event", "PagePing", "PageView", "ScreenView", "SelfDescribing", "StructuredEvent"]


def _build_payload(
    self: Event,
    encode_base64: bool,
    json_encoder: JsonEncoderFunction | None,
    subject: Subject | None = None,
) -> Payload:
    """Return a new payload: this event's fields, contexts, true timestamp and subject.

    The event stays as it is. A subclass may override this method; `track` then calls it.
    """
    return build_payload(self, encode_base64, json_encoder, subject)


# A Python function, since `unittest.mock` passes the instance only to mocks of Python functions:
# https://docs.python.org/3/library/unittest.mock.html#autospeccing
_build_payload.__name__, _build_payload.__qualname__ = "build_payload", "Event.build_payload"
if not hasattr(Event, "build_payload"):  # an earlier import of the package has set it
    Event.build_payload = _build_payload  # type: ignore[method-assign]

# The modules of the events, which version 1.x has, are imported at their first use.
if not TYPE_CHECKING:
    _SUBMODULES = {
        *("event", "page_ping", "page_view", "screen_view", "self_describing", "structured_event"),
    }

    def __getattr__(name: str) -> Any:
        from importlib import import_module  # noqa: PLC0415

        if name in _SUBMODULES:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *_SUBMODULES})
