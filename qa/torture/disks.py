"""Scenarios: the durable store on a full, locked, read-only or damaged disk or file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome, tracked_ids
from qa.torture.processes import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = [
    "DAMAGES",
    "damaged_file",
    "full_disk",
    "full_file",
    "limited_file",
    "locked_file",
    "overwrite_middle",
    "read_only",
]

_SETTINGS = {"request_timeout": 2.0, "max_retry_delay_seconds": 0.1, "batch_size": 50}
_LIMIT = 16 * 2**20  # the write-ahead log alone may come to eight
_SMALL, _FREE = 4 * 2**20, 8 * 2**20  # what stays free is for sending


def full_file(folder: Path, seed: int, *, count: int = 4_000) -> Outcome:
    """Fill the store to its bound while the collector is away: what is refused is counted."""
    outcome = Outcome("store: max_bytes reached")
    _run(outcome, folder, seed, count, folder / "store.db", store_settings={"max_bytes": 2**17})
    return _expect_drops(outcome)


def limited_file(folder: Path, seed: int, *, count: int = 40_000) -> Outcome:
    """Let writes beyond a size of file fail, as a quota does."""
    outcome = Outcome("store: a limit on files' size")
    _run(outcome, folder, seed, count, folder / "store.db", file_bytes=_LIMIT, pause=0.001)
    return _expect_drops(outcome)


def full_disk(folder: Path, seed: int, *, count: int = 4_000) -> Outcome:
    """Let something else fill the disk for a while."""
    outcome = Outcome("store: disk full")
    with _disk(folder / "disk", _SMALL + _FREE) as disk:
        _run(outcome, folder, seed, count, disk / "store.db", lambda: _fill_for_a_while(disk))
    return _expect_drops(outcome)


def read_only(folder: Path, seed: int, *, count: int = 500) -> Outcome:
    """Open a store on a read-only disk: every event is refused, none in silence."""
    outcome = Outcome("store: read-only")
    with _disk(folder / "disk", _SMALL + _FREE) as disk:
        _mount("-o", "remount,ro", str(disk))
        _run(outcome, folder, seed, count, disk / "store.db")
    return _expect_drops(outcome)


def locked_file(folder: Path, seed: int, *, count: int = 2_000, seconds: float = 2.0) -> Outcome:
    """Let another process keep the database locked for a while."""
    outcome = Outcome("store: locked by another")
    path = folder / "store.db"
    _run(
        outcome, folder, seed, count, path, lambda: _lock_for_a_while(path, seconds), is_away=False
    )
    return outcome.conclude()


def damaged_file(
    folder: Path, seed: int, *, damage: Callable[[Path], None], count: int = 1_000
) -> Outcome:
    """Damage what a killed program left: its file is set aside, the next program goes on."""
    outcome = Outcome(f"store: damaged, {damage.__name__.replace('_', ' ')}")
    path = folder / "store.db"
    _leave_events(folder, path, count)
    _settle_log(path)
    damage(path)
    output = _run(outcome, folder, seed, count, path, is_away=False)
    if not list(folder.glob("store.db.damaged-*")) or "damaged" not in output:
        outcome.problems.append(f"the damaged file was not set aside: {output}")
    return outcome.conclude()


def _run(
    outcome: Outcome,
    folder: Path,
    seed: int,
    count: int,
    path: Path,
    trouble: Callable[[], None] | None = None,
    *,
    is_away: bool = True,
    **plan: Any,
) -> str:
    """Track, with trouble meanwhile. Returns the log.

    Args:
        is_away: Whether the collector is, from a tenth of the events on until all are tracked, and
            the store may have to drop some; otherwise the collector fails at times.
    """
    kinds = ["503"] if is_away else ["503", "cuts answer"]
    storms = {"every": count // 10, "seconds": 60 if is_away else 0.3, "kinds": kinds}
    with FaultyCollector(folder, seed, **storms) as collector:
        plan = {"url": collector.url, "settings": _SETTINGS, "store": str(path), **plan}
        plan = {"pause": 0.005, "count": count, "limit": 60, **plan}
        with Program("tracking", folder, name="client", **plan) as program:
            _until(lambda: len(tracked_ids(folder)) > count // 5)
            if trouble is not None:
                trouble()
            _until(lambda: len(tracked_ids(folder)) == count)
            collector.calm()
            outcome.problems += program.problems(70)
            output = program.output()
        outcome.judge(folder, collector, may_drop=is_away)
        outcome.met = f"{collector.summary()['storms']} storms"
    return output


def _expect_drops(outcome: Outcome) -> Outcome:
    if outcome.verdict is None or not outcome.verdict.dropped:
        outcome.problems.append("the store was never full")
    return outcome.conclude()


def _leave_events(folder: Path, path: Path, count: int) -> None:
    """Have a program leave so many events in a store, and kill it."""
    left = folder / "left"
    left.mkdir()
    plan = {"url": "http://127.0.0.1:9", "store": str(path), "settings": _SETTINGS}
    with Program("tracking", left, name="killed", count=count, limit=30, **plan) as program:
        _until(lambda: len(tracked_ids(left)) == count)
        program.kill()


def overwrite_start(path: Path) -> None:
    """Damage the head of a file."""
    _overwrite(path, 0)


def overwrite_middle(path: Path) -> None:
    """Damage all but the head of a file."""
    _overwrite(path, 4096)


def cut_short(path: Path) -> None:
    """Take away the second half of a file."""
    os.truncate(path, path.stat().st_size // 2)


def _overwrite(path: Path, start: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * 2**16)


def _settle_log(path: Path) -> None:
    """Bring what is in the write-ahead log into the file, which would otherwise heal it."""
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


DAMAGES = (overwrite_start, overwrite_middle, cut_short)


def _lock_for_a_while(path: Path, seconds: float) -> None:
    database = sqlite3.connect(path, isolation_level=None, timeout=10)
    database.execute("BEGIN EXCLUSIVE")
    threading.Event().wait(seconds)
    database.execute("ROLLBACK")
    database.close()


def _fill_for_a_while(disk: Path) -> None:
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(2**16)):
            pass
    threading.Event().wait(1)
    filler.unlink()


@contextmanager
def _disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount a small disk in memory; that needs root."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the program never came so far")
        time.sleep(0.01)
