"""Inside a scope, the short form of the record path writes what the general way writes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.hooks.conftest import Sink

from snowplow_tracker import PageView, SelfDescribing, SelfDescribingJson, Subject, Tracker
from snowplow_tracker._scope import CURRENT, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENTITIES = [SelfDescribingJson(f"iglu:com.acme/e{at}/jsonschema/1-0-0", {"at": at}) for at in "abc"]
NAMES = st.sampled_from(["p", "uid", "duid", "tnuid", "sid", "vid", "ip", "ua", "lang", "vp"])
VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from([None, "", 'a"b', "é", "日本", 7, 2**70, 1.5, 1e300, float("nan"), True]),
)
SUBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)
LISTS = st.lists(st.sampled_from(ENTITIES), max_size=3)
LEVELS = st.lists(st.tuples(SUBJECTS, LISTS), max_size=6)


def subject_with(fields: dict[str, Any]) -> Subject:
    subject = Subject()
    subject.standard_nv_pairs = {**fields}
    return subject


@contextmanager
def inside(levels: list[tuple[dict[str, Any], list[SelfDescribingJson]]]) -> Iterator[None]:
    scope = None
    for fields, entities in levels:
        scope = Scope(entities=entities, parent=scope)
        scope.subject.standard_nv_pairs.update(fields)
    token = CURRENT.set(scope)
    try:
        yield
    finally:
        CURRENT.reset(token)


def tracked(sink: Sink, tracker: Tracker, own: list[SelfDescribingJson]) -> list[dict[str, Any]]:
    """Track two events. Return their fields without ids and times."""
    tracker.track(PageView("https://shop.example", context=own))
    tracker.track(SelfDescribing(ENTITIES[0], context=own))
    events = [{**event} for event in sink.events]
    assert len(events) == 2
    for event in events:
        assert (len(event.pop("eid")), int(event.pop("dtm")) > 0) == (36, True)
    sink.inbox.events.clear()
    return events


@pytest.fixture
def both() -> list[tuple[Sink, Tracker]]:
    """Return a usual tracker, and one whose hooks take the general way."""
    made = []
    for _ in range(2):
        sink = Sink("record")
        made.append((sink, Tracker("ns", sink.emitter, use_scope=True)))
    made[1][1].add_plugin(type("Plugin", (), {"before_track": lambda *_: None})())
    for sink, tracker in made:
        tracked(sink, tracker, [])
    return made


@settings(
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(levels=LEVELS, tracker_fields=SUBJECTS, own=LISTS)
def test_both_ways_write_the_same(both, levels, tracker_fields, own):
    results = []
    for sink, tracker in both:
        tracker.set_subject(subject_with(tracker_fields))
        with inside(levels):
            results.append(tracked(sink, tracker, own))
    assert results[0] == results[1]


def test_a_name_that_was_made_at_run_time_is_known(both):
    sink, tracker = both[0]
    tracker.set_subject(subject_with({"uid": "tracker"}))
    with inside([({"-uid"[1:]: "scope"}, [])]):
        assert [event["uid"] for event in tracked(sink, tracker, [])] == ["scope", "scope"]


def test_changes_of_a_scope_count_from_the_next_event(both):
    sink, tracker = both[0]
    tracker.set_subject(None)
    with inside([({"uid": "outer"}, []), ({}, [])]):
        scope: Any = CURRENT.get()
        steps: list[Callable[[], object]] = [
            lambda: scope.page,
            lambda: scope.parent.subject.set_user_id("changed"),
            lambda: scope.defer_field("uid", lambda: "computed"),
            lambda: setattr(scope, "subject", subject_with({"uid": "replaced"})),
        ]
        seen = []
        for step in steps:
            step()
            seen.append(tracked(sink, tracker, [])[0]["uid"])
    assert seen == ["outer", "changed", "computed", "replaced"]
