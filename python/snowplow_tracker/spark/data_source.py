"""`SnowplowDataSource`: the format "snowplow" of Spark 4."""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snowplow_tracker.spark.options import SparkOptions
from snowplow_tracker.spark.partitions import deliver
from snowplow_tracker.spark.rows import records_of_batches, records_of_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["CommitMessage", "SnowplowDataSource"]

_logger = logging.getLogger("snowplow_tracker.spark")
_pyspark: Any = importlib.import_module("pyspark")
_spark: Any = importlib.import_module("pyspark.sql.datasource")


@dataclass
class CommitMessage(_spark.WriterCommitMessage):
    """What a task did.

    Attributes:
        read: Number of records that it read.
        delivered: Number of events that the collector accepted.
        dead: Number of records that will never be delivered.
        is_speculative: Whether Spark may run tasks twice at the same time.
    """

    read: int
    delivered: int
    dead: int
    is_speculative: bool = False


class SnowplowDataSource(_spark.DataSource):
    """Sends each row as an event.

    Rows have the columns of a record of a bulk load: `event`, `schema`, `data` and so on. With the
    option `schema`, the columns of a row are the data of an event of this schema.
    """

    @classmethod
    def name(cls) -> str:
        """Return the name of the format."""
        return "snowplow"

    def writer(self, schema: Any, overwrite: bool) -> Any:
        """Return the writer of a batch.

        Raises:
            ValueError: An option is wrong, or the mode is "overwrite".
        """
        if overwrite:
            raise ValueError('events cannot be overwritten: use mode("append")')
        return _BatchWriter(_checked(self.options, schema))

    def streamWriter(self, schema: Any, overwrite: bool) -> Any:  # noqa: ARG002, N802
        """Return the writer of a stream.

        Raises:
            ValueError: An option is wrong.
        """
        return _StreamWriter(_checked(self.options, schema))


def _checked(given: Any, schema: Any) -> SparkOptions:
    options = SparkOptions.parse(given)
    if not options.has_ids and ("schema" in options.encoder or "event_id" not in schema.names):
        _log(
            logging.WARNING,
            "events get new ids each time: tasks that Spark repeats send duplicates which cannot "
            "be told apart. Set idFrom, or add a column event_id",
        )
    return options


class _Writing:
    """What all writers have in common. Spark pickles them for the executors."""

    def __init__(self, options: SparkOptions) -> None:
        self._options = options

    def _arguments(self) -> dict[str, bool]:
        encoder = self._options.encoder
        return {"is_flat": "schema" in encoder, "keep_null": encoder.get("keep_null", False)}

    def _send(self, records: Iterable[Any]) -> CommitMessage:
        report = deliver(records, self._options)
        return CommitMessage(report.read, report.delivered, report.dead, _is_speculative())

    def _log_commit(self, messages: Sequence[CommitMessage | None], what: str) -> None:
        known = [message for message in messages if message is not None]
        if any(message.is_speculative for message in known):
            _log(
                logging.WARNING,
                "spark.speculation is on: events of tasks that ran twice were sent twice",
            )
        _log(logging.INFO, f"{what}: {_totals(known)}")

    def _log_abort(self, messages: Sequence[CommitMessage | None], what: str) -> None:
        known = [message for message in messages if message is not None]
        _log(logging.ERROR, f"{what} failed; of the tasks that had ended: {_totals(known)}")


class _BatchWriter(_Writing, _spark.DataSourceArrowWriter):
    def write(self, iterator: Iterator[Any]) -> CommitMessage:
        return self._send(records_of_batches(iterator, **self._arguments()))

    def commit(self, messages: list[CommitMessage | None]) -> None:
        self._log_commit(messages, "batch")

    def abort(self, messages: list[CommitMessage | None]) -> None:
        self._log_abort(messages, "batch")


class _Streaming(_Writing):
    def commit(self, messages: list[CommitMessage | None], batchId: int) -> None:  # noqa: N803
        self._log_commit(messages, f"micro-batch {batchId}")

    def abort(self, messages: list[CommitMessage | None], batchId: int) -> None:  # noqa: N803
        self._log_abort(messages, f"micro-batch {batchId}")


# Since Spark 4.1, a stream can be written as Arrow too, which tells local times from others.
_HAS_ARROW_STREAM = hasattr(_spark, "DataSourceStreamArrowWriter")
_StreamBase: Any = (
    _spark.DataSourceStreamArrowWriter if _HAS_ARROW_STREAM else _spark.DataSourceStreamWriter
)


class _StreamWriter(_Streaming, _StreamBase):
    def write(self, iterator: Iterator[Any]) -> CommitMessage:
        read = records_of_batches if _HAS_ARROW_STREAM else records_of_rows
        return self._send(read(iterator, **self._arguments()))


def _is_speculative() -> bool:
    context = _pyspark.TaskContext.get()
    return bool(context) and context.getLocalProperty("spark.speculation") == "true"


def _totals(messages: Sequence[CommitMessage]) -> str:
    read = sum(message.read for message in messages)
    delivered = sum(message.delivered for message in messages)
    dead = sum(message.dead for message in messages)
    return f"{read} records read, {delivered} events delivered, {dead} records dead"


def _log(level: int, message: str) -> None:
    """Log in a process that Spark starts for the driver, in which nothing configures logging."""
    if not logging.getLogger().handlers:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    _logger.log(level, message)
