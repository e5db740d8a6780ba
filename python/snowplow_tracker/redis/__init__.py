"""Send events through a list in Redis: `RedisEmitter` fills it, `RedisWorker` empties it.

The classes need the extra ``redis``. Importing this package does not.
"""

from __future__ import annotations

from snowplow_tracker.redis.redis_emitter import RedisEmitter
from snowplow_tracker.redis.redis_worker import RedisWorker

__all__ = ["RedisEmitter", "RedisWorker"]
