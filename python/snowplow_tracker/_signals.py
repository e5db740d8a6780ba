"""Recognizes signal handlers of the program: on the stack, and as the source of an exception.

A handler may raise an exception to end what it interrupts. Task queues do so for their soft time
limits. Such an exception belongs to the program, wherever it comes up in this package.

Limits: handlers written in C leave no trace, and neither do exceptions that another thread sets by
`PyThreadState_SetAsyncExc`. Code that catches the exception on its way decides what becomes of it.
"""

from __future__ import annotations

import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType, TracebackType

__all__ = [
    "current_exception",
    "handler_codes",
    "raised_by_handler",
    "reraise_if_by_handler",
]


def handler_codes() -> set[CodeType]:
    """Return the code that runs on this thread when a signal arrives."""
    if not _may_run_here():
        return set()
    signal = sys.modules["signal"]
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    functions = [getattr(handler, "__func__", handler) for handler in handlers if callable(handler)]
    codes = [
        getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
        for function in functions
    ]
    return {code for code in codes if code is not None}


def raised_by_handler(
    error: BaseException, before: BaseException | None = None
) -> BaseException | None:
    """Return the exception that a signal handler has raised, if that is why an operation failed.

    Args:
        error: The exception of the operation: the handler's, or one that a library raised in its
            place, as requests does for an OSError.
        before: The exception that was being handled when the operation began: it is the context
            of each exception in the operation.
    """
    if not _may_run_here():
        return None
    codes = handler_codes()
    raised = None
    for each in _causes(error, before):
        if any(_is_handler(*frames, codes) for frames in _calls(each.__traceback__)):
            raised = each  # the last one: urllib3 raises its own with the traceback of the first
    return raised


def reraise_if_by_handler(error: BaseException, before: BaseException | None) -> None:
    """Raise what a signal handler has raised, if that is why an operation failed.

    The arguments are those of `raised_by_handler`.
    """
    if (raised := raised_by_handler(error, before)) is None:
        return
    context = raised.__context__
    try:
        raise raised
    finally:
        raised.__context__ = context  # not `error`, which was raised in its place


def current_exception() -> BaseException | None:
    """Return the exception that is being handled: `before` of `raised_by_handler`."""
    return sys.exc_info()[1]


def _may_run_here() -> bool:
    """Return whether this thread runs signal handlers.

    Without the module `signal`, there are none. It is not imported here: that may fail for the
    reason of the error that is being handled, such as too many open files.
    """
    is_main_thread = threading.current_thread() is threading.main_thread()
    return is_main_thread and "signal" in sys.modules


def _causes(error: BaseException, before: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those that it was raised in place of."""
    seen: set[int] = {id(before)}
    pending: list[BaseException | None] = [error]
    while pending:
        each = pending.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            pending += [each.__context__, each.__cause__]


def _calls(traceback: TracebackType | None) -> Iterator[tuple[FrameType, FrameType]]:
    """Yield each frame of a traceback with the one that called it."""
    while traceback is not None and traceback.tb_next is not None:
        yield traceback.tb_frame, traceback.tb_next.tb_frame
        traceback = traceback.tb_next


def _is_handler(caller: FrameType, frame: FrameType, codes: set[CodeType]) -> bool:
    """Return whether a frame is a signal handler's that interrupted its caller.

    It is one that is installed, or that was when the signal came: handlers are called with a
    signal's number and the frame that they interrupt.
    """
    if frame.f_code in codes:
        return True
    code = frame.f_code
    count = code.co_argcount + bool(code.co_flags & 0x04)  # CO_VARARGS
    values = [frame.f_locals.get(name) for name in code.co_varnames[: code.co_argcount]]
    if count > code.co_argcount:
        name = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
        values += frame.f_locals.get(name) or ()
    signal = sys.modules["signal"]
    is_called_for = any(value in signal.valid_signals() for value in values if _is_number(value))
    return is_called_for and any(value is caller for value in values)


def _is_number(value: object) -> bool:
    return isinstance(value, int)
