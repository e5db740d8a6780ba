"""Decides whether a thread may wait: what it is in the middle of, its stack tells."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

__all__ = ["may_wait_here"]

_PACKAGE = __name__.partition(".")[0]
# What these call, delivery waits for: callbacks, stores, `http_post` and the like.
_DELIVERY = {
    f"{_PACKAGE}.{name}"
    for name in ("_async_emitter", "_closing", "_delivery", "_emitter", "_intake", "_worker")
}


def may_wait_here() -> bool:
    """Whether this thread may wait for a request to end.

    It may not on a worker or a timer's thread, in a callback or whatever else delivery calls,
    in a finaliser (`__del__`, `weakref.finalize`) and in a signal handler. Of these, a function
    that is not written in Python leaves no trace on the stack.
    """
    handlers = _signal_handlers()
    return not any(
        frame.f_code in handlers or _is_finaliser(frame) or _module(frame) in _DELIVERY
        for frame in _callers()
    )


def _callers() -> Iterator[FrameType]:
    """Yield the frames below the call that came into this package last."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _module(frame).partition(".")[0] == _PACKAGE:
        frame = frame.f_back
    while frame is not None:
        yield frame
        frame = frame.f_back


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))


def _is_finaliser(frame: FrameType) -> bool:
    return frame.f_code.co_name == "__del__" or _module(frame) == "weakref"


def _signal_handlers() -> set[CodeType]:
    """Return the code of what runs on this thread when a signal comes."""
    if threading.current_thread() is not threading.main_thread():
        return set()
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    functions = [getattr(handler, "__func__", handler) for handler in handlers if callable(handler)]
    codes = [
        getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
        for function in functions
    ]
    return {code for code in codes if code is not None}
