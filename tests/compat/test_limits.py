"""What native classes cannot do that Python classes can, and the alternatives."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest

from snowplow_tracker import PageView, Payload, SelfDescribingJson, Subject, Tracker

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"


@pytest.mark.parametrize("other", [dict, Exception, PageView])
def test_a_base_with_a_layout_of_its_own_is_refused_when_the_class_is_made(other):
    with pytest.raises(TypeError, match="lay-out conflict"):
        type("Joined", (SelfDescribingJson, other), {})


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [(PageView, ("u",)), (SelfDescribingJson, (SCHEMA, {})), (Tracker, ([1],))],
)
def test_an_own_new_calls_that_of_its_base_and_not_of_object(kind, arguments):
    def by_object(cls: Any, *_: Any) -> Any:
        return object.__new__(cls)

    def by_base(cls: Any, *_: Any) -> Any:
        return kind.__new__(cls)

    with pytest.raises(TypeError, match="not safe"):
        type("ByObject", (kind,), {"__new__": by_object})(*arguments)
    assert isinstance(type("ByBase", (kind,), {"__new__": by_base})(*arguments), kind)


def test_a_property_is_extended_by_get_and_set_for_it_has_no_fget_and_fset(tracker, inbox):
    class Normalised(PageView):
        @property
        def page_url(self) -> Any:
            return PageView.page_url.__get__(self)  # type: ignore[attr-defined]

        @page_url.setter
        def page_url(self, value: str) -> None:
            PageView.page_url.__set__(self, value.lower())  # type: ignore[attr-defined]

    assert not hasattr(PageView.page_url, "fset")
    tracker.track(Normalised("HTTPS://A.B"))
    assert inbox.events[0]["url"] == "https://a.b"


def test_vars_has_what_the_program_added_and_no_more():
    event: Any = PageView("u")
    event.source = "mine"
    assert vars(event) == {"source": "mine"}
    assert SelfDescribingJson(SCHEMA, {}).to_json() == {"schema": SCHEMA, "data": {}}


def test_an_attribute_is_computed_by_a_property_and_not_by_getattribute(inbox):
    class Looking(Tracker):
        def __getattribute__(self, name: str) -> Any:
            if name == "subject":
                return Subject().set_user_id("unseen")
            return super().__getattribute__(name)

    class Computing(Tracker):
        subject = property(lambda _: Subject().set_user_id("seen"), lambda _, __: None)

    for kind in (Looking, Computing):
        kind("ns", inbox).track(PageView("u"))
    assert [sent.get("uid") for sent in inbox.events] == [None, "seen"]


def test_payloads_are_made_natively_and_changed_by_complete_payload(tracker, inbox):
    class Adding(Tracker):
        def complete_payload(self, event: Any, **_: Any) -> Any:  # type: ignore[override]
            payload = super().complete_payload(event=event)
            payload.add("custom", 1)
            return payload

    with mock.patch.object(Payload, "add") as add:
        tracker.track(PageView("u"))
    add.assert_not_called()
    Adding("ns", inbox).track(PageView("u"))
    assert [sent.get("custom") for sent in inbox.events] == [None, 1]
