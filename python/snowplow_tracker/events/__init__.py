"""The kinds of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snowplow_tracker._autospec import wrap_native_methods
from snowplow_tracker._native import (
    Event,
    PagePing,
    PageView,
    ScreenView,
    SelfDescribing,
    StructuredEvent,
)

__all__ = ["Event", "PagePing", "PageView", "ScreenView", "SelfDescribing", "StructuredEvent"]

wrap_native_methods(Event, "build_payload")

# A module for each event, as programs know them, is imported when it is used.
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
