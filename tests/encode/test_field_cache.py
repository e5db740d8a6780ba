"""The cached fields of a subject or tracker: events share them until they change."""

from __future__ import annotations

import gc
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from snowplow_tracker import PageView, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = {"p", "uid", "ua", "lang", "tv", "tna", "aid"}


def update_in_place(facts: dict[str, Any]) -> None:
    facts |= {"uid": "update in place"}


def same_text_as_another_object(facts: dict[str, Any]) -> None:
    facts["uid"] = b"same".decode()


CHANGES: list[Callable[[dict[str, Any]], Any]] = [
    lambda facts: facts.__setitem__("uid", "set"),
    lambda facts: facts.__setitem__("ua", "added"),
    lambda facts: facts.__delitem__("uid"),
    lambda facts: facts.update(uid="updated", ua="added"),
    lambda facts: facts.setdefault("ua", "default"),
    lambda facts: facts.pop("uid"),
    lambda facts: facts.popitem(),
    lambda facts: facts.clear(),
    update_in_place,
    same_text_as_another_object,
]


def sent_facts(tracker: Any, sink: Any) -> dict[str, Any]:
    tracker.track(PageView("u"))
    event = sink.events[-1]
    return {name: event[name] for name in event if name in OURS}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_subject_counts_from_the_next_event_on(tracker, sink, change):
    facts = tracker.subject.standard_nv_pairs
    facts["uid"] = "same"
    before = [sent_facts(tracker, sink) for _ in range(4)]
    assert before == [before[0]] * 4
    assert before[0]["uid"] == "same"
    change(facts)
    after = sent_facts(tracker, sink)
    kept = {name: after[name] for name in after if name not in tracker.standard_nv_pairs}
    assert kept == facts
    assert [sent_facts(tracker, sink) for _ in range(3)] == [after] * 3


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_trackers_own_fields_counts_from_the_next_event_on(tracker, sink, change):
    tracker.subject = None
    facts = tracker.standard_nv_pairs
    facts.update(uid="same", aid="shop")
    before = [sent_facts(tracker, sink) for _ in range(4)]
    assert before == [before[0]] * 4
    change(facts)
    after = sent_facts(tracker, sink)
    assert after == {name: value for name, value in facts.items() if value is not None}
    assert [sent_facts(tracker, sink) for _ in range(3)] == [after] * 3


def test_the_attributes_of_an_object_may_be_the_facts(tracker, sink):
    holder = SimpleNamespace(p="srv", uid="first")
    tracker.subject.standard_nv_pairs = holder.__dict__
    assert [sent_facts(tracker, sink)["uid"] for _ in range(3)] == ["first"] * 3
    holder.uid = "second"
    assert [sent_facts(tracker, sink)["uid"] for _ in range(3)] == ["second"] * 3
    del holder.uid
    assert "uid" not in sent_facts(tracker, sink)


class Attributes:
    """An object of a class of its own: CPython may keep its attributes outside of a dict."""

    def __init__(self) -> None:
        self.p, self.uid = "srv", "first"


def test_the_attributes_of_an_instance_may_be_the_facts(tracker, sink):
    holder = Attributes()
    tracker.subject.standard_nv_pairs = holder.__dict__
    assert [sent_facts(tracker, sink)["uid"] for _ in range(3)] == ["first"] * 3
    for number in range(50):
        holder.uid = f"user {number}"
        assert sent_facts(tracker, sink)["uid"] == f"user {number}"


def test_two_subjects_may_take_turns(tracker, sink):
    subjects = [Subject().set_user_id("one"), Subject().set_user_id("two")]
    for _ in range(4):
        for subject in subjects:
            tracker.subject = subject
            assert sent_facts(tracker, sink)["uid"] == subject.standard_nv_pairs["uid"]


def test_a_subject_in_the_memory_of_another_is_itself(tracker, sink):
    for number in range(50):
        tracker.subject = Subject().set_user_id(f"user {number}")
        assert [sent_facts(tracker, sink)["uid"] for _ in range(3)] == [f"user {number}"] * 3
        tracker.subject = None
        gc.collect(0)
