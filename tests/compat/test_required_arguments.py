"""Required arguments: a TypeError if left out, a ValueError if None or empty."""

from __future__ import annotations

from enum import Enum
from typing import Any
from unittest.mock import MagicMock

import pytest

from snowplow_tracker import (
    Emitter,
    EmitterConfiguration,
    Event,
    PagePing,
    PageView,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    Snowplow,
    StructuredEvent,
    Tracker,
    disable_contracts,
    enable_contracts,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"
NOTHING: list[Any] = [None, ""]
NO_TEXT: list[Any] = [b"text", 5, 0, ["text"], object()]


class Safe(str):
    """Text as template libraries make it."""

    __slots__ = ()

    def __str__(self) -> str:
        return "no"


class Name(str, Enum):
    SHOP = "shop"


# what is called, a full set of required arguments, the texts among them
REQUIRED: list[tuple[Any, dict[str, Any], list[str]]] = [
    (PageView, {"page_url": "a"}, ["page_url"]),
    (PagePing, {"page_url": "a"}, ["page_url"]),
    (StructuredEvent, {"category": "a", "action": "b"}, ["category", "action"]),
    (ScreenView, {"id_": "a", "name": "b"}, ["id_", "name"]),
    (SelfDescribingJson, {"schema": SCHEMA, "data": {}}, ["schema"]),
    ("track_page_view", {"page_url": "a"}, ["page_url"]),
    ("track_page_ping", {"page_url": "a"}, ["page_url"]),
    ("track_struct_event", {"category": "a", "action": "b"}, ["category", "action"]),
    ("track_mobile_screen_view", {"name": "a"}, ["name"]),
    ("track_link_click", {"target_url": "a"}, ["target_url"]),
    ("track_add_to_cart", {"sku": "a", "quantity": 1}, ["sku"]),
    ("track_remove_from_cart", {"sku": "a", "quantity": 1}, ["sku"]),
    (
        "track_form_change",
        {"form_id": "a", "element_id": "b", "node_name": "INPUT", "value": "c"},
        ["form_id"],
    ),
    ("track_form_submit", {"form_id": "a"}, ["form_id"]),
    ("track_site_search", {"terms": ["a"]}, []),
    ("track_ecommerce_transaction", {"order_id": "a", "total_value": 1}, ["order_id"]),
    (
        "track_ecommerce_transaction_item",
        {"order_id": "a", "sku": "b", "price": 1, "quantity": 1},
        ["order_id", "sku"],
    ),
    ("track_self_describing_event", {"event_json": SelfDescribingJson(SCHEMA, {})}, []),
    ("track_unstruct_event", {"event_json": SelfDescribingJson(SCHEMA, {})}, []),
]
TEXTS = [(call, given, name) for call, given, names in REQUIRED for name in names]


@pytest.fixture
def called(tracker):
    """Call a class, or a method of a tracker."""
    return lambda call, **given: (getattr(tracker, call) if isinstance(call, str) else call)(
        **given
    )


@pytest.fixture
def unchecked():
    disable_contracts()
    yield
    enable_contracts()


@pytest.mark.parametrize(("call", "given", "texts"), REQUIRED)
def test_left_out_it_is_a_type_error(called, inbox, call, given, texts):  # noqa: ARG001
    for name in given:
        with pytest.raises(TypeError, match=name):
            called(call, **{other: given[other] for other in given if other != name})
    assert inbox.events == []


@pytest.mark.parametrize("value", [*NOTHING, *NO_TEXT])
@pytest.mark.parametrize(("call", "given", "name"), TEXTS)
def test_given_as_nothing_or_as_no_text_it_is_a_value_error(
    called, inbox, call, given, name, value
):
    with pytest.raises(ValueError, match=rf"^{name} is empty\.$"):
        called(call, **{**given, name: value})
    assert inbox.events == []


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("value", [*NOTHING, 5, 0, ["text"]])
@pytest.mark.parametrize(("call", "given", "name"), TEXTS)
def test_without_contracts_anything_is_taken(called, call, given, name, value):
    called(call, **{**given, name: value})


@pytest.mark.parametrize(("text", "expected"), [(Safe("yes"), "yes"), (Name.SHOP, "shop")])
@pytest.mark.parametrize("kind", [PageView, StructuredEvent])
def test_a_subclass_of_text_is_text(inbox, make_inbox, kind, text, expected):
    other = make_inbox()
    event = kind(text) if kind is PageView else kind(text, text)
    Tracker("ns", [inbox, other]).track(event)
    field = "url" if kind is PageView else "se_ca"
    assert str.__str__(inbox.events[0][field]) == expected


def test_an_event_of_ones_own_needs_nothing():
    assert Event().payload.get() == {}


class TestSwitch:
    @pytest.mark.usefixtures("unchecked")
    @pytest.mark.parametrize("emitters", [[], ()])
    def test_a_tracker_without_emitters_is_taken_and_tracks(self, emitters):
        assert isinstance(Tracker("ns", emitters).track(PageView("u")), str)

    @pytest.mark.usefixtures("unchecked")
    def test_a_self_describing_event_is_taken_without_its_json_and_cannot_be_tracked(
        self, tracker, inbox
    ):
        event: Any = SelfDescribing(None)  # type: ignore[arg-type]
        with pytest.raises(AttributeError, match="event_json"):
            tracker.track(event)
        assert inbox.events == []

    @pytest.mark.usefixtures("unchecked")
    @pytest.mark.parametrize(
        ("error", "call"),
        [
            (ValueError, lambda: Emitter("")),
            (ValueError, lambda: EmitterConfiguration(batch_size=-1)),
            (ValueError, lambda: EmitterConfiguration(byte_limit="1")),  # type: ignore[arg-type]
            (TypeError, lambda: Snowplow.create_tracker("ns", None)),  # type: ignore[arg-type]
        ],
    )
    def test_what_is_no_contract_holds_all_the_same(self, error, call):
        with pytest.raises(error):
            call()


@pytest.mark.parametrize("given", [{"e": "pv"}, None, "PageView"])
def test_what_is_no_event_is_named(given: Any):
    tracker = Tracker(MagicMock(), namespace="ns")
    expected = f"event must be an Event, such as PageView: '{type(given).__name__}' object"
    with pytest.raises(AttributeError, match=expected):
        tracker.track(given)
