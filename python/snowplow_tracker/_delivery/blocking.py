"""Decides whether a thread may block until there is room in a full store."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType, FrameType

__all__ = ["inside_delivery", "may_block"]


class _InsideDelivery(threading.local):
    """Marks what delivery calls on this thread: `with inside_delivery:`."""

    depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1


inside_delivery = _InsideDelivery()


def may_block() -> bool:
    """Return whether this thread may wait for a request to complete.

    It may not if delivery itself waits for it: in a callback, a store, an overridden
    `http_post` and the like, of any emitter. Neither may a finalizer (`__del__`,
    `weakref.finalize`) or a signal handler, which interrupt code that may hold any lock. They
    are recognized by the call stack, where functions not written in Python leave no trace.
    """
    if inside_delivery.depth:
        return False
    from traceback import walk_stack  # noqa: PLC0415 - needed only when a store is full

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
    import signal  # noqa: PLC0415 - needed only when a store is full

    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    functions = [getattr(handler, "__func__", handler) for handler in handlers if callable(handler)]
    codes = [
        getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
        for function in functions
    ]
    return {code for code in codes if code is not None}
