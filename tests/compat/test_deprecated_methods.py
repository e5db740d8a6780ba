"""The old `track_*` methods: which event each one tracks."""

from __future__ import annotations

import copy
import json
from inspect import signature
from typing import Any
from unittest import mock

import pytest
from tests.compat.trackers import make

from snowplow_tracker import SelfDescribingJson, Subject, Tracker
from snowplow_tracker.contracts import disable_contracts, enable_contracts

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

VENDOR = "iglu:com.snowplowanalytics.snowplow"
SCREEN_VIEW = "iglu:com.snowplowanalytics.mobile/screen_view/jsonschema/1-0-0"
SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"
ITEM = {"sku": "s1", "price": 3, "quantity": 2}
FIELD = {"name": "n", "value": "v", "nodeName": "INPUT"}
COMMON = ["context", "tstamp", "event_subject"]

# method, arguments, the event's own fields
PLAIN: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("track_page_view", ("u",), {"e": "pv", "url": "u"}),
    (
        "track_page_view",
        ("u", "t", "r"),
        {"e": "pv", "url": "u", "page": "t", "refr": "r"},
    ),
    (
        "track_page_ping",
        ("u", "t", "r", 0, 1, 2, 3),
        {"e": "pp", "url": "u", "page": "t", "refr": "r"}
        | {"pp_mix": 0, "pp_max": 1, "pp_miy": 2, "pp_may": 3},
    ),
    (
        "track_struct_event",
        ("c", "a", "l", "p", 0),
        {"e": "se", "se_ca": "c", "se_ac": "a", "se_la": "l", "se_pr": "p", "se_va": 0},
    ),
    (
        "track_struct_event",
        ("c", "a", "", None, 1.5),
        {"e": "se", "se_ca": "c", "se_ac": "a", "se_va": 1.5},
    ),
    ("track_ecommerce_transaction", ("o", 0, "", None), {"e": "tr", "tr_id": "o", "tr_tt": 0}),
    (
        "track_ecommerce_transaction",
        ("o", 10.5, "af", 1, 2.5, "ci", "st", "co", "EUR"),
        {"e": "tr", "tr_id": "o", "tr_tt": 10.5, "tr_af": "af", "tr_tx": 1, "tr_sh": 2.5}
        | {"tr_ci": "ci", "tr_st": "st", "tr_co": "co", "tr_cu": "EUR"},
    ),
    (
        "track_ecommerce_transaction_item",
        ("o", "s", 0, 0, ""),
        {"e": "ti", "ti_id": "o", "ti_sk": "s", "ti_pr": 0, "ti_qu": 0},
    ),
    (
        "track_ecommerce_transaction_item",
        ("o", "s", 1.5, 2, "n", "c", "EUR"),
        {"e": "ti", "ti_id": "o", "ti_sk": "s", "ti_pr": 1.5, "ti_qu": 2}
        | {"ti_nm": "n", "ti_ca": "c", "ti_cu": "EUR"},
    ),
]

# method, arguments, schema, data
SHORTCUTS: list[tuple[str, tuple[Any, ...], str, dict[str, Any]]] = [
    ("track_link_click", ("u",), "link_click/jsonschema/1-0-1", {"targetUrl": "u"}),
    (
        "track_link_click",
        ("u", "id", ["a", "b"], "", "x"),
        "link_click/jsonschema/1-0-1",
        {"targetUrl": "u", "elementId": "id", "elementClasses": ["a", "b"]}
        | {"elementTarget": "", "elementContent": "x"},
    ),
    (
        "track_add_to_cart",
        ("s", 0, "", None, 0, "GBP"),
        "add_to_cart/jsonschema/1-0-0",
        {"sku": "s", "quantity": 0, "name": "", "unitPrice": 0, "currency": "GBP"},
    ),
    (
        "track_remove_from_cart",
        ("s", 2, "n", "c", 1.5, "GBP"),
        "remove_from_cart/jsonschema/1-0-0",
        {"sku": "s", "quantity": 2, "name": "n"}
        | {"category": "c", "unitPrice": 1.5, "currency": "GBP"},
    ),
    (
        "track_form_change",
        ("f", None, "INPUT", None),
        "change_form/jsonschema/1-0-0",
        {"formId": "f", "elementId": None, "nodeName": "INPUT", "value": None},
    ),
    (
        "track_form_change",
        ("f", "e", "TEXTAREA", "", "CheckBox", ["c"]),
        "change_form/jsonschema/1-0-0",
        {"formId": "f", "elementId": "e", "nodeName": "TEXTAREA", "value": ""}
        | {"type": "CheckBox", "elementClasses": ["c"]},
    ),
    ("track_form_submit", ("f",), "submit_form/jsonschema/1-0-0", {"formId": "f"}),
    (
        "track_form_submit",
        ("f", [], []),
        "submit_form/jsonschema/1-0-0",
        {"formId": "f", "formClasses": []},
    ),
    (
        "track_form_submit",
        ("f", ("c",), [FIELD, FIELD | {"nodeName": "SELECT", "type": "text"}]),
        "submit_form/jsonschema/1-0-0",
        {"formId": "f", "formClasses": ["c"]}
        | {"elements": [FIELD, FIELD | {"nodeName": "SELECT", "type": "text"}]},
    ),
    ("track_site_search", ("text",), "site_search/jsonschema/1-0-0", {"terms": "text"}),
    (
        "track_site_search",
        (["a", "b"], {"f": True}, 0, 1),
        "site_search/jsonschema/1-0-0",
        {"terms": ["a", "b"], "filters": {"f": True}, "totalResults": 0, "pageResults": 1},
    ),
    ("track_screen_view", (), "screen_view/jsonschema/1-0-0", {}),
    ("track_screen_view", ("", "i"), "screen_view/jsonschema/1-0-0", {"name": "", "id": "i"}),
]
CALLS = [(method, arguments) for method, arguments, *_ in PLAIN + SHORTCUTS] + [
    ("track_mobile_screen_view", ("n", "i")),
    ("track_self_describing_event", (SelfDescribingJson(SCHEMA, {"x": 1}),)),
    ("track_unstruct_event", (SelfDescribingJson(SCHEMA, {"x": 1}),)),
]


def own_fields(event: dict[str, Any]) -> dict[str, Any]:
    return {name: event[name] for name in event.keys() - {"eid", "dtm", "tv", "tna", "p"}}


def self_describing(event: dict[str, Any]) -> dict[str, Any]:
    assert event["e"] == "ue"
    envelope: dict[str, Any] = json.loads(event["ue_pr"])
    assert envelope["schema"] == f"{VENDOR}/unstruct_event/jsonschema/1-0-0"
    data: dict[str, Any] = envelope["data"]
    return data


@pytest.mark.parametrize(("method", "arguments", "fields"), PLAIN)
def test_plain_events(method, arguments, fields):
    tracker, events = make()
    assert getattr(tracker, method)(*arguments) is tracker
    assert [own_fields(event) for event in events] == [fields]


@pytest.mark.parametrize(("method", "arguments", "schema", "data"), SHORTCUTS)
def test_shortcuts_to_a_schema(method, arguments, schema, data):
    tracker, events = make()
    assert getattr(tracker, method)(*arguments) is tracker
    assert len(events) == 1
    assert self_describing(events[0]) == {"schema": f"{VENDOR}/{schema}", "data": data}


@pytest.mark.parametrize("method", ["track_self_describing_event", "track_unstruct_event"])
def test_events_with_a_schema_of_ones_own(method):
    tracker, events = make()
    assert getattr(tracker, method)(SelfDescribingJson(SCHEMA, {"x": 1})) is tracker
    assert [self_describing(event) for event in events] == [{"schema": SCHEMA, "data": {"x": 1}}]


def test_mobile_screen_view():
    tracker, events = make()
    assert tracker.track_mobile_screen_view("n", "i", "t", "pn", "pi", "pt", "tt") is tracker
    data = {"id": "i", "name": "n", "type": "t", "previousName": "pn", "previousId": "pi"}
    data |= {"previousType": "pt", "transitionType": "tt"}
    assert self_describing(events[0]) == {"schema": SCREEN_VIEW, "data": data}


def test_mobile_screen_view_draws_an_id():
    tracker, events = make()
    with mock.patch.object(tracker, "get_uuid", return_value="drawn"):
        tracker.track_mobile_screen_view("n")
    assert self_describing(events[0])["data"] == {"id": "drawn", "name": "n"}


@pytest.mark.parametrize(("method", "arguments"), CALLS)
def test_context_time_and_subject_go_on_each_event(method, arguments):
    tracker, events = make()
    context = [SelfDescribingJson(SCHEMA, {"c": 1})]
    subject = Subject().set_user_id("jo")
    getattr(tracker, method)(*arguments, context=context, tstamp=12.9, event_subject=subject)
    assert (events[0]["ttm"], events[0]["uid"]) == (12, "jo")
    assert json.loads(events[0]["co"])["data"] == [{"schema": SCHEMA, "data": {"c": 1}}]


@pytest.mark.parametrize("method", sorted({method for method, _ in CALLS}))
def test_parameters_end_in_context_time_and_subject(method):
    assert list(signature(getattr(Tracker, method)).parameters)[-3:] == COMMON


@pytest.mark.parametrize(
    ("method", "arguments", "complaint"),
    [
        ("track_page_view", ("",), "page_url is empty."),
        ("track_page_ping", (None,), "page_url is empty."),
        ("track_struct_event", ("", "a"), "category is empty."),
        ("track_struct_event", ("c", 5), "action is empty."),
        ("track_link_click", (5,), "target_url is empty."),
        ("track_add_to_cart", ("", 1), "sku is empty."),
        ("track_remove_from_cart", (None, 1), "sku is empty."),
        ("track_form_change", ("", "e", "INPUT", "v"), "form_id is empty."),
        ("track_form_change", ("f", "e", "DIV", "v"), "node_name is not supported."),
        ("track_form_change", ("f", "e", "INPUT", "v", "zip"), "type_ is not supported."),
        ("track_form_change", ("f", "e", "INPUT", "v", 5), "type_ is not supported."),
        ("track_form_submit", (None,), "form_id is empty."),
        ("track_form_submit", ("f", None, [{"name": "n"}]), "elements is not allowed."),
        ("track_site_search", ([],), "terms is empty."),
        ("track_site_search", (None,), "terms is empty."),
        ("track_mobile_screen_view", ("",), "name is empty."),
        ("track_ecommerce_transaction", ("", 1), "order_id is empty."),
        ("track_ecommerce_transaction_item", (None, "s", 1, 1), "order_id is empty."),
        ("track_ecommerce_transaction_item", ("o", "", 1, 1), "sku is empty."),
    ],
)
def test_bad_values_are_refused_by_name(method, arguments, complaint):
    tracker, events = make()
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        getattr(tracker, method)(*arguments)
    assert events == []


def test_nothing_is_refused_without_contracts():
    tracker, events = make()
    disable_contracts()
    try:
        tracker.track_link_click("").track_form_change("", None, "DIV", None, type_=5)
        tracker.track_form_submit("", elements=["x"]).track_site_search([])
    finally:
        enable_contracts()
    assert len(events) == 4


class TestOrders:
    """`track_ecommerce_transaction` and its items."""

    def test_one_event_for_the_order_and_one_for_each_item(self):
        tracker, events = make()
        tracker.track_ecommerce_transaction(
            "o", 6, currency="EUR", items=[ITEM, ITEM | {"sku": "s2", "name": "n", "category": "c"}]
        )
        item = {"e": "ti", "ti_id": "o", "ti_pr": 3, "ti_qu": 2, "ti_cu": "EUR"}
        assert [own_fields(event) for event in events] == [
            {"e": "tr", "tr_id": "o", "tr_tt": 6, "tr_cu": "EUR"},
            item | {"ti_sk": "s1"},
            item | {"ti_sk": "s2", "ti_nm": "n", "ti_ca": "c"},
        ]

    def test_a_number_is_a_currency_of_the_order_zero_too(self):
        tracker, events = make()
        tracker.track_ecommerce_transaction("o", 6, currency=0, items=[ITEM])
        assert [own_fields(event).get("ti_cu", 0) for event in events] == [0, 0]
        assert "ti_cu" in events[1]

    def test_items_are_left_unchanged(self):
        tracker, _ = make()
        items = [ITEM | {"name": "n"}]
        before = copy.deepcopy(items)
        tracker.track_ecommerce_transaction("o", 6, currency="EUR", items=items)
        assert items == before

    def test_items_are_tracked_by_an_overridable_method_with_all_by_keyword(self):
        tracker, _ = make()
        with mock.patch.object(tracker, "track_ecommerce_transaction_item") as item:
            tracker.track_ecommerce_transaction("o", 6, items=[ITEM])
        shared = {"order_id": "o", "currency": None, "context": None}
        shared |= {"tstamp": None, "event_subject": None}
        item.assert_called_once_with(**ITEM, **shared)

    @pytest.mark.parametrize("order_has", [True, False])
    def test_what_the_order_has_goes_before_what_the_item_has(self, order_has):
        tracker, events = make()
        given = {
            who: {
                "currency": who,
                "context": [SelfDescribingJson(SCHEMA, {"of": who})],
                "event_subject": Subject().set_user_id(who),
            }
            for who in ("order", "item")
        }
        order: dict[str, Any] = given["order"] if order_has else {"context": []}
        tracker.track_ecommerce_transaction("o", 6, items=[ITEM | given["item"]], **order)
        expected = "order" if order_has else "item"
        assert (events[1]["ti_cu"], events[1]["uid"]) == (expected, expected)
        assert json.loads(events[1]["co"])["data"][0]["data"] == {"of": expected}

    @pytest.mark.parametrize(
        ("tstamp", "ttm"), [(1234.5, 1234), (0, 0), (None, None), ("noon", None)]
    )
    def test_order_and_items_carry_the_same_time(self, tstamp, ttm):
        tracker, events = make()
        items = [ITEM | {"tstamp": 99}, ITEM]
        tracker.track_ecommerce_transaction("o", 6, items=items, tstamp=tstamp)
        assert [event.get("ttm") for event in events] == [ttm] * 3

    @pytest.mark.parametrize(
        "bad",
        [{"sku": "s", "price": 1}, ITEM | {"colour": "red"}, {}, "sku", None, 5],
    )
    def test_a_bad_item_is_a_type_error_before_anything_is_tracked(self, bad):
        tracker, events = make()
        with pytest.raises(TypeError):
            tracker.track_ecommerce_transaction("o", 6, items=[ITEM, bad])
        assert events == []

    def test_the_error_names_the_key(self):
        tracker, _ = make()
        with pytest.raises(TypeError, match=r"^items: .*'colour'"):
            tracker.track_ecommerce_transaction("o", 6, items=[ITEM | {"colour": "red"}])

    def test_an_override_may_take_more_keys(self):
        class Coloured(Tracker):
            def track_ecommerce_transaction_item(self, *, colour: str, **rest: Any) -> Tracker:  # type: ignore[override]
                return super().track_ecommerce_transaction_item(**rest, name=colour)

        tracker, events = make(Coloured)
        tracker.track_ecommerce_transaction("o", 6, items=[ITEM | {"colour": "red"}])
        assert events[1]["ti_nm"] == "red"
