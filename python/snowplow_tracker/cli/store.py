"""`store`: the file of an `SQLiteEventStore`, perhaps of a service that is gone."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections import deque
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snowplow_tracker._stores.record_store import builtin_store_of
from snowplow_tracker.cli.dead_letters import DeadLetterError, DeadLetters, default_path
from snowplow_tracker.cli.options import add_collector
from snowplow_tracker.cli.progress import summary
from snowplow_tracker.sqlite_event_store import SQLiteEventStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snowplow_tracker._stores.protocols import ClaimedRecords
    from snowplow_tracker.bulk import Sender

__all__ = ["run", "store_parser"]

_UNUSABLE, _SOME_LEFT, _UNAVAILABLE = 2, 1, 5
_STOPPED_SECONDS = 5.0
_MAX_BYTES = 999_999
_GIVE_UP_SECONDS = 60.0
_COUNTS = (
    "SELECT count(*), coalesce(sum(length(record)), 0), min(created_ms), max(created_ms)"
    " FROM events"
)


def store_parser() -> argparse.ArgumentParser:
    """Return the parser of `store`."""
    parser = argparse.ArgumentParser(
        prog="snowplow-tracker store", description="Looks into files of events, and empties them."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, text, command in (
        ("info", "print how many events there are, and how old they are", _info),
        ("send", "send all events; those sent are no longer in the file", _send),
        ("export", "print all events as NDJSON; they stay in the file", _export),
    ):
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("path", metavar="PATH", nargs="+", help="file of an SQLiteEventStore")
        sub.set_defaults(run=command)
        if name == "info":
            sub.add_argument("--json", action="store_true", help="one JSON object a file")
        if name == "send":
            add_collector(sub)
            sub.add_argument("--dead-letter", metavar="FILE")
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run `store`, and return the exit status."""
    parser = store_parser()
    options = parser.parse_args(arguments)
    for path in options.path:
        if not Path(path).is_file():
            parser.error(f"there is no file {path}")
    if options.run is _send and not options.collector:
        parser.error("which collector? Give -c URL, or set SNOWPLOW_COLLECTOR_URL")
    run_command: Callable[[argparse.Namespace], int] = options.run
    try:
        return run_command(options)
    except (OSError, ValueError, sqlite3.Error) as error:
        sys.stderr.write(f"error: {error}\n")
        return _UNUSABLE


def _opened(path: str) -> sqlite3.Connection:
    """Return a connection that cannot change the file."""
    return sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)


def _info(options: argparse.Namespace) -> int:
    for path in options.path:
        connection = _opened(path)
        try:
            count, size, oldest, newest = connection.execute(_COUNTS).fetchone()
        finally:
            connection.close()
        facts = {
            "path": path,
            "events": count,
            "bytes": size,
            "oldest": _time(oldest),
            "newest": _time(newest),
        }
        if options.json:
            sys.stdout.write(json.dumps(facts) + "\n")
        else:
            ages = f", from {facts['oldest']} to {facts['newest']}" if count else ""
            sys.stdout.write(f"{path}: {count} events, {size} bytes{ages}\n")
    return 0


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _export(options: argparse.Namespace) -> int:
    for path in options.path:
        connection = _opened(path)
        try:
            for (record,) in connection.execute("SELECT record FROM events ORDER BY id"):
                sys.stdout.write(bytes(record).decode() + "\n")
        finally:
            connection.close()
    return 0


def _send(options: argparse.Namespace) -> int:
    return max(_send_one(options, path) for path in options.path)


def _send_one(options: argparse.Namespace, path: str) -> int:
    from snowplow_tracker.bulk import Sender, UnavailableError  # noqa: PLC0415 - for `send` only

    letters = DeadLetters(options.dead_letter or default_path(), lambda _: (path, None))
    backlog = _Backlog(path)
    sender = Sender(
        options.collector,
        protocol=options.protocol,
        method=options.method,
        batch_size=options.batch_size,
        threads=options.threads,
        rate=options.rate,
        on_dead=letters.add,
        give_up_after=options.give_up_after or _GIVE_UP_SECONDS,
        encoder=_AsTheyAre(),
    )
    problem = None
    try:
        backlog.put_all(sender, options.batch_size)
    except UnavailableError as error:
        problem = str(error)
    except DeadLetterError as error:
        problem = str(error)
    try:
        report = sender.close(_STOPPED_SECONDS if problem else None)
    except DeadLetterError as error:
        problem, report = str(error), sender.report()
    finally:
        backlog.finish(sender.position.records, is_end=True)
        letters.close()
    if problem:
        sys.stderr.write(f"{problem}\n")
    sys.stderr.write(f"{path}: {summary(report)}\n")
    if report.undelivered:
        return _UNAVAILABLE
    return _SOME_LEFT if report.dead or problem else 0


class _AsTheyAre:
    """Stored events are payloads already."""

    def encode_all(self, record: Any) -> list[dict[str, str]]:
        return [record]


class _Backlog:
    """The events of a file. They are deleted when they are delivered or dead."""

    def __init__(self, path: str) -> None:
        store = builtin_store_of(SQLiteEventStore(path))
        assert store is not None  # noqa: S101 - it is built in
        self._store = store
        self._claims: deque[tuple[int, ClaimedRecords]] = deque()
        self._count = 0

    def put_all(self, sender: Sender, batch_size: int) -> None:
        """Put all events that wait now."""
        self._store.refresh_size()
        while (claim := self._store.take_records(batch_size, _MAX_BYTES)) is not None:
            self._count += len(claim.batch)
            self._claims.append((self._count, claim))
            for event in claim.batch.events():
                sender.put(event)
            self.finish(sender.position.records)

    def finish(self, count: int, *, is_end: bool = False) -> None:
        """Delete the first events. At the end, the others wait again."""
        while self._claims and self._claims[0][0] <= count:
            _, claim = self._claims.popleft()
            claim.finish(claim.batch, 0, False)
        if is_end:
            for _, claim in self._claims:
                claim.finish(claim.batch, 0, True)
            self._claims.clear()
            self._store.release()
