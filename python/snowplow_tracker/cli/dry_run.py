"""`--dry-run`: reads, encodes and validates, but sends nothing."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from snowplow_tracker.bulk.errors import RecordError, UnreadableError
from snowplow_tracker.bulk.validation import errors_of
from snowplow_tracker.cli.checkpoint import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from snowplow_tracker.bulk.inputs import Input
    from snowplow_tracker.bulk.records import RecordEncoder
    from snowplow_tracker.cli.job import Limits

__all__ = ["dry_run"]

_SHOWN = 3
_SOME_DEAD = 1


def dry_run(
    open_inputs: Sequence[Callable[[Place], Input]],
    encoder: RecordEncoder,
    validator: Any,
    limits: Limits,
) -> int:
    """Print the first payloads and errors, and count. Returns the exit status."""
    payloads = good = dead = 0
    for name, line, record in _records(open_inputs, limits):
        errors: list[str] = []
        encoded: list[dict[str, str]] = []
        if isinstance(record, UnreadableError):
            errors = [str(record)]
        else:
            try:
                encoded = encoder.encode_all(record)
            except RecordError as error:
                errors = [str(error)]
        if validator is not None:
            errors += [text for payload in encoded for text in errors_of(payload, validator)]
        if errors:
            dead += 1
            if dead <= _SHOWN:
                sys.stderr.write(f"{name}:{line}: {'; '.join(errors)}\n")
            continue
        good += 1
        for payload in encoded:
            payloads += 1
            if payloads <= _SHOWN:
                sys.stdout.write(json.dumps(payload, ensure_ascii=False) + "\n")
    sys.stderr.write(f"dry run: {good + dead} read, {payloads} events, {dead} dead, none sent\n")
    return _SOME_DEAD if dead else 0


def _records(
    open_inputs: Sequence[Callable[[Place], Input]], limits: Limits
) -> Iterator[tuple[str, int, Any]]:
    number = 0
    end = None if limits.limit is None else limits.skip + limits.limit
    for open_input in open_inputs:
        with open_input(Place()) as source:
            for line, _, record in source:
                number += 1
                if end is not None and number > end:
                    return
                if number > limits.skip:
                    yield source.name, line, record
