"""`SQLiteEventStore`: keeps events on disk until they are sent."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from threading import TIMEOUT_MAX
from typing import TYPE_CHECKING, Any

from snowplow_tracker._locks import sections
from snowplow_tracker._stores.record_store import register_builtin_store
from snowplow_tracker._stores.sqlite.store import SQLiteStore
from snowplow_tracker._validation import require_int, require_seconds

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from snowplow_tracker.typing import PayloadDict, PayloadDictList

__all__ = ["SQLiteEventStore"]

SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")
MIN_BYTES = 65_536


class SQLiteEventStore:
    """Keeps events in a SQLite file, first in, first out. They survive the end of the process.

    An event is in the file when `track` returns. Threads and processes may share the file: each
    event is sent by one of them. If a process dies, the events that it was sending are requeued in
    their original position, and the next process sends what is left.

    Failures are logged, each at most once a minute, and an event that cannot be stored is refused.
    A damaged file is renamed, and a new one started. While another process writes to the file, a
    call waits for at most 5 seconds. After such a wait was in vain, calls do not wait.

    Args:
        path: Path of the file. SQLite's write-ahead log (`-wal`, `-shm`) and a file for locks
            (`-lock`) are next to it. Do not delete them while a program uses the store. If the
            file is new, only the user who runs the program may read it.
        capacity: The maximum number of events, including those being sent. Default 1,000,000.
        max_bytes: The maximum size of the file, at least 65,536. Default 1 GiB. The write-ahead log
            needs about 5 MB in addition. While another program reads the file for a long time,
            this is the maximum size of both together.
        synchronous: SQLite's setting of that name: what a loss of power may cost. "NORMAL", the
            default: the last events. "FULL" or "EXTRA": nothing, but each event waits for the
            disk. "OFF": the file. The end of a process, killed or not, costs nothing with any.
            See https://www.sqlite.org/pragma.html#pragma_synchronous
        claim_timeout: Seconds until this store notices at the latest that another process has
            died. Default 60. It notices at once when it is opened and when it takes events. A
            live process keeps the events that it is sending, however long that takes.

    Raises:
        ValueError: A parameter is out of range, the folder of `path` does not exist, or the file
            belongs to another application or to a later version of this package.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        capacity: int = 1_000_000,
        max_bytes: int = 2**30,
        synchronous: str = "NORMAL",
        claim_timeout: float = 60.0,
    ) -> None:
        capacity = require_int(capacity, 1, name="capacity")
        max_bytes = require_int(max_bytes, MIN_BYTES, name="max_bytes")
        if synchronous not in SYNCHRONOUS:
            choices = ", ".join(SYNCHRONOUS)
            raise ValueError(f"synchronous must be one of {choices}: {synchronous!r}")
        claim_timeout = require_seconds(claim_timeout, name="claim_timeout", most=TIMEOUT_MAX)
        full_path = _full_path(path)
        self.__store = SQLiteStore(full_path, capacity, max_bytes, synchronous, claim_timeout)

    def __reduce__(self) -> tuple[Any, ...]:
        """Make copying and pickling open another store of the same file."""
        return type(self), self.__store.settings

    def add_event(self, payload: PayloadDict) -> bool:
        """Store an event, its values as text. Returns False, and logs it, if it was refused."""
        is_stored = self.__store.add_dict(payload)
        if is_stored is None:  # it is a signal handler's or a finalizer's
            sections.defer_brief(self.__store.add_dict, dict(payload))
            return True
        return is_stored

    def get_events_batch(self) -> PayloadDictList:
        """Take the oldest events, at most as many as fit into one request."""
        return self.__store.take_dicts()

    def cleanup(self, batch: PayloadDictList, need_retry: bool) -> None:
        """Forget events that were taken, or requeue them in their original position."""
        unknown = self.__store.finish_dicts(batch, need_retry)
        if need_retry:
            for event in unknown:
                self.add_event(event)

    def size(self) -> int:
        """Return how many events are waiting, whichever process stored them."""
        return self.__store.size()

    @property
    def in_flight(self) -> int:
        """How many events this store has handed out that are neither forgotten nor requeued."""
        return self.__store.in_flight

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest waiting event was created, in milliseconds since 1970."""
        return self.__store.oldest_ms

    def has_room(self) -> bool:
        """Return whether one more event would be stored."""
        return self.__store.has_room()


def _full_path(path: str | os.PathLike[str]) -> Path:
    try:
        full = Path(path).resolve()
    except (TypeError, ValueError) as error:  # ValueError if the text contains NUL
        raise ValueError(f"path cannot be opened, {error}: {path!r}") from None
    if not full.parent.is_dir():
        raise ValueError(f"path is in a folder that does not exist: {full}")
    if full.is_dir():
        raise ValueError(f"path is a folder: {full}")
    return full


_store_of: Callable[[SQLiteEventStore], SQLiteStore] = attrgetter("_SQLiteEventStore__store")
register_builtin_store(SQLiteEventStore, _store_of)
