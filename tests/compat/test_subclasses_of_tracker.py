"""Programs can subclass trackers, subjects and payloads."""

from __future__ import annotations

import abc
import contextvars
from functools import cached_property
from typing import Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

import pytest

from snowplow_tracker import PageView, Payload, SelfDescribingJson, Subject, Tracker

VIEW = PageView("https://a.b")
T = TypeVar("T")


class Registering(type):
    """Knows the classes made with it."""

    classes: ClassVar[list[str]] = []

    def __init__(cls, name: str, bases: Any, members: Any) -> None:
        super().__init__(name, bases, members)
        cls.classes.append(name)


class Singleton(type):
    """Makes one object a class."""

    objects: ClassVar[dict[type, Any]] = {}

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls not in cls.objects:
            cls.objects[cls] = super().__call__(*args, **kwargs)
        return cls.objects[cls]


class TestMetaclasses:
    """The tracker has no metaclass that a program's own could clash with."""

    @pytest.mark.parametrize("kind", [Tracker, Subject, Payload, PageView])
    def test_the_classes_have_none(self, kind):
        assert type(kind) is type

    def test_abstract(self, inbox):
        class Service(Tracker, abc.ABC):
            @abc.abstractmethod
            def name(self) -> str: ...

        class Shop(Service):
            def name(self) -> str:
                return "shop"

        with pytest.raises(TypeError, match="abstract"):
            Service("ns", inbox)  # type: ignore[abstract]
        Shop("ns", inbox).track(VIEW)
        assert len(inbox.events) == 1

    def test_registering(self, inbox):
        class Audited(Tracker, metaclass=Registering):
            pass

        class Shop(Audited):
            pass

        Shop("ns", inbox).track(VIEW)
        assert Registering.classes == ["Audited", "Shop"]
        assert len(inbox.events) == 1

    def test_singleton(self, inbox, make_inbox):
        class Only(Tracker, metaclass=Singleton):
            pass

        first, second = Only("ns", inbox), Only("other", make_inbox())
        second.track(VIEW)
        assert first is second
        assert inbox.events[0]["tna"] == "ns"

    def test_generic(self, inbox):
        class First(Generic[T], Tracker):  # noqa: PYI059 - programs do so, and it works
            pass

        class Last(Tracker, Generic[T]):
            pass

        class OfText(Last[str]):
            pass

        for kind in (First, Last, OfText, Last[int]):
            kind("ns", inbox).track(VIEW)
        assert len(inbox.events) == 4

    def test_an_own_new(self, inbox, make_inbox):
        class Only(Tracker):
            only: ClassVar[Any] = None

            def __new__(cls, *_: Any, **__: Any) -> Any:
                cls.only = cls.only or super().__new__(cls)
                return cls.only

        first, second = Only("ns", make_inbox()), Only("ns", inbox)
        first.track(VIEW)
        assert first is second
        assert len(inbox.events) == 1


class Counting(Tracker):
    """Attributes before the constructor, and names of its own that a base might have used."""

    def __init__(self, service: str, inbox: Any) -> None:
        self.service = service
        self.tracked = 0
        self._set_up = self._names = self._payload = None
        assert self.label == service.upper()
        super().__init__("ns", inbox, app_id=service)

    @cached_property
    def label(self) -> str:
        return self.service.upper()

    def track(self, event: Any, **more: Any) -> Any:
        self.tracked += 1
        return super().track(event, **more)


class Mixin:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.mixed = True
        super().__init__(*args, **kwargs)


class MixedTracker(Mixin, Tracker):
    pass


class MixedSubject(Mixin, Subject):
    pass


class MixedPayload(Mixin, Payload):
    pass


@runtime_checkable
class Tracks(Protocol):
    def track(self, event: Any) -> Any: ...


class TestConstructors:
    def test_attributes_before_the_constructor(self, inbox):
        tracker = Counting("shop", inbox)
        with pytest.warns(DeprecationWarning, match="track_page_view"):
            tracker.track_page_view("u")
        tracker.track(VIEW)
        assert (tracker.tracked, tracker.label) == (2, "SHOP")
        assert [sent["aid"] for sent in inbox.events] == ["shop", "shop"]

    def test_a_mixin_before_the_base(self, inbox):
        tracker = MixedTracker("ns", inbox, MixedSubject().set_user_id("jo"))
        tracker.track(VIEW)
        assert (tracker.mixed, inbox.events[0]["uid"]) == (True, "jo")
        assert MixedPayload({"a": 1}).get() == {"a": 1}

    def test_a_protocol_is_met(self, tracker):
        assert isinstance(tracker, Tracks)

    @pytest.mark.parametrize(
        ("base", "use"),
        [
            (Subject, lambda subject: subject.set_user_id("jo")),
            (Payload, lambda payload: payload.add("a", 1)),
            (Tracker, lambda tracker: tracker.track(VIEW)),
            (Tracker, lambda tracker: tracker.add_emitter(None)),
        ],
    )
    def test_without_the_bases_constructor_the_error_names_the_class(self, base, use):
        forgetful: Any = type("Forgetful", (base,), {"__init__": lambda _: None})
        with pytest.raises((AttributeError, RuntimeError), match="Forgetful"):
            use(forgetful())


CURRENT: contextvars.ContextVar[Subject] = contextvars.ContextVar("subject")


class RequestTracker(Tracker):
    """Tracks the subject of the request at hand."""

    @property
    def subject(self) -> Any:
        return CURRENT.get(None)

    @subject.setter
    def subject(self, value: Any) -> None:
        pass


class TestProperties:
    """A property of a subclass counts, as an attribute does."""

    def test_a_computed_subject(self, inbox):
        tracker = RequestTracker("ns", inbox)
        for name in ("ann", "bob"):
            CURRENT.set(Subject().set_user_id(name))
            tracker.track(VIEW)
            tracker.track(PageView("u", event_subject=Subject().set_lang("de")))
        assert [sent["uid"] for sent in inbox.events] == ["ann", "ann", "bob", "bob"]

    @pytest.mark.parametrize(
        ("name", "value", "field", "expected"),
        [
            ("standard_nv_pairs", {"tna": "mine"}, "tna", "mine"),
            ("encode_base64", True, "cx", None),
            ("json_encoder", lambda _: "mine", "co", None),
        ],
    )
    def test_other_computed_attributes(self, inbox, name, value, field, expected):
        computed = property(lambda _: value, lambda _, __: None)
        kind: Any = type("Computing", (Tracker,), {name: computed})
        data = {"value": object() if name == "json_encoder" else 1}
        thing = SelfDescribingJson("iglu:com.acme/thing/jsonschema/1-0-0", data)
        kind("ns", inbox, encode_base64=False).track(PageView("u", context=[thing]))
        assert field in inbox.events[0]
        assert expected in (None, inbox.events[0][field])

    def test_computed_emitters(self, inbox, make_inbox):
        class Switching(Tracker):
            emitters = property(lambda _: [inbox], lambda _, __: None)

        Switching("ns", make_inbox()).track(VIEW)
        assert len(inbox.events) == 1

    def test_the_fields_of_a_subject(self, inbox):
        class Current(Subject):
            standard_nv_pairs = property(lambda _: {"uid": "now"}, lambda _, __: None)

        Tracker("ns", inbox, subject=Current()).track(VIEW)
        assert inbox.events[0]["uid"] == "now"

    def test_combine_subject_decides_what_an_events_subject_adds(self, inbox):
        class Own(Subject):
            def combine_subject(self, subject: Subject | None) -> dict[str, Any]:
                return {"uid": "combined", "other": subject is tracker.subject}

        tracker = Tracker("ns", inbox)
        tracker.track(PageView("u", event_subject=Own()))
        assert (inbox.events[0]["uid"], inbox.events[0]["other"]) == ("combined", True)
        assert "p" not in inbox.events[0]
