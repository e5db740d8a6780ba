"""`RedisWorker`: takes events from a list in Redis and hands them to an emitter."""

from __future__ import annotations

import json
import queue
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from snowplow_tracker._extras import import_extra
from snowplow_tracker._http.redact import describe_foreign
from snowplow_tracker._loggers import find_logger
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker._signals import current_exception, reraise_if_by_handler
from snowplow_tracker.redis._lists import entry_list
from snowplow_tracker.redis._taken import TakenEntries, flush

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from snowplow_tracker.typing import PayloadDict, RedisProtocol, SupportsInput

__all__ = ["RedisWorker"]

logger = find_logger(__name__)

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
        self.__loop = _Loop((redis.RedisError, OSError), redis.ResponseError)

    def run(self) -> None:
        """Send the events of the list until a shutdown is requested, then flush the emitter.

        `request_shutdown` requests it. On the main thread, SIGINT, SIGTERM and SIGQUIT do, too;
        their previous handlers are restored at the end. While Redis is unavailable, the worker
        tries again every second. While the emitter's store is full, or the emitter waits to try
        again, events stay in Redis.

        Events leave Redis when they are delivered, or are in a store that survives the process.
        Events that could not be delivered are put back at the end. What a killed worker was
        sending, another one puts back after some minutes. That needs a client of the package
        redis; of another client, which has only `rpush` and `lpop`, a killed worker loses them.
        """
        try:
            with _handled_signals(self.request_shutdown):
                self.__loop.run(self)
        finally:
            self.__loop.reset()

    def request_shutdown(self, *args: Any) -> None:  # noqa: ARG002 - the original's name
        """Make `run` return after the current event. Accepts a signal handler's arguments."""
        self.__loop.request_shutdown()

    def pop_payload(self) -> None:
        """Send the oldest event of the list. If the list is empty, wait for up to a second.

        An entry that is not an event, and one for which the emitter raises, is logged and dropped.
        Outside of `run`, the entry leaves Redis at once.
        """
        taken = self.__loop.taken
        entry = self.rdb.lpop(self.key) if taken is None else taken.take()
        if entry is None:
            self.__loop.pause()
            return
        before = current_exception()
        try:
            self.send(_payload(entry))
        except Exception as error:  # noqa: BLE001 - the next entry may be fine
            reraise_if_by_handler(error, before)
            # Neither the entry nor the exception's text, which may contain personal data.
            reason = type(error).__name__
            log = self.__loop.log.error
            log("Entry of %s skipped, %d bytes: %s", self.key, len(entry), reason)
            if taken is not None:
                taken.skip()
        else:
            if taken is not None and not taken.hand_over():
                self.__loop.pause()

    def send(self, payload: PayloadDict) -> None:
        """Hand one event to the emitter."""
        self.emitter.input(payload)


class _Loop:
    """The loop of `RedisWorker.run`, and the request to end it.

    Args:
        redis_errors: What a client of Redis raises while Redis is unavailable.
        refused: What it raises if Redis refuses a command.

    Attributes:
        log: The worker's log.
        taken: The entries that the running worker has taken; None while it does not run.
    """

    def __init__(self, redis_errors: tuple[type[Exception], ...], refused: type[Exception]) -> None:
        self._redis_errors = redis_errors
        self._refused = refused
        self.log = RateLimitedLogger(logger)
        self.reset()

    def reset(self) -> None:
        self.taken: TakenEntries | None = None
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
        entries = entry_list(worker.rdb, worker.key, self._refused)
        taken = self.taken = TakenEntries(entries, worker.emitter)
        try:
            while not self._is_shutdown_requested:
                if taken.has_room():
                    self._try_redis(worker.pop_payload)
                else:
                    self._try_redis(taken.keep)
                    self.pause()
        finally:
            try:
                flush(worker.emitter)
            finally:
                self._put_back(taken)

    def _put_back(self, taken: TakenEntries) -> None:
        before = current_exception()
        try:
            taken.put_back()
        except self._redis_errors as error:
            reraise_if_by_handler(error, before)
            reason = describe_foreign(error)
            logger.warning("Events stay in the worker's processing list in Redis: %s", reason)

    def _try_redis(self, call: Callable[[], None]) -> None:
        before = current_exception()
        try:
            call()
        except self._redis_errors as error:
            reraise_if_by_handler(error, before)
            reason = describe_foreign(error)
            self.log.warning("Redis gives no events, to be tried again: %s", reason)
            self.pause()


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
