"""Decides whether a thread may block until there is room. Imported when a store is full."""

from __future__ import annotations

import sys
from traceback import walk_stack
from typing import TYPE_CHECKING

from snowplow_tracker._delivery.callbacks import inside_delivery
from snowplow_tracker._locks import sections
from snowplow_tracker._signals import handler_codes

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["is_in_event_loop", "may_block"]


def may_block() -> bool:
    """Return whether this thread may wait for a request to complete.

    It may not if delivery itself waits for it: in a callback, a store, an overridden
    `http_post` and the like, of any emitter. Neither may a finalizer (`__del__`,
    `weakref.finalize`) or a signal handler, which interrupt code that may hold any lock. They
    are recognized by the call stack, where functions not written in Python leave no trace.
    """
    if inside_delivery.is_active() or sections.is_active() or sections.is_making_calls():
        return False
    handlers = handler_codes()
    return not any(
        frame.f_code in handlers or _is_finalizer(frame) for frame, _ in walk_stack(None)
    )


def is_in_event_loop() -> bool:
    """Return whether an event loop of asyncio runs on this thread, and would wait with it."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None  # noqa: SLF001 - documented


def _is_finalizer(frame: FrameType) -> bool:
    return frame.f_code.co_name == "__del__" or frame.f_globals.get("__name__") == "weakref"
