"""`RedisWorker`: takes events from a list in Redis and hands them to an emitter."""

from __future__ import annotations

import json
import logging
import queue
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from snowplow_tracker._extras import import_extra
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker.emitters import Emitter, engine_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from snowplow_tracker.typing import PayloadDict, RedisProtocol, SupportsInput

__all__ = ["RedisWorker"]

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0
_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGQUIT") if hasattr(signal, name)
]


class RedisWorker:
    """Hands the events that a `RedisEmitter` has put into Redis to an emitter that sends them.

    Args:
        emitter: Receives the events: usually an `Emitter`.
        rdb: A client of Redis. Default: a client for `localhost:6379`.
        key: Key of the list. Default "snowplow".

    Raises:
        RuntimeError: The extra `redis` is not installed.
    """

    def __init__(
        self, emitter: SupportsInput, rdb: RedisProtocol | None = None, key: str = "snowplow"
    ) -> None:
        redis = import_extra("redis")
        self.emitter = emitter
        self.rdb: RedisProtocol = redis.Redis() if rdb is None else rdb
        self.key = key
        self.__loop = _Loop((redis.RedisError, OSError))

    def run(self) -> None:
        """Send the events of the list until a shutdown is requested, then flush the emitter.

        `request_shutdown` requests it. On the main thread, SIGINT, SIGTERM and SIGQUIT do, too;
        their previous handlers are restored at the end. While Redis is unavailable, the worker
        tries again every second. While the emitter's store is full, events stay in Redis.
        """
        try:
            with _handled_signals(self.request_shutdown):
                self.__loop.run(self)
        finally:
            self.__loop.reset()

    def request_shutdown(self, *_args: Any) -> None:
        """Make `run` return after the current event. Accepts a signal handler's arguments."""
        self.__loop.request_shutdown()

    def pop_payload(self) -> None:
        """Send the oldest event of the list. If the list is empty, wait for up to a second.

        An entry that is not an event, and one for which the emitter raises, is logged and dropped.
        """
        entry = self.rdb.lpop(self.key)
        if entry is None:
            self.__loop.pause()
            return
        try:
            self.send(_payload(entry))
        except Exception:
            logger.exception("Entry of %s skipped: %.1000r", self.key, entry)

    def send(self, payload: PayloadDict) -> None:
        """Hand one event to the emitter."""
        self.emitter.input(payload)


class _Loop:
    """The loop of `RedisWorker.run`, and the request to end it.

    Args:
        redis_errors: What a client of Redis raises while Redis is unavailable.
    """

    def __init__(self, redis_errors: tuple[type[Exception], ...]) -> None:
        self._redis_errors = redis_errors
        self._redis_log = RateLimitedLogger(logger)
        self.reset()

    def reset(self) -> None:
        self._is_shutdown_requested = False
        # A signal handler may call `put` while the same thread is in `get`: the put of SimpleQueue
        # is re-entrant, unlike that of queue.Queue and the methods of threading.Event.
        # https://docs.python.org/3/library/queue.html#queue.SimpleQueue.put
        self._wakeups: queue.SimpleQueue[None] = queue.SimpleQueue()

    def request_shutdown(self) -> None:
        self._is_shutdown_requested = True
        self._wakeups.put(None)

    def pause(self) -> None:
        """Wait for a second, or until a shutdown is requested."""
        with suppress(queue.Empty):
            self._wakeups.get(timeout=_PAUSE_SECONDS)

    def run(self, worker: RedisWorker) -> None:
        try:
            while not self._is_shutdown_requested:
                if _has_room(worker.emitter):
                    self._pop_if_available(worker)
                else:
                    self.pause()
        finally:
            flush = getattr(worker.emitter, "sync_flush", None)
            if flush is not None:
                flush()

    def _pop_if_available(self, worker: RedisWorker) -> None:
        try:
            worker.pop_payload()
        except self._redis_errors as error:
            self._redis_log.warning("Redis gives no events, to be tried again: %s", error)
            self.pause()


def _has_room(emitter: SupportsInput) -> bool:
    return not isinstance(emitter, Emitter) or engine_of(emitter).context.queue.has_room()


def _payload(entry: str | bytes) -> PayloadDict:
    payload = json.loads(entry)
    if not isinstance(payload, dict):
        raise ValueError(f"entry must be a JSON object: {type(payload).__name__}")  # noqa: TRY004
    return payload


@contextmanager
def _handled_signals(handler: Callable[..., None]) -> Generator[None]:
    """Install a handler of the signals, and restore the previous ones at the end.

    Only the main thread may do so; on other threads, this does nothing:
    https://docs.python.org/3/library/signal.html#signals-and-threads
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # A handler that was not installed from Python is None here and could not be restored.
    numbers = [number for number in _SIGNALS if signal.getsignal(number) is not None]
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
