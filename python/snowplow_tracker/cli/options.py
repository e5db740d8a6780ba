"""The options of `send` and `replay`."""

from __future__ import annotations

import argparse
import os

from snowplow_tracker.cli.quantities import (
    duration,
    key_and_value,
    names,
    point_in_time,
    rate,
    shift,
    speed,
)

__all__ = ["add_collector", "parser_for"]

_FORMATS = ("ndjson", "json", "csv", "tsv", "parquet", "enriched-tsv")


def parser_for(group: str) -> argparse.ArgumentParser:
    """Return the parser of `send` or `replay`."""
    about = {
        "send": "Sends events from files, standard input, or of the arguments.",
        "replay": "Sends recorded events again.",
    }
    parser = argparse.ArgumentParser(
        prog=f"snowplow-tracker {group}",
        usage=f"snowplow-tracker {group} -c URL [OPTIONS] [FILE ...]",
        description=about[group],
        epilog="Exit status: 0 all delivered, 1 some not, 2 usage, 3 too many dead, 4 all refused"
        " with 4xx, 5 collector unavailable, 130 interrupted.",
    )
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="- is standard input; .gz and .zst are read"
    )
    add_collector(parser)
    _add_records(parser)
    _add_course(parser)
    if group == "send":
        _add_single_event(parser)
    else:
        _add_replay(parser)
    return parser


def add_collector(parser: argparse.ArgumentParser) -> None:
    """Add the options for where and how events are sent."""
    group = parser.add_argument_group("collector")
    group.add_argument(
        "-c",
        "--collector",
        metavar="URL",
        default=os.environ.get("SNOWPLOW_COLLECTOR_URL"),
        help="host or URL; default: $SNOWPLOW_COLLECTOR_URL",
    )
    group.add_argument("-p", "--protocol", choices=("http", "https"), default="https")
    group.add_argument("-m", "--method", choices=("post", "get"), default="post", type=str.lower)
    group.add_argument("--threads", type=int, default=4, metavar="N", help="default 4")
    group.add_argument(
        "--batch-size", type=int, default=500, metavar="N", help="events a request, default 500"
    )
    group.add_argument("--rate", type=rate, metavar="N/s", help="records a second (or N/m)")
    group.add_argument(
        "--give-up-after", type=duration, metavar="T", help="time without success, such as 10m"
    )


def _add_records(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("records")
    group.add_argument("-f", "--format", choices=_FORMATS, help="default: by name, else ndjson")
    group.add_argument("-a", "--app-id", default="snowplow-tracker", metavar="ID")
    group.add_argument("--platform", default="srv", metavar="P")
    group.add_argument("--namespace", default="cli", metavar="NAME")
    group.add_argument("-d", "--schema", metavar="URI", help="schema of rows, or of --json")
    group.add_argument("--columns", type=names, metavar="A,B", help="columns of the data")
    group.add_argument(
        "--map", action="append", type=key_and_value, default=[], metavar="TARGET=COLUMN"
    )
    group.add_argument(
        "--types", action="append", type=key_and_value, default=[], metavar="COLUMN=TYPE"
    )
    group.add_argument(
        "--entity", action="append", type=key_and_value, default=[], metavar="URI=A,B"
    )
    group.add_argument("--keep-null", action="store_true", help="keep null in the data of rows")
    group.add_argument("--id-from", type=names, metavar="A,B", help="what makes the event id")
    group.add_argument("--time-from", metavar="COLUMN", help="the true timestamp")
    group.add_argument("--time-format", metavar="FORMAT", help="s, ms, us, ns or of strptime")
    group.add_argument("--user-id-from", metavar="COLUMN")
    group.add_argument("--skip", type=int, default=0, metavar="N", help="records to leave out")
    group.add_argument("--limit", type=int, metavar="N", help="records to send")
    group.add_argument(
        "--schemas", action="append", default=[], metavar="DIR", help="folder with schemas"
    )
    group.add_argument("--iglu", metavar="FILE", help="resolver configuration")
    group.add_argument("--validate", action="store_true", help="do not send what is invalid")


def _add_course(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("course of the load")
    group.add_argument("--dry-run", action="store_true", help="send nothing, print 3 payloads")
    group.add_argument("--dead-letter", metavar="FILE", help="default dead-letter-DATE.ndjson")
    group.add_argument(
        "--max-dead", type=int, default=1000, metavar="N", help="default 1000; 0: no limit"
    )
    group.add_argument("--checkpoint", metavar="FILE", help="resume from here, and note progress")
    group.add_argument(
        "--checkpoint-every", type=duration, default=5.0, metavar="T", help="default 5s"
    )
    group.add_argument("--progress", action=argparse.BooleanOptionalAction, default=None)
    group.add_argument("--report", choices=("text", "json"), default="text")
    group.add_argument("-q", "--quiet", action="store_true")
    group.add_argument("-v", "--verbose", action="store_true", help="log requests that failed")


def _add_single_event(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("a single event")
    group.add_argument("-J", "--sdjson", metavar="JSON", help="an object of schema and data")
    group.add_argument("-j", "--json", metavar="JSON", help="the data of --schema")
    group.add_argument("-e", "--entities", metavar="JSON", help="a list of such objects")
    group.add_argument("-i", "--ip-address", metavar="IP")
    for name in ("page-url", "page-title", "referrer"):
        group.add_argument(f"--{name}", metavar="TEXT")
    for name in ("category", "action", "label", "property"):
        group.add_argument(f"--se-{name}", metavar="TEXT")
    group.add_argument("--se-value", type=float, metavar="NUMBER")


def _add_replay(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("replay")
    group.add_argument(
        "--speed", type=speed, default="max", metavar="FACTOR", help="10: ten times as fast; max"
    )
    group.add_argument(
        "--shift",
        type=shift,
        default=0.0,
        metavar="T",
        help="move times by T, as --shift=-2h; now: first to now",
    )
    group.add_argument("--start", type=point_in_time, metavar="TIME", help="no events before")
    group.add_argument("--end", type=point_in_time, metavar="TIME", help="no events from then on")
    group.add_argument("--new-ids", action="store_true", help="fresh event ids, for a load test")
    group.add_argument("--from-micro", metavar="URL", help="read /micro/good of a Micro")
    group.add_argument("--bad", action="store_true", help="with --from-micro: also /micro/bad")
