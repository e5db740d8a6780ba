"""Awaits deliveries in an event loop, which goes on. Imported by the first that awaits."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from snowplow_tracker._validation import require_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from snowplow_tracker._delivery.background import BackgroundFlusher

__all__ = ["close_all", "close_emitter", "flush_all", "flush_emitter"]


async def flush_emitter(background: BackgroundFlusher, timeout: float | None) -> bool:
    """Have an emitter send what it has stored: see `Emitter.aflush`."""
    seconds = None if timeout is None else require_seconds(timeout, name="timeout")
    loop = asyncio.get_running_loop()
    delivered: asyncio.Future[bool] = loop.create_future()
    watermark = background.deliver(partial(_resolve_from_thread, loop, delivered))
    try:
        # In contrast to `asyncio.wait_for`, it neither cancels the future nor swallows a
        # cancellation: https://github.com/python/cpython/issues/86296
        await asyncio.wait([delivered], timeout=seconds)
    finally:
        background.forget(watermark)
    return delivered.done() and delivered.result()


async def close_emitter(close: Callable[[], object]) -> None:
    """Call a blocking `close` on a thread of its own, and wait for its end."""
    await _on_thread(close)


async def flush_all(emitters: Iterable[Any], timeout: float | None) -> bool:
    """Have several emitters send at the same time: see `Tracker.aflush`."""
    delivered = await asyncio.gather(*(_flush_any(each, timeout) for each in list(emitters)))
    return all(delivered)


async def close_all(emitters: Iterable[Any], timeout: float | None) -> None:
    """Close several emitters at the same time: see `Tracker.aclose`."""
    await asyncio.gather(*(_close_any(each, timeout) for each in list(emitters)))


async def _flush_any(emitter: Any, timeout: float | None) -> bool:
    aflush = getattr(emitter, "aflush", None)
    if aflush is not None:
        return bool(await aflush(timeout))
    flush = getattr(emitter, "sync_flush", None) or getattr(emitter, "flush", None)
    if flush is None:
        return True
    ended = asyncio.ensure_future(_on_thread(flush))
    done, _ = await asyncio.wait([ended], timeout=timeout)
    if not done:
        ended.cancel()
        return False
    await ended
    return True


async def _close_any(emitter: Any, timeout: float | None) -> None:
    aclose = getattr(emitter, "aclose", None)
    close = getattr(emitter, "close", None)
    if aclose is not None:
        await aclose(timeout)
    elif close is not None:
        await _on_thread(partial(close, timeout))


async def _on_thread(function: Callable[[], object]) -> None:
    """Call a function on a daemon thread. If the caller is cancelled, the call goes on.

    The executor of the loop would keep `asyncio.run` and the interpreter waiting at their end.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[bool] = loop.create_future()
    errors: list[BaseException] = []

    def run() -> None:
        try:
            function()
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            errors.append(error)
        _resolve_from_thread(loop, ended, True)

    threading.Thread(target=run, name="snowplow-await", daemon=True).start()
    await ended
    if errors:
        raise errors[0]


def _resolve_from_thread(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[bool], result: bool
) -> None:
    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(_resolve, future, result)


def _resolve(future: asyncio.Future[bool], result: bool) -> None:
    if not future.done():
        future.set_result(result)
