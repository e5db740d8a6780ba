"""Compares two outcomes after decoding them and removing whatever differs between runs."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from qa.differential.differences import names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.differential.packages import Package
    from qa.differential.programs import Outcome, Program, Request, StepOutcome

__all__ = ["Comparison", "Disagreement", "compare", "disagreements", "event_types"]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_VOLATILE = {
    "eid": _UUID,
    "dtm": re.compile(r"\d{13}"),
    "stm": re.compile(r"\d{13}"),
    "tv": re.compile(r"py-[\w.-]+"),
}
_JSON_FIELDS = ("ue_px", "ue_pr", "cx", "co")


@dataclass(frozen=True)
class Disagreement:
    """One place in which two outcomes are not the same."""

    step: str
    where: str
    theirs: Any
    ours: Any

    def __str__(self) -> str:
        return f"{self.step}\n  {self.where}\n  theirs: {self.theirs!r}\n  ours:   {self.ours!r}"


@dataclass(frozen=True)
class Comparison:
    """What one program showed: where the packages disagree, and the types of the events."""

    disagreements: list[Disagreement]
    event_types: list[str]


def compare(program: Program, original: Package, version: str, ours: Package) -> Comparison:
    """Run a program on an original, with the differences on purpose, and on ours."""
    original.begin(program, names(version))
    ours.begin(program)
    theirs, own = original.end(), ours.end()
    return Comparison(disagreements(program, theirs, own), event_types(own))


def disagreements(program: Program, theirs: Outcome, ours: Outcome) -> list[Disagreement]:
    """Return every place in which the outcomes are not the same."""
    found = []
    for step, their_step, our_step in zip_longest(program.steps, theirs.steps, ours.steps):
        pairs = _differing("", _readable(their_step), _readable(our_step))
        found += [Disagreement(step, *pair) for pair in pairs]
    return found


def event_types(outcome: Outcome) -> list[str]:
    """Return the field `e` of all events that arrived, by HTTP or at a custom emitter."""
    requests = [_request(request) for step in outcome.steps for request in step.requests]
    wired = [event for request in requests for event in request["events"]]
    given = [_fields(event) for step in outcome.steps for event in step.inputs]
    return [str(event.get("e", ("", "none"))[1]) for event in wired + given]


def _readable(step: StepOutcome | None) -> Any:
    if step is None:
        return None
    return {
        "raised": step.raised,
        "returned": _returned(step.returned),
        "warned": step.warned,
        "requests": [_request(request) for request in step.requests],
        "inputs": [_fields(event) for event in step.inputs],
        "heard": [
            (heard.callback, heard.sent, [_fields(event) for event in heard.events])
            for heard in step.heard
        ],
    }


def _returned(described: Any) -> Any:
    match described:
        case ("dict", items):
            return "dict", [(key, _field(key[1], *value)) for key, value in items]
        case ("str", str(text)) if text.startswith("{"):
            return "JSON", _json(text)
    return described


def _request(request: Request) -> dict[str, Any]:
    if request.method == "POST":
        body = json.loads(request.body)
        envelope, events = body["schema"], [list(event.items()) for event in body["data"]]
    else:
        query = request.body.decode("ascii")
        envelope = None
        events = [parse_qsl(query, keep_blank_values=True, errors="strict")]
    texts = [[(("str", name), ("str", value)) for name, value in event] for event in events]
    return {
        "line": (request.method, request.path, request.content_type, envelope),
        "events": [_fields(("dict", event)) for event in texts],
    }


def _fields(described: Any) -> dict[str, Any]:
    """Return an event's fields decoded, by name."""
    return {name: _field(name, *value) for (_, name), value in described[1]}


def _field(name: str, kind: str, text: Any) -> Any:
    if name in _VOLATILE and isinstance(text, str) and _VOLATILE[name].fullmatch(text):
        return kind, f"<{name}>"
    if name in _JSON_FIELDS and kind == "str":
        is_encoded = name.endswith("x")
        return _json(base64.b64decode(text, b"-_", validate=True).decode() if is_encoded else text)
    return kind, text


def _json(text: str) -> Any:
    """Read JSON, telling numbers apart by type and keeping the order of keys, repeated ones too."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=lambda digits: ("int", digits),
            parse_float=lambda digits: ("float", repr(float(digits))),
            parse_constant=lambda name: ("no JSON", name),
        )
    except ValueError:
        return ("no JSON", text)


def _object(pairs: list[tuple[str, Any]]) -> Any:
    values = dict(pairs)
    if "/screen_view/" in str(values.get("schema")) and isinstance(values.get("data"), list):
        # Nobody gave its keys an order. A drawn id is another one in each run.
        properties = sorted(values["data"], key=lambda pair: str(pair[0]))
        return [
            ("schema", values["schema"]),
            ("data", [_screen_view_field(*p) for p in properties]),
        ]
    return pairs


def _screen_view_field(name: str, value: Any) -> tuple[str, Any]:
    is_drawn = name == "id" and isinstance(value, str) and _UUID.fullmatch(value)
    return name, "<id>" if is_drawn else value


def _differing(where: str, theirs: Any, ours: Any) -> Iterable[tuple[str, Any, Any]]:
    if type(theirs) is not type(ours):
        yield where, theirs, ours
    elif isinstance(theirs, dict):
        for key in sorted(theirs.keys() | ours.keys()):
            yield from _differing(f"{where}.{key}", theirs.get(key), ours.get(key))
    elif isinstance(theirs, list | tuple):
        if len(theirs) != len(ours):
            yield f"{where}, how many", len(theirs), len(ours)
        for index, (their_item, our_item) in enumerate(zip_longest(theirs, ours)):
            yield from _differing(f"{where}[{index}]", their_item, our_item)
    elif theirs != ours:
        yield where, theirs, ours
