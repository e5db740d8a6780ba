"""Format each event as one readable line, whatever it contains."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowplow_tracker.collector.rows import Row

__all__ = ["event_line"]

_MAX_LENGTH = 100


def event_line(row: Row, repeated: bool) -> str:
    """Return good or bad, the event, and the errors of a bad one.

    The line has no control characters, even if fields of the event do.

    Args:
        row: The event.
        repeated: Whether an earlier event had the same id.
    """
    fields = row.parameters or {}
    words = [_plain(fields.get("e", "-")), *_subject(row), *_details(row)]
    if repeated:
        words.append("REPEATED eid")
    if row.errors:
        return f"bad   {'  '.join(words)}: {_plain('; '.join(row.errors), 4 * _MAX_LENGTH)}"
    return f"good  {'  '.join(words)}"


def _subject(row: Row) -> Iterator[str]:
    fields = row.parameters or {}
    kind = fields.get("e")
    if kind == "ue" and row.schema:
        name_and_version = row.schema.split("/")[1::2]
        yield _plain(" ".join(name_and_version) or row.schema)
    elif kind == "se":
        yield _plain(f"{fields.get('se_ca')} / {fields.get('se_ac')}")
    elif kind in ("tr", "ti"):
        yield _plain(fields.get("ti_sk") or fields.get("tr_id"))
    elif "url" in fields:
        yield _plain(fields["url"])


def _details(row: Row) -> Iterator[str]:
    fields = row.parameters or {}
    if row.contexts:
        yield f"contexts={len(row.contexts)}"
    for key in ("aid", "eid"):
        if key in fields:
            yield f"{key}={_plain(fields[key])}"


def _plain(value: object, max_length: int = _MAX_LENGTH) -> str:
    text = str(value)
    if len(text) > max_length:
        text = text[:max_length] + "..."
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
