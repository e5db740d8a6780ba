"""An event as text to paste elsewhere: data, or code that tracks, expects or sends it."""

from __future__ import annotations

import json
import re
import shlex
from pprint import pformat
from typing import TYPE_CHECKING, Any

from snowplow_tracker._canonical_event import EVENT_TYPES, VENDOR
from snowplow_tracker.collector.flat import flat_event
from snowplow_tracker.collector.protocol import PLATFORMS
from snowplow_tracker.collector.settings import EVENTS_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker.collector.ui.view import RowView

__all__ = ["SNIPPETS"]

_WIDTH = 72
_SUBJECT = {
    "p": "platform",
    "uid": "user_id",
    "duid": "domain_user_id",
    "sid": "domain_session_id",
    "tnuid": "network_user_id",
    "ip": "ip_address",
    "ua": "useragent",
    "lang": "lang",
    "tz": "timezone",
}
_PAGE = {"url": "page_url", "page": "page_title", "refr": "referrer"}
_OFFSETS = {"pp_mix": "min_x", "pp_max": "max_x", "pp_miy": "min_y", "pp_may": "max_y"}
_STRUCT = {"se_ca": "category", "se_ac": "action", "se_la": "label", "se_pr": "property_"}
_CLASSES = {
    "pv": ("PageView", _PAGE),
    "pp": ("PagePing", {**_PAGE, **_OFFSETS}),
    "se": ("StructuredEvent", {**_STRUCT, "se_va": "value"}),
}
_EXPECTED = {
    "url": "page_url",
    "page": "page_title",
    "se_ca": "se_category",
    "se_ac": "se_action",
    "se_la": "se_label",
    "se_pr": "se_property",
}
_CONVERTED = {**dict.fromkeys(_OFFSETS, int), "se_va": float}
_SET_BY_TRACKER = frozenset(("eid", "dtm", "stm", "ttm", "tv", "tna", "aid", "cx", "co"))
_MILLISECONDS = re.compile(r"-?[0-9]{1,15}")


def _json(view: RowView, _: str) -> str:
    event = {name: value for name, value in flat_event(view.row).items() if value is not None}
    return json.dumps(event, indent=2, ensure_ascii=False)


def _self_describing(view: RowView, _: str) -> str:
    parts = {"event": view.described, "entities": view.entities}
    return json.dumps(parts, indent=2, ensure_ascii=False)


def _curl(view: RowView, url: str) -> str:
    payload = view.row.payload
    path, body, content_type = payload.path, payload.body, payload.content_type
    if view.row.parameters is not None:
        schema = f"iglu:{VENDOR}/payload_data/jsonschema/1-0-4"
        path, content_type = EVENTS_PATH, "application/json; charset=utf-8"
        body = json.dumps({"schema": schema, "data": [view.fields]})
    lines = [f"curl {shlex.quote(url + path)}"]
    if body is not None:
        lines.append(f"-H {shlex.quote('Content-Type: ' + (content_type or ''))}")
        lines.append(f"--data-raw {shlex.quote(body)}")
    return " \\\n  ".join(lines) + "\n"


def _python(view: RowView, url: str) -> str:
    if view.row.parameters is None:
        return _unreadable(view)
    event = _EventCode(view)
    fields = view.fields
    app_id = f", app_id={fields['aid']!r}" if fields.get("aid") else ""
    tracker = f"Tracker({fields.get('tna') or 'sp'!r}, emitter, subject=subject{app_id})"
    return (
        f"from snowplow_tracker import {_names(*event.names, 'Emitter', 'Subject', 'Tracker')}\n\n"
        f"emitter = Emitter({url!r})\nsubject = Subject(){_setters(fields)}\n"
        f"with {tracker} as tracker:\n    event = {event.code('    ')}\n    tracker.track(event)\n"
    )


def _pytest(view: RowView, _: str) -> str:
    if view.row.parameters is None:
        return _unreadable(view)
    event = _EventCode(view)
    name = re.sub(r"\W+", "_", _test_name(view), flags=re.ASCII).strip("_").lower()
    return (
        f"{'import re' if view.row.errors else ''}\n\n"
        f"from snowplow_tracker import {_names(*event.names)}\n\n\n"
        f"def test_{name or 'event'}_is_tracked(snowplow, snowplow_tracker):\n"
        "    # Run the code under test here instead.\n"
        f"    event = {event.code('    ')}\n    snowplow_tracker.track(event)\n"
        f"    {_expectation(view)}\n"
    ).lstrip()


SNIPPETS: dict[str, Callable[[RowView, str], str]] = {
    "json": _json,
    "self-describing": _self_describing,
    "curl": _curl,
    "python": _python,
    "pytest": _pytest,
}
"""Kinds of text, each made of a row and the URL of the collector."""


def _unreadable(view: RowView) -> str:
    lines = ("no event could be read from this request", *view.row.errors)
    return "".join(f"# {line!r}\n" for line in lines)


def _test_name(view: RowView) -> str:
    return view.row.schema.split("/")[1] if view.row.schema else str(view.event_type)


def _literal(value: object, indent: str) -> str:
    return pformat(value, width=_WIDTH, sort_dicts=False).replace("\n", f"\n{indent}")


def _described(item: dict[str, Any], indent: str) -> str:
    inner = f"{indent}    "
    data = _literal(item["data"], inner)
    return f"SelfDescribingJson(\n{inner}{item['schema']!r},\n{inner}{data},\n{indent})"


def _names(*names: str) -> str:
    return ", ".join(sorted(names))


def _setters(fields: dict[str, Any]) -> str:
    """Return the calls that set the fields of a subject."""
    return "".join(
        f".set_{name}({fields[field]!r})"
        for field, name in _SUBJECT.items()
        if isinstance(fields.get(field), str) and (field != "p" or fields[field] in PLATFORMS)
    )


class _EventCode:
    """The code that constructs an event, and the names that it imports."""

    def __init__(self, view: RowView) -> None:
        self._view = view
        self._fields = view.fields
        kind = self._fields.get("e")
        self._known = _CLASSES.get(kind) if isinstance(kind, str) and self._is_complete() else None
        if kind == "ue" and view.described:
            self._class = "SelfDescribing"
        else:
            self._class = self._known[0] if self._known else "Event"
        self.names = {self._class}
        if self._class == "SelfDescribing" or view.entities:
            self.names.add("SelfDescribingJson")

    def _is_complete(self) -> bool:
        needed = ("se_ca", "se_ac") if self._fields["e"] == "se" else ("url",)
        return not self._view.row.errors and all(self._fields.get(name) for name in needed)

    def code(self, indent: str) -> str:
        inner = f"{indent}    "
        arguments = "".join(f"{inner}{argument},\n" for argument in self._arguments(inner))
        return f"{self._class}(\n{arguments}{indent})"

    def _arguments(self, indent: str) -> list[str]:
        if self._class == "SelfDescribing":
            arguments = [_described(self._view.described or {}, indent)]
        elif self._known:
            arguments = [
                f"{name}={_CONVERTED.get(field, str)(self._fields[field])!r}"
                for field, name in self._known[1].items()
                if self._fields.get(field)
            ]
        else:
            arguments = [_literal(self._other_fields(), indent)]
        if self._view.entities:
            inner = f"{indent}    "
            items = [f"{inner}{_described(item, inner)},\n" for item in self._view.entities]
            arguments.append(f"context=[\n{''.join(items)}{indent}]")
        if _MILLISECONDS.fullmatch(str(self._fields.get("ttm"))):
            arguments.append(f"true_timestamp={int(self._fields['ttm'])}")
        return arguments

    def _other_fields(self) -> dict[str, Any]:
        own = _SET_BY_TRACKER | _SUBJECT.keys()
        return {name: value for name, value in self._fields.items() if name not in own}


def _expectation(view: RowView) -> str:
    """Return the assertion that a test of this event ends with."""
    if view.row.errors:
        return f"snowplow.assert_bad(re.escape({view.row.errors[0]!r}))"
    filters: dict[str, object] = {}
    if view.described:
        filters = {"schema": view.described["schema"], "data": view.described["data"]}
    if view.entities:
        filters["entities"] = view.entities
    columns = {
        name: view.fields[field] for field, name in _EXPECTED.items() if field in view.fields
    }
    if columns:
        filters["fields"] = columns
    inner = "        "
    arguments = [f"{name}={_literal(value, inner)}" for name, value in filters.items()]
    arguments.insert(0, repr(EVENT_TYPES[view.fields["e"]].name))
    lines = "".join(f"{inner}{argument},\n" for argument in arguments)
    return f"snowplow.assert_tracked(\n{lines}    )"
