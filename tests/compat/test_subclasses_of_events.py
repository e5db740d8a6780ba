"""Programs can subclass events and self-describing data."""

from __future__ import annotations

import abc
import dataclasses
import json
from functools import cached_property
from typing import Any, Generic, TypeVar

import pytest

from snowplow_tracker import (
    Event,
    PagePing,
    PageView,
    Payload,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
)

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"
T = TypeVar("T")


def thing(value: Any = 1) -> SelfDescribingJson:
    return SelfDescribingJson(SCHEMA, {"value": value})


def data_of(sent: dict[str, Any], name: str = "ue_pr") -> Any:
    return json.loads(sent[name])["data"]


@dataclasses.dataclass
class Click(Event):
    target: str
    count: int = 1

    def __post_init__(self) -> None:
        super().__init__()
        self.payload.add_dict({"e": "se", "se_ca": self.target, "se_va": self.count})


@dataclasses.dataclass
class Product(SelfDescribingJson):
    sku: str

    def __post_init__(self) -> None:
        super().__init__(SCHEMA, dataclasses.asdict(self))


class Generically(SelfDescribingJson, Generic[T]):
    def __init__(self, value: T) -> None:
        super().__init__(SCHEMA, {"value": value})


class Lazy(SelfDescribingJson):
    """Takes nothing, and computes its data before the constructor."""

    def __init__(self) -> None:
        self.prefix = "lazy"
        super().__init__(self.own_schema, {"name": self.name})

    @cached_property
    def own_schema(self) -> str:
        return SCHEMA

    @cached_property
    def name(self) -> str:
        return f"{self.prefix}-name"


class Abstract(SelfDescribingJson, abc.ABC):
    @abc.abstractmethod
    def describe(self) -> Any: ...


class Concrete(Abstract):
    def __init__(self) -> None:
        super().__init__(SCHEMA, self.describe())

    def describe(self) -> Any:
        return {"concrete": True}


class Stamped(Event):
    """A mixin that comes before the kind of event."""

    def build_payload(self, *args: Any, **kwargs: Any) -> Payload:
        payload = super().build_payload(*args, **kwargs)
        payload.add("stamp", type(self).__name__)
        return payload


class StampedView(Stamped, PageView):
    pass


class StampedScreen(Stamped, ScreenView):
    pass


@pytest.mark.parametrize(
    ("make", "data"),
    [
        (lambda: Product("s1"), {"sku": "s1"}),
        (lambda: Generically[int](5), {"value": 5}),
        (Lazy, {"name": "lazy-name"}),
        (Concrete, {"concrete": True}),
    ],
)
def test_data_classes_of_all_sorts(tracker, inbox, make, data):
    tracker.track(SelfDescribing(make(), context=[make()]))
    assert data_of(inbox.events[0]) == {"schema": SCHEMA, "data": data}
    assert data_of(inbox.events[0], "co") == [{"schema": SCHEMA, "data": data}]


@pytest.mark.parametrize(
    "event",
    [
        *(PageView("u"), PagePing("u"), StructuredEvent("c", "a"), ScreenView("i", "n")),
        *(SelfDescribing(thing()), Click("button"), StampedView("u")),
    ],
)
def test_every_kind_is_an_event(tracker, inbox, event):
    assert isinstance(event, Event)
    tracker.track(event)
    assert inbox.events[0]["e"] == event.payload.get()["e"]


def test_an_abstract_class_is_not_made():
    with pytest.raises(TypeError, match="abstract"):
        Abstract(SCHEMA, {})  # type: ignore[abstract]


def test_a_dataclass_is_an_event(tracker, inbox):
    click = Click("button")
    click.true_timestamp = 5
    tracker.track(click)
    assert inbox.events[0].items() >= {"se_ca": "button", "se_va": 1, "ttm": 5}.items()
    assert click == Click("button")
    assert repr(click) == "Click(target='button', count=1)"


@pytest.mark.parametrize(
    ("make", "kind"),
    [(lambda: StampedView("u"), "StampedView"), (lambda: StampedScreen("i", "n"), "StampedScreen")],
)
def test_several_bases_build_the_payload_in_turn(tracker, inbox, make, kind):
    event_id = tracker.track(make())
    assert inbox.events[0]["stamp"] == kind
    assert inbox.events[0]["eid"] == event_id


def test_the_signature_with_which_build_payload_is_called(tracker):
    class Checking(PageView):
        def build_payload(self, encode_base64: Any, json_encoder: Any, subject: Any = None) -> Any:
            seen.append((encode_base64, json_encoder, subject))
            return super().build_payload(encode_base64, json_encoder, subject)

    seen: list[Any] = []
    tracker.json_encoder = repr
    tracker.track(Checking("u"))
    assert seen == [(False, repr, tracker.subject)]


def test_any_object_with_build_payload_is_an_event(tracker, inbox):
    class Duck:
        def build_payload(self, *, encode_base64: Any, json_encoder: Any, subject: Any) -> Any:
            assert (encode_base64, json_encoder) == (False, None)
            return Payload({"e": "duck", "uid": subject.standard_nv_pairs.get("uid")})

    event_id = tracker.track(Duck())
    assert (inbox.events[0]["e"], inbox.events[0]["eid"]) == ("duck", event_id)


def overriding(base: Any, name: str, value: Any) -> Any:
    return type("Overriding", (base,), {name: property(lambda _: value, lambda _, __: None)})


class TestProperties:
    """A property of a subclass counts, as an attribute does."""

    def test_contexts(self, tracker, inbox):
        tracker.track(overriding(PageView, "context", [thing()])("u"))
        assert data_of(inbox.events[0], "co")[0]["data"] == {"value": 1}

    def test_the_true_timestamp(self, tracker, inbox):
        tracker.track(overriding(PageView, "true_timestamp", 55.5)("u"))
        assert inbox.events[0]["ttm"] == 55

    def test_the_subject(self, tracker, inbox):
        subject = Subject().set_user_id("own")
        tracker.track(overriding(PageView, "event_subject", subject)("u"))
        assert inbox.events[0]["uid"] == "own"

    def test_the_json_of_a_self_describing_event(self, tracker, inbox):
        tracker.track(overriding(SelfDescribing, "event_json", thing("own"))(thing()))
        assert data_of(inbox.events[0])["data"] == {"value": "own"}

    @pytest.mark.parametrize(("name", "value"), [("schema", "iglu:own"), ("data", {"own": 1})])
    def test_schema_and_data(self, tracker, inbox, name, value):
        own = overriding(SelfDescribingJson, name, value)(SCHEMA, {})
        tracker.track(SelfDescribing(own, context=[own]))
        assert data_of(inbox.events[0])[name] == own.to_json()[name] == value

    def test_a_setter_gets_what_the_constructor_is_given(self, tracker, inbox):
        class Wrapped(SelfDescribingJson):
            @property
            def data(self) -> Any:
                return {"wrapped": self.inner}

            @data.setter
            def data(self, value: Any) -> None:
                self.inner = value

        tracker.track(SelfDescribing(Wrapped(SCHEMA, [1])))
        assert data_of(inbox.events[0])["data"] == {"wrapped": [1]}

    def test_a_setter_of_an_event_gets_what_the_constructor_is_given(self, tracker, inbox):
        class Tagging(PageView):
            @property
            def context(self) -> Any:
                return [*self.given, thing("tag")]

            @context.setter
            def context(self, value: Any) -> None:
                self.given = value or []

        tracker.track(Tagging("u", context=[thing()]))
        values = [context["data"]["value"] for context in data_of(inbox.events[0], "co")]
        assert values == [1, "tag"]


def test_contexts_may_be_appended_to_an_event_that_was_given_none(tracker, inbox):
    event = PageView("u")
    event.context.append(thing())  # type: ignore[union-attr]
    tracker.track(event)
    assert data_of(inbox.events[0], "co")[0]["data"] == {"value": 1}
