"""`Subject`: its setters, what reaches an event, and how it behaves as a plain object."""

from __future__ import annotations

import copy
import pickle
import weakref
from enum import Enum
from typing import Any

import pytest
from tests.support import Inbox

from snowplow_tracker import PageView, Subject, Tracker
from snowplow_tracker.typing import SUPPORTED_PLATFORMS

SETTERS = [
    ("set_platform", {"value": "srv"}, {"p": "srv"}),
    ("set_user_id", {"user_id": "jo"}, {"uid": "jo"}),
    ("set_screen_resolution", {"width": 1920, "height": 1080}, {"res": "1920x1080"}),
    ("set_viewport", {"width": 300, "height": 200}, {"vp": "300x200"}),
    ("set_color_depth", {"depth": 24}, {"cd": 24}),
    ("set_timezone", {"timezone": "Europe/London"}, {"tz": "Europe/London"}),
    ("set_lang", {"lang": "en-GB"}, {"lang": "en-GB"}),
    ("set_domain_user_id", {"duid": "d1"}, {"duid": "d1"}),
    ("set_domain_session_id", {"sid": "s1"}, {"sid": "s1"}),
    ("set_domain_session_index", {"vid": 3}, {"vid": 3}),
    ("set_ip_address", {"ip": "192.0.2.1"}, {"ip": "192.0.2.1"}),
    ("set_useragent", {"ua": "Mozilla/5.0"}, {"ua": "Mozilla/5.0"}),
    ("set_network_user_id", {"nuid": "n1"}, {"tnuid": "n1"}),
]
CHECKED = {"set_platform", "set_screen_resolution", "set_viewport"}


class Visitor(Subject):
    def __init__(self, plan: str) -> None:
        super().__init__()
        self.plan = plan


def track(subject: Subject | None, event_subject: Subject | None = None) -> dict[str, Any]:
    inbox: Any = Inbox()
    Tracker("ns", inbox, subject=subject).track(
        PageView("https://a.b", event_subject=event_subject)
    )
    events: list[dict[str, Any]] = inbox.events
    return events[0]


def test_starts_on_a_pc():
    assert Subject().standard_nv_pairs == {"p": "pc"}


@pytest.mark.parametrize(("setter", "values", "fields"), SETTERS)
def test_setter_fills_its_field_and_chains(setter, values, fields):
    subject = Subject()
    assert getattr(subject, setter)(**values) is subject
    assert subject.standard_nv_pairs == {"p": "pc"} | fields
    assert track(subject).items() >= fields.items()


@pytest.mark.parametrize("platform", sorted(SUPPORTED_PLATFORMS))
def test_every_platform_of_the_protocol_is_taken(platform):
    assert track(Subject().set_platform(platform))["p"] == platform


def test_a_text_enum_is_its_value():
    class Platform(str, Enum):
        WEB = "web"

    platform: Any = Platform.WEB
    assert str.__str__(track(Subject().set_platform(platform))["p"]) == "web"


@pytest.mark.parametrize("platform", ["desktop", "", None, 5, []])
def test_an_unknown_platform_is_refused(platform):
    with pytest.raises(ValueError, match=r"^value is not supported\.$"):
        Subject().set_platform(platform)


@pytest.mark.parametrize("setter", ["set_viewport", "set_screen_resolution"])
@pytest.mark.parametrize("side", ["width", "height"])
@pytest.mark.parametrize("length", [0, -1, None, "wide"])
def test_a_side_must_be_above_zero(setter, side, length):
    with pytest.raises(ValueError, match=rf"^{side} must be greater than 0\.$"):
        getattr(Subject(), setter)(**({"width": 1, "height": 1} | {side: length}))


@pytest.mark.parametrize(
    ("setter", "values", "fields"), [case for case in SETTERS if case[0] not in CHECKED]
)
def test_none_drops_the_field(setter, values, fields):
    subject = getattr(Subject(), setter)(**values)
    getattr(subject, setter)(None)
    assert not fields.keys() & track(subject).keys()


def test_none_on_the_events_subject_drops_the_trackers_value():
    event = track(Subject().set_user_id("tracker"), Subject().set_user_id(None))
    assert "uid" not in event


def test_an_edited_field_counts_for_the_next_event():
    subject = Subject()
    inbox: Any = Inbox()
    tracker = Tracker("ns", inbox, subject=subject)
    for uid in ("first", "second"):
        subject.standard_nv_pairs["uid"] = uid
        tracker.track(PageView("https://a.b"))
    assert [event["uid"] for event in inbox.events] == ["first", "second"]


def test_the_subject_that_combines_wins():
    mine = Subject().set_user_id("mine")
    other = Subject().set_platform("web").set_user_id("other").set_lang("de")
    assert mine.combine_subject(other) == {"p": "pc", "uid": "mine", "lang": "de"}
    assert mine.combine_subject(None) == {"p": "pc", "uid": "mine"}
    assert other.standard_nv_pairs["uid"] == "other"


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda subject: pickle.loads(pickle.dumps(subject))]
)
def test_duplicates_keep_fields_and_attributes(duplicate):
    original = Visitor("gold")
    original.set_user_id("jo")
    twin = duplicate(original)
    assert type(twin) is Visitor
    assert (twin.plan, twin.standard_nv_pairs) == ("gold", {"p": "pc", "uid": "jo"})
    assert twin != original


def test_repr_shows_the_fields():
    assert repr(Visitor("gold").set_user_id("jo")) == "Visitor({'p': 'pc', 'uid': 'jo'})"


def test_can_be_referred_to_weakly():
    subject = Subject()
    assert weakref.ref(subject)() is subject
