"""`RedisWorker`: takes events out of a list in Redis and hands them to an emitter."""

from __future__ import annotations

import json
import logging
import queue
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from snowplow_tracker._extras import import_extra
from snowplow_tracker._log_limit import OncePerMinute
from snowplow_tracker.emitters import Emitter

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
        emitter: Takes the events: usually an `Emitter`.
        rdb: A client of Redis. Default: one for Redis on this machine, at its usual port.
        key: The list's key. Default "snowplow".

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
        self._redis_errors = (redis.RedisError, OSError)
        self._absences = OncePerMinute(logger)
        self._listen()

    def _listen(self) -> None:
        self._shutdown = False
        # Unlike those of threading, its put may interrupt its get: signal handlers do that.
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()

    def run(self) -> None:
        """Send what is in the list and what comes, until told to end; then flush the emitter.

        `request_shutdown` tells it to, and on the main thread SIGINT, SIGTERM and SIGQUIT do,
        whose handlers are put back at the end. While Redis is away, it tries again every second.
        While the emitter's store is full, the events stay in Redis.
        """
        try:
            with _handled_signals(self.request_shutdown):
                self._run_and_flush()
        finally:
            self._listen()

    def _run_and_flush(self) -> None:
        try:
            while not self._shutdown:
                if self._emitter_has_room():
                    self._pop_if_reachable()
                else:
                    self._pause()
        finally:
            flush = getattr(self.emitter, "sync_flush", None)
            if flush is not None:
                flush()

    def request_shutdown(self, *_args: Any) -> None:
        """Have `run` end after the event that it is at. Takes a signal handler's arguments."""
        self._shutdown = True
        self._wake.put(None)

    def pop_payload(self) -> None:
        """Send the oldest event of the list; where there is none, wait up to a second.

        An entry that is no event, and one at which the emitter fails, is logged and gone.
        """
        entry = self.rdb.lpop(self.key)
        if entry is None:
            self._pause()
            return
        try:
            self.send(_payload(entry))
        except Exception:
            logger.exception("Entry of %s skipped: %.1000r", self.key, entry)

    def send(self, payload: PayloadDict) -> None:
        """Hand one event to the emitter."""
        self.emitter.input(payload)

    def _pop_if_reachable(self) -> None:
        try:
            self.pop_payload()
        except self._redis_errors as error:
            self._absences.warning("Redis gives no events, to be tried again: %s", error)
            self._pause()

    def _emitter_has_room(self) -> bool:
        emitter = self.emitter
        return not isinstance(emitter, Emitter) or emitter._stored.has_room()  # noqa: SLF001 - ours

    def _pause(self) -> None:
        with suppress(queue.Empty):
            self._wake.get(timeout=_PAUSE_SECONDS)


def _payload(entry: str | bytes) -> PayloadDict:
    payload = json.loads(entry)
    if not isinstance(payload, dict):
        raise ValueError(f"entry must be a JSON object: {type(payload).__name__}")  # noqa: TRY004
    return payload


@contextmanager
def _handled_signals(handler: Callable[..., None]) -> Generator[None]:
    """Handle signals meanwhile. Only the main thread may, the others leave them alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # A handler that is None was not set from Python, and could not be put back.
    numbers = [number for number in _SIGNALS if signal.getsignal(number) is not None]
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
