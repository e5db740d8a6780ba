"""Decides whether a thread may block until there is room. Imported when a store is full."""

from __future__ import annotations

import signal
import threading
from traceback import walk_stack
from typing import TYPE_CHECKING

from snowplow_tracker._delivery.callbacks import inside_delivery

if TYPE_CHECKING:
    from types import CodeType, FrameType

__all__ = ["may_block"]


def may_block() -> bool:
    """Return whether this thread may wait for a request to complete.

    It may not if delivery itself waits for it: in a callback, a store, an overridden
    `http_post` and the like, of any emitter. Neither may a finalizer (`__del__`,
    `weakref.finalize`) or a signal handler, which interrupt code that may hold any lock. They
    are recognized by the call stack, where functions not written in Python leave no trace.
    """
    if inside_delivery.depth:
        return False
    handlers = _signal_handlers()
    return not any(
        frame.f_code in handlers or _is_finalizer(frame) for frame, _ in walk_stack(None)
    )


def _is_finalizer(frame: FrameType) -> bool:
    return frame.f_code.co_name == "__del__" or frame.f_globals.get("__name__") == "weakref"


def _signal_handlers() -> set[CodeType]:
    """Return the code that runs on this thread when a signal arrives."""
    if threading.current_thread() is not threading.main_thread():
        return set()
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    functions = [getattr(handler, "__func__", handler) for handler in handlers if callable(handler)]
    codes = [
        getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
        for function in functions
    ]
    return {code for code in codes if code is not None}
