"""`send` and `replay`: from arguments to a load."""

from __future__ import annotations

import json
import logging
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from snowplow_tracker.bulk import Sender
from snowplow_tracker.bulk.flat import types_of_schema
from snowplow_tracker.bulk.inputs import open_input
from snowplow_tracker.bulk.records import RecordEncoder
from snowplow_tracker.cli.checkpoint import Checkpoint, CheckpointError, Place
from snowplow_tracker.cli.dead_letters import DeadLetters, default_path
from snowplow_tracker.cli.dry_run import dry_run
from snowplow_tracker.cli.job import Job, Limits, source_names
from snowplow_tracker.cli.options import parser_for
from snowplow_tracker.cli.progress import Progress, summary
from snowplow_tracker.cli.replay import Replay, fetch_micro
from snowplow_tracker.cli.single_event import is_single_event, single_event

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from snowplow_tracker.bulk.inputs import Input

__all__ = ["run"]

_STDIN = "-"
_SINGLE_EVENT_SECONDS = 30.0


def run(group: str, arguments: Sequence[str]) -> int:
    """Run `send` or `replay`, and return the exit status."""
    parser = parser_for(group)
    options = parser.parse_args(arguments)
    if not options.collector and not options.dry_run:
        parser.error("which collector? Give -c URL, or set SNOWPLOW_COLLECTOR_URL")
    try:
        return _load(group, options)
    except (CheckpointError, OSError, RuntimeError, ValueError) as error:
        parser.error(str(error))


def _load(group: str, options: argparse.Namespace) -> int:
    logging.getLogger("snowplow_tracker").addHandler(
        logging.StreamHandler() if options.verbose else logging.NullHandler()
    )
    validator, resolver = _schemas(options)
    is_single = group == "send" and is_single_event(options)
    names, opened = _inputs(group, options, is_single)
    encoder = _encoder(options, resolver, is_single)
    limits = Limits(options.skip, options.limit, options.max_dead, options.checkpoint_every)
    if options.dry_run:
        return dry_run(opened, encoder, validator, limits)
    checkpoint = Checkpoint(options.checkpoint, names) if options.checkpoint else None
    wants_progress = not is_single if options.progress is None else options.progress
    progress = Progress() if wants_progress and not options.quiet else None
    letters = DeadLetters(options.dead_letter or default_path(), source_names(names))
    job = Job(opened, letters, checkpoint, progress, limits)
    sender = Sender(
        options.collector,
        protocol=options.protocol,
        method=options.method,
        batch_size=options.batch_size,
        threads=options.threads,
        rate=options.rate,
        validator=validator,
        on_dead=job.bury,
        give_up_after=_give_up_after(options, is_single),
        encoder=encoder if group == "send" else _replay(options, encoder, job),
    )
    report, status = job.run(sender)
    if options.report == "json":
        sys.stdout.write(report.to_json() + "\n")
    elif not options.quiet:
        sys.stderr.write(_end(options, report, letters, job.problem) + "\n")
    return status


def _give_up_after(options: argparse.Namespace, is_single: bool) -> float | None:
    given: float | None = options.give_up_after
    return _SINGLE_EVENT_SECONDS if given is None and is_single else given


def _end(options: argparse.Namespace, report: Any, letters: DeadLetters, problem: Any) -> str:
    lines = [problem] if problem else []
    lines.append(summary(report))
    if letters.count:
        lines.append(f"  dead letters: {letters.path}")
    if options.schema and report.read > 1 and not options.id_from:
        lines.append("  hint: with --id-from, a second run makes no duplicates")
    return "\n".join(lines)


def _schemas(options: argparse.Namespace) -> tuple[Any, Any]:
    """Return a validator, and the resolver of its schemas; None for what is not asked for."""
    if not (options.validate or options.schemas or options.iglu):
        return None, None
    from snowplow_tracker.iglu import Validator  # noqa: PLC0415 - slow to import, seldom needed
    from snowplow_tracker.iglu.commands import resolver_of  # noqa: PLC0415

    resolver = resolver_of(options)
    return (Validator(resolver) if options.validate else None), resolver


def _encoder(options: argparse.Namespace, resolver: Any, is_single: bool) -> RecordEncoder:
    is_flat = options.schema is not None and not is_single
    return RecordEncoder(
        app_id=options.app_id,
        platform=options.platform,
        namespace=options.namespace,
        schema=options.schema if is_flat else None,
        columns=options.columns,
        map=dict(options.map),
        types=_types(options, resolver) if is_flat else None,
        entities=[(uri, columns.split(",")) for uri, columns in options.entity],
        keep_null=options.keep_null,
        id_from=options.id_from,
        time_from=options.time_from,
        time_format=options.time_format,
        user_id_from=options.user_id_from,
        new_ids=getattr(options, "new_ids", False),
    )


def _types(options: argparse.Namespace, resolver: Any) -> dict[str, str]:
    """Return the types of columns with text: those given, and those that the schema says."""
    types: dict[str, str] = {}
    if resolver is not None:
        from snowplow_tracker.iglu import SchemaKey  # noqa: PLC0415

        renamed = {target.removeprefix("data."): column for target, column in options.map}
        of_schema = types_of_schema(resolver.lookup(SchemaKey.parse(options.schema)))
        types = {renamed.get(name, name): kind for name, kind in of_schema.items()}
    return {**types, **dict(options.types)}


def _replay(options: argparse.Namespace, encoder: RecordEncoder, job: Job) -> Any:
    return Replay(
        encoder,
        speed=float(options.speed),
        shift_ms=None if options.shift is None else options.shift * 1000,
        start_ms=options.start,
        end_ms=options.end,
        is_stopped=lambda: job.is_stopped,
    )


# --- inputs


def _inputs(
    group: str, options: argparse.Namespace, is_single: bool
) -> tuple[list[str], list[Callable[[Place], Input]]]:
    """Return the names of all inputs, and functions that open them at a place."""
    if is_single:
        if options.files:
            raise ValueError("a single event and files cannot be sent together")
        return ["arguments"], [_fetched(lambda: _as_file(single_event(options)))]
    if group == "replay" and options.from_micro:
        kinds = ["good", "bad"] if options.bad else ["good"]
        url = options.from_micro
        opened = [_fetched(partial(fetch_micro, url, kind)) for kind in kinds]
        return [f"{url}/micro/{kind}" for kind in kinds], opened
    names = options.files or ([] if sys.stdin.isatty() else [_STDIN])
    if not names:
        raise ValueError("which events? Name files, - for standard input, or give --sdjson")
    for name in names:
        if name != _STDIN and not os.access(name, os.R_OK):
            raise ValueError(f"cannot read {name}")
    return names, [_file(name, options.format) for name in names]


def _file(name: str, format: str | None) -> Callable[[Place], Input]:
    return lambda place: open_input(name, format, line=place.line, offset=place.offset)


def _fetched(fetch: Callable[[], Any]) -> Callable[[Place], Input]:
    return lambda place: open_input(fetch(), "json", line=place.line)


def _as_file(record: dict[str, Any]) -> Any:
    import io  # noqa: PLC0415 - for single events only

    return io.BytesIO(json.dumps([record]).encode())
