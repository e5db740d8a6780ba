"""Format events for a terminal or a pipe, whatever they contain."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from snowplow_tracker._terminal import escape_unprintable
from snowplow_tracker.collector.flat import flat_event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowplow_tracker.collector.rows import Row

__all__ = ["FORMATS", "EventFormat", "event_line", "has_colors"]

FORMATS = ("line", "json", "full")
_MAX_LENGTH = 100
_GREEN, _RED, _YELLOW, _BOLD_RED = "32", "31", "33", "1;31"


def has_colors(stream: TextIO) -> bool:
    """Return whether a stream shows colors: https://no-color.org, https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    if os.environ.get("TERM") == "dumb" or not stream.isatty():
        return False
    return sys.platform != "win32" or "WT_SESSION" in os.environ


@dataclass(frozen=True, slots=True)
class EventFormat:
    """How the text for events and notes looks.

    No control character of an event is in it, so an event cannot change what a terminal shows.

    Attributes:
        name: `line`; `json`, an object a line; or `full`, a line and the indented event.
        colors: Whether `line` and `full` have colors.
    """

    name: str = "line"
    colors: bool = False

    def event(self, row: Row, repeated: bool) -> str:
        """Return the text for an event.

        Args:
            row: The event.
            repeated: Whether an earlier event had the same id.
        """
        if self.name == "json":
            return json.dumps(_entry(row, repeated))
        line = event_line(row, repeated, colors=self.colors)
        if self.name == "line":
            return line
        text = json.dumps(_columns(row), indent=2, ensure_ascii=False)
        return f"{line}\n{_escaped(text)}"

    def note(self, kind: str, text: str) -> str:
        """Return the text for something that is no event.

        Args:
            kind: `note` or `rejected`.
            text: What happened.
        """
        if self.name == "json":
            return json.dumps({"status": kind, "reason": text})
        return f"{_painted(kind, _YELLOW, self.colors)}  {text}"


def _entry(row: Row, repeated: bool) -> dict[str, object]:
    return {
        "status": "bad" if row.errors else "good",
        "repeated": repeated,
        "errors": list(row.errors),
        "event": _columns(row),
    }


def _columns(row: Row) -> dict[str, object]:
    return {name: value for name, value in flat_event(row).items() if value is not None}


def event_line(row: Row, repeated: bool, *, colors: bool = False) -> str:
    """Return good or bad, the event, and the errors of a bad one, in one line.

    Args:
        row: The event.
        repeated: Whether an earlier event had the same id.
        colors: Whether the line has colors.
    """
    fields = row.parameters or {}
    words = [_plain(fields.get("e", "-")), *_subject(row), *_details(row)]
    if repeated:
        words.append(_painted("REPEATED eid", _YELLOW, colors))
    text = "  ".join(words)
    if not row.errors:
        return f"{_painted('good', _GREEN, colors)}  {text}"
    reasons = _painted(_plain("; ".join(row.errors), 4 * _MAX_LENGTH), _RED, colors)
    return f"{_painted('bad', _BOLD_RED, colors)}   {text}: {reasons}"


def _painted(text: str, color: str, colors: bool) -> str:
    return f"\033[{color}m{text}\033[0m" if colors else text


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
    if row.unknown:
        yield "schema?"
    for key in ("aid", "eid"):
        if key in fields:
            yield f"{key}={_plain(fields[key])}"


def _plain(value: object, max_length: int = _MAX_LENGTH) -> str:
    text = str(value)
    if len(text) > max_length:
        text = text[:max_length] + "..."
    return escape_unprintable(text)


def _escaped(text: str) -> str:
    """Return JSON text with every character escaped that cannot be printed, except line ends."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
