"""Rows as files to download."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

from snowplow_tracker._canonical_event import COLUMNS
from snowplow_tracker.collector.enriched import enriched_event
from snowplow_tracker.collector.rows import iso_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snowplow_tracker.collector.rows import Row
    from snowplow_tracker.collector.ui.view import RowView

__all__ = ["FORMATS", "export"]

FORMATS = {
    "ndjson": "application/x-ndjson",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
}
"""Formats and their media types."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = ("n", "received", "status", "event", "app_id", "event_id", "schema", "errors")


def export(kind: str, views: Iterator[RowView], fields: Sequence[str]) -> Iterator[str]:
    """Yield the text of a file.

    Args:
        kind: One of `FORMATS`.
        views: The rows.
        fields: Paths whose values are further columns of `csv`. `tsv` has the columns of the
            enriched event, as Snowplow's enrichment writes it, for good events only.
    """
    if kind == "csv":
        return _csv(views, fields)
    if kind == "tsv":
        return (_enriched_line(view.row) for view in views if not view.row.errors)
    return _json_array(views) if kind == "json" else _json_lines(views)


def _json_lines(views: Iterator[RowView]) -> Iterator[str]:
    for view in views:
        yield json.dumps(_entry(view)) + "\n"


def _json_array(views: Iterator[RowView]) -> Iterator[str]:
    separator = "["
    for view in views:
        yield separator + json.dumps(_entry(view))
        separator = ",\n"
    yield "[]\n" if separator == "[" else "]\n"


def _entry(view: RowView) -> dict[str, Any]:
    return {
        "n": view.number,
        "received": iso_time(view.row.payload.timestamp),
        "good": not view.row.errors,
        "errors": list(view.row.errors),
        "event": view.columns,
        "parameters": view.row.parameters,
    }


def _csv(views: Iterator[RowView], fields: Sequence[str]) -> Iterator[str]:
    yield _csv_line((*_COLUMNS, *fields))
    for view in views:
        row = view.row
        values = (
            *(view.number, iso_time(row.payload.timestamp), "bad" if row.errors else "good"),
            *(view.event_type, view.fields.get("aid"), view.fields.get("eid"), row.schema),
            *("; ".join(row.errors), *(next(view.values(path), None) for path in fields)),
        )
        yield _csv_line(values)


def _csv_line(values: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(map(_cell, values))
    return line.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False)
    # A spreadsheet would run it as a formula.
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _enriched_line(row: Row) -> str:
    event = enriched_event(row)
    return "\t".join(_enriched_cell(name, event[name]) for name in COLUMNS) + "\n"


def _enriched_cell(column: str, value: object) -> str:
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = re.sub(r"[\t\r\n]", " ", str(value))
    return text.replace("T", " ").removesuffix("Z") if column.endswith("_tstamp") else text
