"""`send`: all records of a source to a collector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from snowplow_tracker.bulk.errors import UnreadableError
from snowplow_tracker.bulk.frames import records_of
from snowplow_tracker.bulk.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from snowplow_tracker.bulk.frames import Frame
    from snowplow_tracker.bulk.inputs import Input
    from snowplow_tracker.bulk.report import Report
    from snowplow_tracker.events import Event

__all__ = ["send"]


def send(
    records: Iterable[Mapping[str, Any] | Event] | Frame | Input,
    collector: str,
    **settings: Any,
) -> Report:
    """Send records to a collector, and wait until each is delivered or dead.

    Args:
        records: The records, as for `Sender.put`; or a `pandas.DataFrame`, `polars.DataFrame`,
            `pyarrow.Table`, `pyarrow.RecordBatch` or `pyarrow.RecordBatchReader`, whose rows are
            the records; or a file that `open_input` has opened, which is closed in the end. A
            missing value of pandas counts as None. The place of a record of a file is a tuple:
            the name of the file, the number of the record's last line, and the offset after it.
        collector: The collector.
        settings: All other parameters of `Sender`.

    Returns:
        The report: how many were delivered, refused or dead.

    Raises:
        RecordError: A record is no event, or cannot be read, and there is no `on_dead`.
        UnavailableError: The collector has accepted nothing for `give_up_after` seconds.
    """
    with Sender(collector, **settings) as sender:
        if hasattr(records, "has_offsets"):  # its class is imported by those who open files
            _put_input(sender, cast("Input", records), settings.get("on_dead") is not None)
        else:
            for record in records_of(records):
                sender.put(record)
    return sender.report()


def _put_input(sender: Sender, source: Input, has_on_dead: bool) -> None:
    with source:
        for item in source.items(sender.line_encoder()):
            if not isinstance(item, tuple):
                sender.put_lines(item, source.name)
                continue
            line, offset, record = item
            place = (source.name, line, offset)
            if not isinstance(record, UnreadableError):
                sender.put(record, place)
                continue
            sender.reject(record.text, "unreadable", [str(record)], place)
            if not has_on_dead:
                raise record
