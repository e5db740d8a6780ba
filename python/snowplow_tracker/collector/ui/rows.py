"""Rows as JSON for the list of the page."""

from __future__ import annotations

import time
from itertools import dropwhile, islice, starmap
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from snowplow_tracker.collector.ui.search import compile_search
from snowplow_tracker.collector.ui.view import RowView

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snowplow_tracker.collector.journal import Journal
    from snowplow_tracker.collector.rows import Row

__all__ = ["list_rows", "matching"]

_LONGEST = 160
_MOST_SUMMARY_FIELDS = 3
_COUNT_SECONDS = 0.1
"""How long rows after the last one listed are counted. A search of decoded data is slow."""


def matching(journal: Journal, search: str, after: int = 0) -> Iterator[RowView]:
    """Yield the rows that a search finds, newest first.

    Args:
        journal: The rows. Those that come later are not found.
        search: An expression of the search language.
        after: Only rows with a higher number.

    Raises:
        SearchError: The expression has no meaning.
    """
    matches = compile_search(search, time.time_ns() // 1_000_000)
    return filter(matches, starmap(RowView, journal.numbered_rows(after)))


def list_rows(
    journal: Journal,
    search: str = "",
    *,
    after: int = 0,
    before: int | None = None,
    limit: int = 200,
    fields: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a page of the list.

    Args:
        journal: The rows.
        search: An expression of the search language.
        after: Only rows with a higher number.
        before: Only rows with a lower number.
        limit: Maximum number of rows. If more match, the newest are returned.
        fields: Paths whose values are returned as the `cells` of each row.

    Raises:
        SearchError: The expression has no meaning.
    """
    matches = compile_search(search, time.time_ns() // 1_000_000)
    # The first page without a search does not look at most rows.
    is_first_page = matches is None and not after and before is None
    last = journal.last
    numbered = journal.numbered_rows(after, limit if is_first_page else None)
    older = dropwhile(lambda item: before is not None and item[0] >= before, numbered)
    found: Iterator[RowView] = filter(matches, starmap(RowView, older))
    rows = [_list_row(view, fields) for view in islice(found, limit)]
    if is_first_page:
        more, is_exact = journal.counts()["total"] - journal.dropped - len(rows), True
    else:
        more, is_exact = _count(found)
    return {
        "rows": rows,
        "last": numbered[0][0] if numbered else last,
        "more": more,
        "exact": is_exact,
        "times": journal.times(),
        "counts": journal.counts(),
        "dropped": journal.dropped,
    }


def _count(found: Iterator[object]) -> tuple[int, bool]:
    """Return how many rows are left, and whether there was time to count all of them."""
    deadline = time.perf_counter() + _COUNT_SECONDS
    counted = 0
    for _ in found:
        counted += 1
        if not counted % 64 and time.perf_counter() > deadline:
            return counted, False
    return counted, True


def _list_row(view: RowView, fields: Sequence[str]) -> dict[str, Any]:
    row = view.row
    app = view.fields.get("aid")
    return {
        "n": view.number,
        "t": row.payload.timestamp,
        "good": not row.errors,
        "errors": _count_errors(row),
        "error": _short(row.errors[0]) if row.errors else None,
        "type": _short(view.event_type),
        "name": _short(_event_name(view)),
        "app": None if app is None else _short(app),
        "eid": _short(view.fields.get("eid")),
        "entities": [_short(_name_and_version(schema)[0]) for schema in row.contexts],
        "summary": [[name, _short(value)] for name, value in _summary(view)],
        "cells": {path: _short(next(view.values(path), None)) for path in fields},
    }


def _count_errors(row: Row) -> int:
    """Return the number of errors. One failure of a schema may have several."""
    by_schema = sum(len(failure.to_json()["errors"]) for failure in row.failures)
    return len(row.errors) - len(row.failures) + by_schema


def _event_name(view: RowView) -> str:
    if view.fields.get("e") == "ue" and view.row.schema:
        return " ".join(_name_and_version(view.row.schema))
    return str(view.event_type or "unreadable request")


def _name_and_version(schema: str) -> tuple[str, str]:
    parts = schema.split("/")
    return (parts[1], parts[-1]) if len(parts) > 2 else (schema, "")  # noqa: PLR2004


def _summary(view: RowView) -> Iterator[tuple[str, object]]:
    """Yield names and values that tell the events of one type apart."""
    fields = view.fields
    kind = fields.get("e")
    if kind == "ue":
        data = view.described["data"] if view.described else None
        if isinstance(data, dict):
            plain = ((k, v) for k, v in data.items() if not isinstance(v, (dict, list)))
            yield from islice(plain, _MOST_SUMMARY_FIELDS)
        return
    if kind == "se":
        yield "", f"{fields.get('se_ca')} / {fields.get('se_ac')}"
        names = {"se_la": "label", "se_pr": "property", "se_va": "value"}
    elif kind in ("tr", "ti"):
        names = {"tr_id": "order", "ti_id": "order", "ti_sk": "sku", "tr_tt": "total"}
    else:
        if isinstance(fields.get("url"), str):
            yield "", _url_path(fields["url"])
        names = {"page": "title"}
    for name, label in names.items():
        if name in fields:
            yield label, fields[name]


def _url_path(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return (parts.path + (f"?{parts.query}" if parts.query else "")) or url


def _short(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, (int, float)):
        return value
    text = str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
