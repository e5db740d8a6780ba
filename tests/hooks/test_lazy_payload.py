"""`EventView.payload` looks decoded, and decodes JSON only if a hook reads it."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from tests.hooks.conftest import entity
from tests.support import Inbox

from snowplow_tracker import EventView, SelfDescribing, Tracker
from snowplow_tracker._hooks import encoding
from snowplow_tracker._hooks.lazy_payload import LazyPayload

EVENT = SelfDescribing(entity("event", n=1), context=[entity("context", n=2)])


def fields() -> dict[str, Any]:
    inner = {"schema": "iglu:com.acme/a/jsonschema/1-0-0", "data": {"n": 1}}
    text = json.dumps({"schema": "iglu:s", "data": inner})
    contexts = json.dumps({"schema": "iglu:c", "data": [inner]})
    return {"e": "ue", "uid": "u", "ue_pr": text, "co": contexts}


def texts(payload: Any) -> Any:
    """Return what can be compared: entities compare by their identity."""
    return json.loads(json.dumps(payload, default=lambda each: each.to_json()))


WHOLE: dict[str, Any] = {
    "dict": dict,
    "star": lambda payload: {**payload},
    "or": lambda payload: payload | {"a": 1},
    "reversed or": lambda payload: {"a": 1} | payload,
    "in-place or": lambda payload: payload.__ior__({"a": 1}),
    "items": lambda payload: dict(payload.items()),
    "keys": lambda payload: [*payload.keys()],
    "values": lambda payload: [*payload.values()],
    "list": lambda payload: [*payload],
    "reversed": lambda payload: [*reversed(payload)],
    "len": len,
    "copy": lambda payload: payload.copy(),
    "copy.copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda payload: pickle.loads(pickle.dumps(payload)),
    "popitem": lambda payload: payload.popitem()[0],
    "update": lambda payload: payload.update(a=1) or payload,
    "get": lambda payload: payload.get("data"),
    "getitem": lambda payload: payload["entities"],
    "pop": lambda payload: payload.pop("data"),
    "setdefault": lambda payload: payload.setdefault("entities", []),
    "in": lambda payload: ["data" in payload, "ue_pr" in payload, "co" in payload],
    "delete": lambda payload: payload.__delitem__("entities") or payload,
    "set": lambda payload: payload.__setitem__("data", None) or payload,
    "clear": lambda payload: payload.clear() or payload,
    "json": lambda payload: json.dumps(payload, default=lambda each: each.to_json()),
}


@pytest.mark.parametrize("name", WHOLE)
def test_it_cannot_be_told_from_a_dict_that_is_decoded(name):
    plain = fields()
    encoding.decode_data(plain)
    encoding.decode_entities(plain)
    lazy = LazyPayload(fields())
    assert texts(WHOLE[name](lazy)) == texts(WHOLE[name](plain))
    assert texts(lazy) == texts(plain)


def test_it_is_equal_to_what_it_contains():
    lazy = LazyPayload(fields())
    assert lazy == dict(lazy)
    assert LazyPayload(fields()) != {}
    assert "'data'" in repr(LazyPayload(fields()))


def test_json_that_no_hook_reads_is_not_decoded(monkeypatch):
    def change(view: EventView) -> EventView:
        view.payload["uid"] = "changed"
        view.payload.pop("ip", None)
        assert view.payload.get("e") == "ue"
        assert view.schema.endswith("/event/jsonschema/1-0-0")
        return view

    def fail(_: Any) -> Any:
        raise AssertionError("decoded")

    inbox = Inbox()
    monkeypatch.setattr(encoding, "_loads", fail)
    tracker = Tracker("ns", inbox, before_send=change)
    tracker.track(EVENT)
    plain = Tracker("ns", inbox)
    plain.track(EVENT)
    changed, original = inbox.events
    assert changed["uid"] == "changed"
    assert (changed["ue_px"], changed["cx"]) == (original["ue_px"], original["cx"])
