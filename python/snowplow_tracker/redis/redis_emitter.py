"""`RedisEmitter`: puts events into a list in Redis."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from snowplow_tracker._extras import import_extra
from snowplow_tracker._native import dumps

if TYPE_CHECKING:
    from snowplow_tracker.typing import PayloadDict, RedisProtocol

__all__ = ["RedisEmitter"]

logger = logging.getLogger(__name__)


class RedisEmitter:
    """Appends each event to a list in Redis, as a JSON object, for a `RedisWorker` to send.

    Args:
        rdb: A client of Redis. Default: one for Redis on this machine, at its usual port.
        key: The list's key. Default "snowplow".

    Raises:
        RuntimeError: The extra `redis` is not installed.
    """

    def __init__(self, rdb: RedisProtocol | None = None, key: str = "snowplow") -> None:
        redis = import_extra("redis")
        self.rdb: RedisProtocol = redis.Redis() if rdb is None else rdb
        self.key = key

    def input(self, payload: PayloadDict) -> None:
        """Append one event. What the client raises, because Redis is away, reaches the caller."""
        self.rdb.rpush(self.key, dumps(payload).decode())

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""
        logger.debug("A RedisEmitter keeps nothing back: there is nothing to flush")

    def sync_flush(self) -> None:
        """Do as `flush`."""
        self.flush()
