"""Send one partition: in one task, on one executor."""

from __future__ import annotations

import importlib
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Any

from snowplow_tracker.bulk import Sender
from snowplow_tracker.bulk.records import RecordEncoder
from snowplow_tracker.spark.dead_letters import DeadLetters
from snowplow_tracker.spark.options import SparkOptions
from snowplow_tracker.spark.rows import RowError, records_of_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from snowplow_tracker.bulk.report import DeadRecord, Report

__all__ = ["PartitionError", "deliver", "send_partition"]

_MOST_SHOWN = 3


class PartitionError(RuntimeError):
    """A partition could not be delivered, so its task fails. Spark tries again."""


def send_partition(rows: Iterable[Any], options: Mapping[str, Any]) -> None:
    """Send the rows of a partition, and wait until each is delivered or dead.

    It is for `df.foreachPartition(partial(send_partition, options={...}))`.

    Args:
        rows: Rows of PySpark.
        options: The options of the data source, as text.

    Raises:
        ValueError: An option is unknown, wrong or missing.
        PartitionError: The collector is unavailable, or more than `maxDead` records are dead.
    """
    parsed = SparkOptions.parse(options)
    is_flat = "schema" in parsed.encoder
    keep_null = parsed.encoder.get("keep_null", False)
    deliver(records_of_rows(rows, is_flat=is_flat, keep_null=keep_null), parsed)


class _Dead:
    """Counts dead records, and keeps why the first of them are dead."""

    def __init__(self, most: int, letters: DeadLetters | None) -> None:
        self._most = most
        self._letters = letters
        self._count = 0
        self._shown: list[str] = []

    def add(self, dead: DeadRecord) -> None:
        self._count += 1
        if len(self._shown) < _MOST_SHOWN:
            self._shown.append(f"row {dead.place}: {dead.reason}: {'; '.join(dead.errors)}")
        if self._letters is not None:
            self._letters.write(dead)
        if self._count > self._most:
            first = "\n".join(self._shown)
            raise PartitionError(f"more than maxDead={self._most} records are dead:\n{first}")


def deliver(records: Iterable[dict[str, Any] | RowError], options: SparkOptions) -> Report:
    """Send records, and wait until each is delivered or dead.

    Raises:
        PartitionError: As `send_partition`.
    """
    letters = None
    if options.dead_letter is not None:
        letters = DeadLetters(options.dead_letter, *_task())
    dead = _Dead(options.max_dead, letters)
    encoder: dict[str, Any] = {"namespace": "spark", **options.encoder}
    with closing(letters) if letters is not None else nullcontext():
        sender = Sender(
            options.collector,
            encoder=RecordEncoder(**encoder),
            on_dead=dead.add,
            validator=_validator(options) if options.validate else None,
            **options.sender,
        )
        with sender:
            for number, record in enumerate(records, 1):
                if isinstance(record, RowError):
                    sender.reject(record.row, "invalid", [str(record)], number)
                else:
                    sender.put(record, number)
            report = sender.drain()
    if report.undelivered:
        raise PartitionError(
            f"{report.undelivered} of {report.read} records are undelivered: {report.last_error}"
        )
    return report


def _task() -> tuple[int, int]:
    """Return the numbers of this task's partition and attempt."""
    context: Any = importlib.import_module("pyspark").TaskContext.get()
    return (context.partitionId(), context.attemptNumber()) if context else (0, 0)


def _validator(options: SparkOptions) -> Any:
    iglu: Any = importlib.import_module("snowplow_tracker.iglu")
    registries = [iglu.FolderRegistry(options.schemas)] if options.schemas else []
    return iglu.Validator(iglu.Resolver([*registries, iglu.StandardRegistry()]))
