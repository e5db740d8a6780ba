"""Run the local collector until it is interrupted."""

from __future__ import annotations

import argparse
import errno
import io
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from snowplow_tracker.collector.console import FORMATS, has_colors
from snowplow_tracker.collector.journal import Journal
from snowplow_tracker.collector.schemas import UNKNOWN, schemas_of
from snowplow_tracker.collector.server import CollectorServer
from snowplow_tracker.collector.settings import (
    EVENTS_PATH,
    checked_host,
    checked_hosts,
    checked_paths,
    checked_port,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["collector_parser", "main"]

_MAX_DIGITS = 9
_UNUSABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the collector with command line arguments, and return the exit status."""
    options = collector_parser().parse_args(arguments)
    try:
        schemas = schemas_of(options.schemas, options.iglu, os.environ)
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return _UNUSABLE
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        report = None if options.quiet else _say
        # With JSON, every line of the output is an object.
        tell = _tell if options.format == "json" else _say
        collector = CollectorServer(
            options.host,
            options.port,
            journal=_journal(options.max_events),
            report=report,
            report_format=options.format,
            report_colors=has_colors(sys.stdout),
            paths=dict(options.path),
            forwarded=not options.no_forwarded,
            allow_hosts=options.allow_host,
            schemas=schemas,
            unknown_schemas=options.unknown_schemas,
            page=not options.no_ui,
        )
        for problem in collector.schema_problems():
            _tell(f"schemas: {problem}")
        with suppress(KeyboardInterrupt), collector:
            tell(f"collector listening at {collector.url}")
            while collector.running:
                time.sleep(0.5)
    except RuntimeError as error:
        return _fail(str(error))
    except OSError as error:
        place = f"{options.host}:{options.port}"
        return _fail(f"cannot listen at {place}: {error.strerror or error}; {_remedy(error)}")
    counts = collector.journal.counts()
    tell(f"stopped: {counts['total']} events, {counts['good']} good, {counts['bad']} bad")
    return 0


def _journal(max_events: int | None) -> Journal:
    return Journal() if max_events is None else Journal(max_events, max_events)


def _remedy(error: OSError) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return "use an address of this machine: --host 127.0.0.1, or 0.0.0.0 for all of them"
    if error.errno == errno.EACCES:
        return "use a port from 1024: --port 9090"
    return "stop the program that listens there, or use another one: --port 0"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}\n")


def collector_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    parser = _Parser(
        prog="python -m snowplow_tracker.collector",
        description="Receives Snowplow events over HTTP and prints for each whether it is valid.",
    )
    parser.add_argument(
        "--host",
        type=_listen_host,
        default="127.0.0.1",
        help="address to listen at, 0.0.0.0 for all of this machine (default: %(default)s)",
    )
    parser.add_argument(
        "--port", type=_port, default=9090, help="port, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="line",
        help="of each event: a line, a line of JSON for jq, or a line and the event"
        " (default: %(default)s)",
    )
    parser.add_argument(
        "--quiet",
        action="store_true",
        help="print no line for each event, for a caller that reads only the first line",
    )
    parser.add_argument(
        "--path",
        type=_alias,
        action="append",
        default=[],
        metavar="PATH[=TARGET]",
        help=f"alias of {EVENTS_PATH}, or of TARGET; repeatable",
    )
    parser.add_argument(
        "--allow-host",
        type=_host,
        action="append",
        default=[],
        metavar="NAME",
        help="host name at which /micro/ may be called, besides local ones; repeatable",
    )
    parser.add_argument(
        "--max-events",
        type=_number,
        metavar="N",
        help="number of good events, and of bad ones, that are kept"
        " (default: 100000 good and 10000 bad ones)",
    )
    parser.add_argument(
        "--schemas",
        action="append",
        default=[],
        metavar="DIR",
        help="folder with schemas to validate data with; repeatable",
    )
    parser.add_argument(
        "--iglu", metavar="FILE", help="resolver configuration that names more registries"
    )
    parser.add_argument(
        "--unknown-schemas",
        choices=UNKNOWN,
        help="whether data is good or bad if its schema is not found (default: bad with schemas"
        " of your own, else good)",
    )
    parser.add_argument(
        "--no-ui", action="store_true", help="have no page, and neither its stream nor its exports"
    )
    parser.add_argument(
        "--no-forwarded", action="store_true", help="ignore X-Forwarded-For and X-Forwarded-Proto"
    )
    return parser


def _alias(text: str) -> tuple[str, str]:
    path, _, target = text.partition("=")
    alias = (path, target or EVENTS_PATH)
    _checked(checked_paths, dict([alias]))
    return alias


def _host(text: str) -> str:
    _checked(checked_hosts, [text])
    return text


def _checked(check: Callable[[Any], object], value: object) -> None:
    try:
        check(value)
    except ValueError as error:
        # The name of the parameter of `CollectorServer` precedes the reason.
        raise argparse.ArgumentTypeError(str(error).partition(": ")[2]) from None


def _listen_host(text: str) -> str:
    _checked(checked_host, text)
    return text


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_DIGITS or not int(text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not an integer from 1")
    return int(text)


def _port(text: str) -> int:
    digits = text if text.isascii() and text.isdigit() else ""
    port = int(digits[:_MAX_DIGITS]) if digits else text
    _checked(checked_port, port)
    return int(port)


def _say(text: str) -> None:
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads the output any longer. Continue without it: writing again would raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


def _fail(message: str) -> int:
    sys.stderr.write(f"error: {message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
