"""Entities that a tracker adds to its events."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import pytest
from tests.hooks.conftest import Sink, entity

from snowplow_tracker import (
    PageView,
    Payload,
    Ruleset,
    ScreenView,
    SelfDescribing,
    StructuredEvent,
    Tracker,
)

PAGE = PageView("https://shop.example")


def test_static_ones_follow_the_events_own(tracker, sink):
    tracker.add_global_contexts([entity("a"), entity("b", text='"é', number=1.5)])
    tracker.track(PAGE)
    assert sink.entities() == ["a", "b"]
    assert sink.last()["entities"][1]["data"] == {"text": '"é', "number": 1.5}
    tracker.track(PageView("https://shop.example", context=[entity("own")]))
    assert sink.entities() == ["own", "a", "b"]


def test_they_are_text_without_base64(tracker, sink):
    tracker.encode_base64 = False
    tracker.add_global_contexts([entity("a")]).track(PAGE)
    assert "co" in sink.inbox.events[0]
    assert sink.entities() == ["a"]


def test_one_is_encoded_when_it_is_added(tracker, sink):
    state = {"n": 1}
    changed = entity("a")
    changed.data = state
    tracker.add_global_contexts([changed])
    state["n"] = 2
    tracker.track(PAGE)
    assert sink.last()["entities"][0]["data"] == {"n": 1}
    tracker.add_global_contexts([changed]).track(PAGE)
    assert sink.last()["entities"] == [changed.to_json()]


def test_the_same_object_is_sent_once(tracker, sink):
    shared, other = entity("shared"), entity("other")
    tracker.add_global_contexts([shared, other, lambda _: shared])
    tracker.track(PageView("https://shop.example", context=[shared]))
    assert sink.entities() == ["shared", "other"]


def test_a_payload_of_version_0x_has_them_once(tracker, sink):
    tracker.add_global_contexts([entity("a")])
    assert tracker.track(Payload({"e": "ad"})) is tracker
    assert sink.entities() == ["a"]
    with_own = Payload({"e": "ad", "co": ' {"schema":"s","data":[]} '})
    tracker.track(with_own)
    assert sink.entities() == ["a"]
    assert with_own.get()["co"] == ' {"schema":"s","data":[]} '


def test_names(tracker, sink):
    tracker.add_global_contexts({"first": entity("a"), "second": entity("b")})
    tracker.add_global_contexts([entity("c")])
    assert tracker.global_context_names() == ["first", "second"]
    tracker.add_global_contexts({"first": entity("d")}).track(PAGE)
    assert sink.entities() == ["b", "c", "d"]
    tracker.remove_global_contexts("second", "unknown").track(PAGE)
    assert sink.entities() == ["c", "d"]
    tracker.clear_global_contexts().track(PAGE)
    assert "entities" not in sink.last()


def test_one_is_removed_by_its_object(tracker, sink):
    kept, static, pair = entity("kept"), entity("static"), (lambda _: True, entity("pair"))
    tracker.add_global_contexts([kept, static, pair])
    tracker.remove_global_contexts(static, (pair[0], pair[1])).track(PAGE)
    assert sink.entities() == ["kept"]


def test_a_function_is_called_for_each_event(tracker, sink):
    def seen(view: Any) -> Any:
        return entity("seen", type=view.type, schema=view.schema, url=view.payload.get("url"))

    tracker.add_global_contexts([seen, lambda _: None, lambda _: [entity("x"), entity("y")]])
    tracker.track(PAGE)
    assert sink.entities() == ["seen", "x", "y"]
    assert sink.last()["entities"][0]["data"] == {
        "type": "pv",
        "schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
        "url": "https://shop.example",
    }
    tracker.track(SelfDescribing(entity("event")))
    assert sink.last()["entities"][0]["data"]["schema"] == "iglu:com.acme/event/jsonschema/1-0-0"
    tracker.track(ScreenView("8f2c", "Home"))
    schema = "iglu:com.snowplowanalytics.mobile/screen_view/jsonschema/1-0-0"
    assert sink.last()["entities"][0]["data"]["schema"] == schema


def test_unconditional_ones_come_before_conditional_ones(tracker, sink):
    tracker.add_global_contexts([(lambda _: True, entity("conditional")), entity("always")])
    tracker.add_global_contexts([(lambda _: False, [entity("never"), lambda _: 1 / 0])])
    tracker.track(PageView("https://shop.example", context=[entity("own")]))
    assert sink.entities() == ["own", "always", "conditional"]


def test_a_pair_may_have_a_list(tracker, sink):
    selected = [entity("a"), lambda view: entity("b", type=view.type)]
    tracker.add_global_contexts([(lambda view: view.type == "se", selected)])
    tracker.track(StructuredEvent("shop", "add"))
    assert sink.entities() == ["a", "b"]
    tracker.track(PAGE)
    assert "entities" not in sink.last()


def test_a_function_that_raises_is_left_out(tracker, sink, caplog):
    def fail(_: Any) -> Any:
        raise RuntimeError("out of order")

    tracker.add_global_contexts([fail, (fail, entity("x")), lambda _: 17, entity("kept")])
    assert tracker.track(PAGE)
    assert sink.entities() == ["kept"]
    assert "its entities are left out" in caplog.text


PAYLOAD_DATA = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"


@pytest.mark.parametrize(
    ("accept", "reject", "schema", "is_selected"),
    [
        ("iglu:com.acme/*/jsonschema/*-*-*", (), "iglu:com.acme/a/jsonschema/3-2-1", True),
        ("iglu:com.acme/a/jsonschema/1-*-*", (), "iglu:com.acme/a/jsonschema/1-0-7", True),
        ("iglu:com.acme/a/jsonschema/1-*-*", (), "iglu:com.acme/a/jsonschema/2-0-0", False),
        ("iglu:com.acme/a/jsonschema/1-0-*", (), "iglu:com.acme/b/jsonschema/1-0-0", False),
        ("iglu:com.acme.*/*/jsonschema/*-*-*", (), "iglu:com.acme.de/a/jsonschema/1-0-0", True),
        ("iglu:com.acme.*/*/jsonschema/*-*-*", (), "iglu:com.acme/a/jsonschema/1-0-0", False),
        ("iglu:com.acme.*/*/jsonschema/*-*-*", (), "iglu:com.acme.de.x/a/jsonschema/1-0-0", False),
        ("iglu:com.acme.*.*/*/jsonschema/*-*-*", (), "iglu:com.acme.d.x/a/jsonschema/1-0-0", True),
        ("iglu:com.acme.de/*/jsonschema/*-*-*", (), "iglu:com.acme.fr/a/jsonschema/1-0-0", False),
        ("iglu:com.acme/*/jsonschema/01-*-*", (), "iglu:com.acme/a/jsonschema/1-0-0", True),
        (
            "iglu:com.acme/*/jsonschema/*-*-*",
            ["iglu:com.acme/secret/jsonschema/*-*-*"],
            "iglu:com.acme/secret/jsonschema/1-0-0",
            False,
        ),
        (["iglu:com.x/a/jsonschema/1-0-0", PAYLOAD_DATA], (), PAYLOAD_DATA, True),
        ("iglu:com.acme/*/jsonschema/*-*-*", (), "not a schema", False),
        ((), (), PAYLOAD_DATA, False),
    ],
)
def test_rules(accept, reject, schema, is_selected):
    rules = Ruleset(accept=accept, reject=reject)
    assert rules.selects(schema) is is_selected
    assert rules.selects(schema) is is_selected


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "com.acme/a/jsonschema/1-0-0",
        "iglu:acme/a/jsonschema/1-0-0",
        "iglu:com.*/a/jsonschema/1-0-0",
        "iglu:*.acme/a/jsonschema/1-0-0",
        "iglu:com.acme.*.de/a/jsonschema/1-0-0",
        "iglu:com.acme.d*/a/jsonschema/1-0-0",
        "iglu:com.acme/a*/jsonschema/1-0-0",
        "iglu:com.acme/a/avro/1-0-0",
        "iglu:com.acme/a/jsonschema/1-0",
        "iglu:com.acme/a/jsonschema/1-0-x",
        "iglu:com.acme/a/jsonschema/1-0-0\n",
        17,
    ],
)
@pytest.mark.parametrize("parameter", ["accept", "reject"])
def test_a_rule_that_cannot_match_is_a_value_error(rule, parameter):
    with pytest.raises(ValueError, match="rule"):
        Ruleset(**{parameter: [rule]})


def test_rules_select_events(tracker, sink):
    rules = Ruleset(accept="iglu:com.acme/*/jsonschema/1-*-*", reject=entity("no").schema)
    tracker.add_global_contexts([(rules, entity("added"))])
    names = []
    for event in (SelfDescribing(entity("yes")), SelfDescribing(entity("no")), PAGE):
        tracker.track(event)
        names.append(sink.entities())
    assert names == [["added"], [], []]


@pytest.mark.parametrize(
    ("contexts", "message"),
    [
        ([(Ruleset(reject=PAYLOAD_DATA), entity("a"))], "without accept"),
        ([(entity("a"),)], "must be a pair"),
        ([("no condition", entity("a"))], "condition"),
        ([17], "must be a SelfDescribingJson or a callable"),
        ([(lambda _: True, [None])], "must be a SelfDescribingJson or a callable"),
        ((entity("a"),), "must be a list"),
        (entity("a"), "must be a list"),
        ({17: entity("a")}, "name"),
    ],
)
def test_anything_else_is_a_value_error(tracker, sink, contexts, message):
    with pytest.raises(ValueError, match=message):
        tracker.add_global_contexts(contexts)
    tracker.track(PAGE)
    assert "entities" not in sink.last()


def test_an_async_function_is_a_value_error(tracker):
    async def later(_: Any) -> Any: ...

    with pytest.raises(ValueError, match="async"):
        tracker.add_global_contexts([later])


def test_one_that_json_does_not_support_is_a_type_error_at_once(tracker, sink):
    unsupported = entity("a", value=object())
    with pytest.raises(TypeError, match="not JSON serializable"):
        tracker.add_global_contexts([unsupported])
    tracker.json_encoder = lambda _: "encoded"
    tracker.add_global_contexts([unsupported]).track(PAGE)
    assert sink.last()["entities"][0]["data"] == {"value": "encoded"}


def add_d(_: Any) -> Any:
    return entity("d")


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_a_copy_has_its_own(copied):
    sink = Sink("dict")
    tracker = Tracker("ns", sink.inbox)
    tracker.add_global_contexts({"name": entity("a")})
    tracker.add_global_contexts([(Ruleset(accept=PAYLOAD_DATA), [entity("b"), add_d])])
    copy_of = copied(tracker)
    copy_of.add_global_contexts([entity("c")])
    assert copy_of.global_context_names() == ["name"]
    copy_of.emitters = [sink.inbox]
    copy_of.track(PAGE)
    assert sink.entities() == ["a", "c", "b", "d"]
    tracker.track(PAGE)
    assert sink.entities() == ["a", "b", "d"]


def test_threads_add_and_remove_while_others_track():
    sink = Sink("dict")
    tracker = Tracker("ns", sink.inbox)
    mine = [[entity(f"t{number}-{index}") for index in range(20)] for number in range(16)]

    def work(entities: list[Any]) -> None:
        for each in entities:
            tracker.add_global_contexts([each])
            tracker.track(PAGE)
        for each in entities[1:]:
            tracker.remove_global_contexts(each)

    threads = [threading.Thread(target=work, args=(entities,)) for entities in mine]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tracker.track(PAGE)
    assert sorted(sink.entities()) == sorted(f"t{number}-0" for number in range(16))


def test_nothing_added_leaves_records_as_they_are(monkeypatch):
    """A tracker whose additions were removed sends the same bytes as one that never had any."""
    monkeypatch.setattr("snowplow_tracker.tracker.time.time", lambda: 1_700_000_000.0)
    bodies: list[list[str]] = []
    for is_changed in (False, True):
        tracker, bodies_of = _keeping_bodies()
        if is_changed:
            tracker.add_global_contexts([entity("a"), lambda _: entity("b")])
            tracker.add_plugin(_Plugin())
            tracker.clear_global_contexts().pause().resume()
            tracker.remove_plugin(_Plugin.last)
        for event in _events():
            tracker.track(event)
        bodies.append(bodies_of)
    assert bodies[0] == bodies[1]
    assert len(bodies[0]) == len(_events())


def _keeping_bodies() -> tuple[Tracker, list[str]]:
    sink = Sink("record")
    bodies: list[str] = []

    def keep(body: str | bytes) -> int:
        bodies.append(body.decode() if isinstance(body, bytes) else body)
        return 200

    sink.emitter.http_post = keep
    return Tracker("ns", sink.emitter), bodies


class _Plugin:
    last: Any

    def __init__(self) -> None:
        type(self).last = self

    def before_track(self, view: Any) -> None:
        view.payload["url"] = "changed"


def _events() -> list[Any]:
    identified: dict[str, Any] = {"event_id": "0f5e8c2a-91d4-4b7e-a3c6-5d2f1b7a9e04"}
    return [
        PageView("https://shop.example", "é", **identified),
        PageView("https://shop.example", context=[entity("own", n=1.0)], **identified),
        SelfDescribing(entity("event", n=[1, None]), true_timestamp=5, **identified),
        StructuredEvent("shop", "add", value=1.5, **identified),
    ]
