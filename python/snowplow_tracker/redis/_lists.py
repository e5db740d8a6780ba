"""The list of events in Redis, and the list of those that a worker is processing.

A worker that is killed leaves the entries that it has taken in its processing list. Others move
them back when its key of life has expired. Keys, for the list "snowplow":

- `{snowplow}:processing:ID:0` and `:1`: the entries that a worker has taken, the oldest first
- `{snowplow}:workers`: the ids of workers that may have such a list
- `{snowplow}:worker:ID`: expires unless its worker renews it
"""

from __future__ import annotations

import logging
import os
import socket
import time
from typing import TYPE_CHECKING, Any, Protocol

from snowplow_tracker._http.redact import describe_foreign

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker.typing import RedisProtocol

    class EntryList(Protocol):
        """A list whose entries one worker takes, and acknowledges or puts back."""

        def take(self) -> str | bytes | None:
            """Take the oldest entry; None if there is none."""
            ...

        def keep(self) -> None:
            """Keep what was taken from other workers, while nothing is taken."""

        def acknowledge(self) -> None:
            """Forget all entries taken so far."""

        def put_last_back(self, entry: str | bytes) -> None:
            """Put the entry that was taken last back to its place."""

        def finish(self, entries: list[str | bytes]) -> bool:
            """Put entries back, the oldest first, forget all others, and end.

            Returns:
                False if the client can put nothing back.
            """
            ...


__all__ = ["entry_list"]

logger = logging.getLogger("snowplow_tracker.redis.redis_worker")

# A worker renews its key with each entry, and while it waits for room. While its emitter sends, it
# cannot: a flush that takes longer than this may have its events sent twice.
_LIFE_SECONDS = 180
_RENEWAL_SECONDS = 20.0

_MOVE_SCRIPT = """
local entry = redis.call(ARGV[1] == 'LEFT' and 'LPOP' or 'RPOP', KEYS[1])
if entry then redis.call(ARGV[1] == 'LEFT' and 'RPUSH' or 'LPUSH', KEYS[2], entry) end
return entry
"""


def entry_list(rdb: RedisProtocol, key: str, refused: type[Exception]) -> EntryList:
    """Return the list of a worker: one that survives the worker, if the client can do that.

    Args:
        rdb: The client. Only `rpush` and `lpop` are required of it.
        key: Key of the list.
        refused: What the client raises if the server refuses a command.
    """
    # Of the class: a mock has every attribute.
    is_complete = all(
        hasattr(type(rdb), name)
        for name in ("lmove", "eval", "pipeline", "lrange", "set", "sadd", "smembers", "exists")
    )
    return _ProcessingList(rdb, key, refused) if is_complete else _PlainList(rdb, key)


class _PlainList:
    """A list whose entries are gone from Redis when they are taken."""

    def __init__(self, rdb: RedisProtocol, key: str) -> None:
        self._rdb: Any = rdb
        self._key = key

    def take(self) -> str | bytes | None:
        """Remove the oldest entry."""
        entry: str | bytes | None = self._rdb.lpop(self._key)
        return entry

    def keep(self) -> None:
        """Do nothing: what was taken is gone."""

    def acknowledge(self) -> None:
        """Do nothing: what was taken is gone."""

    def put_last_back(self, entry: str | bytes) -> None:
        """Put an entry back."""
        self.finish([entry])

    def finish(self, entries: list[str | bytes]) -> bool:
        """Put entries back: before the others, or as the last ones if the client has no `lpush`."""
        if entries and hasattr(type(self._rdb), "lpush"):
            self._rdb.lpush(self._key, *reversed(entries))
        elif entries and hasattr(type(self._rdb), "rpush"):
            self._rdb.rpush(self._key, *entries)
        else:
            return not entries
        return True


class _ProcessingList:
    """A list whose entries stay in Redis, in a list of the worker's own, until acknowledged.

    The worker has two processing lists. After the entries of one are acknowledged, it moves
    further ones to the other, and deletes the first in the same round trip.
    """

    def __init__(self, rdb: Any, key: str, refused: type[Exception]) -> None:
        self._rdb = rdb
        self._key = key
        self._refused = refused
        # Keys with the same hash tag are on the same node of a cluster:
        # https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
        self._prefix = key if "{" in key else f"{{{key}}}"
        self._id = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
        self._processing, self._other = self._processing_of(self._id)
        self._taken: list[str | bytes] = []  # what is in `_processing`, as far as is known
        self._is_known = self._other_is_empty = True
        self._move: Callable[..., Any] = _move
        self._plain: _PlainList | None = None
        self._is_registered = False
        self._next_renewal = 0.0

    def take(self) -> str | bytes | None:
        """Move the oldest entry to the processing list."""
        self.keep()
        if self._plain is not None:
            return self._plain.take()
        try:
            self._put_unknown_back()
            return self._take()
        except self._refused as error:
            if not _is_unavailable(error):
                raise
            self._use_older_command(error)
        return self.take()

    def keep(self) -> None:
        """Renew the key of life if that is due."""
        if self._plain is None and time.monotonic() >= self._next_renewal:
            self._renew()

    def acknowledge(self) -> None:
        """Have what was taken so far deleted with the next command."""
        if self._taken:
            self._processing, self._other = self._other, self._processing
            self._taken.clear()
            self._other_is_empty = False

    def put_last_back(self, entry: str | bytes) -> None:
        """Move the last entry of the processing list back."""
        if self._plain is not None:
            self._plain.put_last_back(entry)
            return
        self._is_known = False
        self._move(self._rdb, self._processing, self._key, "RIGHT", "LEFT")
        self._taken.pop()
        self._is_known = True

    def finish(self, entries: list[str | bytes]) -> bool:
        """Put entries back, forget all others, and remove the keys of this worker."""
        if self._plain is not None:
            return self._plain.finish(entries)
        if not self._is_registered:
            return True
        self._put_unknown_back()
        pipeline = self._rdb.pipeline(transaction=True)
        if entries:
            pipeline.lpush(self._key, *reversed(entries))
        pipeline.delete(self._processing, self._other, self._life_of(self._id))
        pipeline.srem(f"{self._prefix}:workers", self._id)
        pipeline.execute()
        return True

    def _take(self) -> str | bytes | None:
        pipeline = self._rdb.pipeline(transaction=False)
        if not self._other_is_empty:
            pipeline.delete(self._other)
        self._move(pipeline, self._key, self._processing, "LEFT", "RIGHT")
        pipeline.llen(self._processing)
        self._is_known = False  # if there is no response, the server may have moved an entry
        entry: str | bytes | None
        *_, entry, length = pipeline.execute()
        self._other_is_empty = True
        if entry is not None:
            self._taken.append(entry)
        # The client may have sent the command again after it lost a connection.
        self._is_known = length == len(self._taken)
        return entry

    def _put_unknown_back(self) -> None:
        """Put entries back that the server has moved in commands without a response."""
        if self._is_known:
            return
        left = list(self._taken)
        for entry in reversed(self._rdb.lrange(self._processing, 0, -1)):
            if left and left[-1] == entry:
                left.pop()
                continue
            pipeline = self._rdb.pipeline(transaction=True)
            pipeline.lrem(self._processing, -1, entry)
            pipeline.lpush(self._key, entry)
            pipeline.execute()
        self._is_known = True

    def _renew(self) -> None:
        """Show that this worker lives, and put back what dead ones have left."""
        workers = f"{self._prefix}:workers"
        try:
            self._rdb.set(self._life_of(self._id), 1, ex=_LIFE_SECONDS)
            self._is_registered = True
            self._rdb.sadd(workers, self._id)
            for other in self._rdb.smembers(workers):
                name = other.decode() if isinstance(other, bytes) else other
                # Not its own: an eviction may have taken the key since.
                if name != self._id and not self._rdb.exists(self._life_of(name)):
                    self._put_back_all_of(name)
                    self._rdb.srem(workers, name)
        except self._refused as error:
            if not _is_unavailable(error):
                raise
            self._use_older_command(error)
        else:
            self._next_renewal = time.monotonic() + _RENEWAL_SECONDS

    def _put_back_all_of(self, worker: str) -> None:
        count = 0
        for processing in self._processing_of(worker):
            while self._move(self._rdb, processing, self._key, "RIGHT", "LEFT") is not None:
                count += 1
        if count:
            logger.warning("Worker %s has ended without sending: %d events put back", worker, count)

    def _use_older_command(self, error: Exception) -> None:
        """Use a script, which servers before 6.2 can do. The last resort is not to be safe."""
        if self._move is _move:
            self._move = _move_by_script
        else:
            reason = describe_foreign(error)
            logger.warning("Events of a worker that is killed will be lost: %s", reason)
            self._plain = _PlainList(self._rdb, self._key)

    def _processing_of(self, worker: str) -> tuple[str, str]:
        key = f"{self._prefix}:processing:{worker}"
        return f"{key}:0", f"{key}:1"

    def _life_of(self, worker: str) -> str:
        return f"{self._prefix}:worker:{worker}"


def _is_unavailable(error: Exception) -> bool:
    """Return whether the server does not know a command, or forbids it to this user."""
    text = str(error).lower()
    return "unknown command" in text or "permission" in text or "noperm" in text


def _move(rdb: Any, source: str, target: str, take_from: str, put_to: str) -> Any:
    return rdb.lmove(source, target, take_from, put_to)


def _move_by_script(rdb: Any, source: str, target: str, take_from: str, put_to: str) -> Any:  # noqa: ARG001 - the other end
    return rdb.eval(_MOVE_SCRIPT, 2, source, target, take_from)
