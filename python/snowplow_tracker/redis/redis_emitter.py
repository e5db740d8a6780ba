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
        rdb: A client of Redis. Default: a client for `localhost:6379`.
        key: Key of the list. Default "snowplow".

    Raises:
        RuntimeError: The extra `redis` is not installed.
    """

    def __init__(self, rdb: RedisProtocol | None = None, key: str = "snowplow") -> None:
        redis = import_extra("redis")
        self.rdb: RedisProtocol = redis.Redis() if rdb is None else rdb
        self.key = key

    def input(self, payload: PayloadDict) -> None:
        """Append one event to the list.

        Raises:
            Exception: Whatever the client raises, for example because Redis is unavailable.
        """
        self.rdb.rpush(self.key, dumps(payload).decode())

    def flush(self) -> None:
        """Do nothing: `input` has already written every event."""
        logger.debug("A RedisEmitter buffers nothing: there is nothing to flush")

    def sync_flush(self) -> None:
        """Call `flush`."""
        self.flush()
