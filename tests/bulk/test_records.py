"""Records of each form, as payloads."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from snowplow_tracker import PageView, SelfDescribing, SelfDescribingJson, Subject
from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.ids import NAMESPACE
from snowplow_tracker.bulk.records import RecordEncoder
from snowplow_tracker.constants import CONTEXT_SCHEMA, UNSTRUCT_EVENT_SCHEMA, VERSION

SCHEMA = "iglu:com.acme/checkout/jsonschema/1-0-0"
ENTITY: dict[str, Any] = {"schema": "iglu:com.acme/user/jsonschema/1-0-0", "data": {"plan": "free"}}
DATA = {"order": 17, "total": 12.5}
ID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"


def encode(record: Any, **settings: Any) -> dict[str, str]:
    payload = RecordEncoder(**settings).encode(record)
    assert all(isinstance(value, str) and value for value in payload.values())
    return payload


def decoded(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text))


def refusal(record: Any, **settings: Any) -> str:
    with pytest.raises(RecordError) as caught:
        encode(record, **settings)
    return str(caught.value)


def test_a_payload_is_sent_as_it_is_and_completed():
    record = {"e": "pv", "p": "web", "url": "https://acme.com", "vid": 3, "dtm": 1, "stm": "2"}
    payload = encode(record, app_id="shop", platform="srv", namespace="bulk")
    uuid.UUID(payload.pop("eid"))
    assert payload == {
        "e": "pv",
        "p": "web",
        "url": "https://acme.com",
        "vid": "3",
        "dtm": "1",
        "tv": VERSION,
        "aid": "shop",
    }


def test_a_payload_keeps_its_own_ids_names_and_times():
    record = {"e": "pv", "p": "web", "tv": "js-3", "eid": ID, "aid": "own", "dtm": "5", "url": "x"}
    assert encode(record, app_id="shop") == record
    assert encode(record, new_ids=True)["eid"] != ID


def test_a_field_that_is_not_in_the_protocol_is_refused():
    message = refusal({"e": "pv", "p": "web", "urll": "x"})
    assert message.startswith("unknown key 'urll' (known: ")
    assert " url," in message


@pytest.mark.parametrize("is_base64", [True, False])
def test_a_self_describing_record_is_an_event_in_its_envelope(is_base64):
    record = {"schema": SCHEMA, "data": DATA, "entities": [ENTITY], "event_id": ID}
    payload = encode(record, encode_base64=is_base64)
    event, contexts = (
        (decoded(payload["ue_px"]), decoded(payload["cx"]))
        if is_base64
        else (json.loads(payload["ue_pr"]), json.loads(payload["co"]))
    )
    assert payload["e"] == "ue"
    assert payload["eid"] == ID
    assert event == {"schema": UNSTRUCT_EVENT_SCHEMA, "data": {"schema": SCHEMA, "data": DATA}}
    assert contexts == {"schema": CONTEXT_SCHEMA, "data": [ENTITY]}


def test_data_may_be_json_text():
    payload = encode({"schema": SCHEMA, "data": json.dumps(DATA), "contexts": json.dumps([ENTITY])})
    assert decoded(payload["ue_px"])["data"]["data"] == DATA
    assert decoded(payload["cx"])["data"] == [ENTITY]


EVENTS = [
    (
        {"event": "page_view", "page_url": "https://a.com", "page_title": "A", "referrer": "r"},
        {"e": "pv", "url": "https://a.com", "page": "A", "refr": "r"},
    ),
    (
        {"event": "page_ping", "page_url": "u", "min_x": 0, "max_x": 1, "min_y": 2, "max_y": 3},
        {"e": "pp", "url": "u", "pp_mix": "0", "pp_max": "1", "pp_miy": "2", "pp_may": "3"},
    ),
    (
        {"event": "struct", "category": "c", "action": "a", "label": None, "value": Decimal("1.5")},
        {"e": "se", "se_ca": "c", "se_ac": "a", "se_va": "1.5"},
    ),
    (
        {"event": "struct", "category": "c", "action": "a", "label": "l", "property": "p"},
        {"e": "se", "se_ca": "c", "se_ac": "a", "se_la": "l", "se_pr": "p"},
    ),
]


@pytest.mark.parametrize(("record", "fields"), EVENTS)
def test_an_event_by_its_name(record, fields):
    payload = encode(record)
    assert {key: payload[key] for key in payload if key not in ("eid", "dtm", "p", "tv")} == fields


def test_an_unstruct_event_by_its_name():
    payload = encode({"event": "unstruct", "schema": SCHEMA, "data": DATA})
    assert decoded(payload["ue_px"])["data"] == {"schema": SCHEMA, "data": DATA}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"event": "page_vew"}, "event: 'page_vew' is not one of page_view, page_ping"),
        ({"event": "page_view"}, "page_url: missing"),
        ({"event": "struct", "category": "c", "action": ""}, "action: missing"),
        ({"event": "page_view", "page_url": "u", "title": "t"}, "unknown key 'title' (known: "),
        ({"event": "page_view", "page_url": ["u"]}, "page_url: expected text or a number"),
        ({"event": "struct", "category": "c", "action": "a", "value": float("nan")}, "value: nan"),
        ({"schema": SCHEMA, "data": DATA, "entitys": []}, "unknown key 'entitys' (known: "),
        ({"schema": "acme/1-0-0", "data": DATA}, "schema: 'acme/1-0-0' is not iglu:"),
        ({"schema": UNSTRUCT_EVENT_SCHEMA, "data": {}}, "give what is inside of it"),
        ({"schema": SCHEMA, "data": 3}, "data: expected an object, not int"),
        ({"schema": SCHEMA, "data": '{"a": NaN}'}, "data: not JSON: NaN is not JSON"),
        ({"schema": SCHEMA, "data": {"a": object()}}, "data: "),
        ({"schema": SCHEMA, "data": DATA, "entities": [{"schema": SCHEMA}]}, "entity 1 is not"),
        ({"schema": SCHEMA, "data": DATA, "entities": {}}, "entities: expected a list"),
        ({"schema": SCHEMA, "data": DATA, "subject": {"user": 1}}, "subject: unknown key 'user'"),
        ({"schema": SCHEMA, "data": DATA, "event_id": ""}, "event_id: empty"),
        ({"a": 1}, "no form of record has these keys: a"),
        ([1], "expected an object, not list"),
    ],
)
def test_what_cannot_be_an_event_is_refused_with_the_reason(record, reason):
    assert reason in refusal(record)


def test_the_subject_has_names_of_the_tracker_or_of_the_protocol():
    subject = {"user_id": "u", "ip": "1.2.3.4", "viewport": [800, 600], "domain_session_index": 2}
    payload = encode({"event": "page_view", "page_url": "u", "subject": subject})
    assert payload["uid"] == "u"
    assert payload["ip"] == "1.2.3.4"
    assert payload["vp"] == "800x600"
    assert payload["vid"] == "2"


def test_a_record_overrides_the_settings_and_they_fill_in_the_rest():
    subject = Subject().set_user_id("all").set_lang("en")
    settings = {"app_id": "shop", "platform": "srv", "namespace": "n", "subject": subject}
    record = {"event": "page_view", "page_url": "u", "app_id": "own", "subject": {"uid": "one"}}
    payload = encode(record, **settings)
    assert (payload["aid"], payload["uid"], payload["lang"], payload["tna"]) == (
        *("own", "one", "en"),
        "n",
    )


TIMES = [
    ("2024-02-29T12:30:00Z", 1_709_209_800_000),
    ("2024-02-29 12:30:00", 1_709_209_800_000),
    ("2024-02-29T14:30:00.1234567+02:00", 1_709_209_800_123),
    ("2024-02-29T14:30:00.5+0200", 1_709_209_800_500),
    ("2024-02-29", 1_709_164_800_000),
    (1_709_209_800, 1_709_209_800_000),
    (1_709_209_800_123, 1_709_209_800_123),
    (1.001, 1_001),
    ("1709209800.5", 1_709_209_800_500),
    (10**11, 10**11),
    (10**11 - 1, (10**11 - 1) * 1_000),
    (datetime(2024, 2, 29, 12, 30), 1_709_209_800_000),  # noqa: DTZ001
    (datetime(2024, 2, 29, 14, 30, tzinfo=timezone(timedelta(hours=2))), 1_709_209_800_000),
    (date(2024, 2, 29), 1_709_164_800_000),
]


@pytest.mark.parametrize(("value", "expected"), TIMES)
def test_true_timestamps(value, expected):
    payload = encode({"event": "page_view", "page_url": "u", "true_timestamp": value})
    assert payload["ttm"] == str(expected)
    assert payload["dtm"] == str(expected), "the time of loading says nothing about the event"


@pytest.mark.parametrize("value", ["yesterday", "2024-13-01", True, [1], 10**18, float("nan")])
def test_what_is_no_time_is_refused(value):
    record = {"event": "page_view", "page_url": "u", "true_timestamp": value}
    assert refusal(record).startswith("true_timestamp: ")


def test_both_times_are_kept():
    record = {"event": "page_view", "page_url": "u", "true_timestamp": 1, "created_timestamp": 2}
    payload = encode(record)
    assert (payload["ttm"], payload["dtm"]) == ("1000", "2000")


def test_an_event_id_that_is_no_uuid_gives_the_same_uuid_each_time():
    record = {"event": "page_view", "page_url": "u", "event_id": "order-17"}
    expected = str(uuid.uuid5(uuid.UUID(bytes=NAMESPACE), "order-17"))
    assert [encode(record)["eid"] for _ in range(2)] == [expected] * 2
    assert encode({**record, "event_id": ID})["eid"] == ID
    assert encode({**record, "event_id": uuid.UUID(ID)})["eid"] == ID


def test_ids_times_and_users_may_be_taken_from_other_keys():
    record = {"schema": SCHEMA, "data": {"order": 17, "day": "03.02.2024"}, "account": "a-1"}
    settings = {"id_from": ["data.order", "account"], "time_from": "data.day"}
    payload = encode(record, **settings, time_format="%d.%m.%Y", user_id_from="account")
    assert payload["eid"] == str(uuid.uuid5(uuid.UUID(bytes=NAMESPACE), "17\x1fa-1"))
    assert payload["ttm"] == "1706918400000"
    assert payload["uid"] == "a-1"
    assert refusal({**record, "account": None}, id_from="account") == "account: no value"


def test_an_event_object_is_encoded_as_its_tracker_would():
    event = SelfDescribing(
        SelfDescribingJson(SCHEMA, DATA),
        event_subject=Subject().set_user_id("u"),
        context=[SelfDescribingJson(ENTITY["schema"], ENTITY["data"])],
        true_timestamp=1_000_000_000_000,
    )
    payload = encode(event, app_id="shop", subject=Subject().set_lang("en"))
    assert decoded(payload["ue_px"])["data"] == {"schema": SCHEMA, "data": DATA}
    assert decoded(payload["cx"])["data"] == [ENTITY]
    assert (payload["uid"], payload["lang"], payload["aid"]) == ("u", "en", "shop")
    assert payload["ttm"] == payload["dtm"] == "1000000000000"
    assert encode(PageView("https://a.com"))["p"] == "srv"


RAW = {"e": "pv", "p": "web", "tv": "js-3", "eid": ID, "url": "https://a.com", "stm": "9"}
SENT = {**{key: value for key, value in RAW.items() if key != "stm"}, "dtm": "7"}


def test_a_row_of_micro_is_its_parameters():
    parameters = {**RAW, "dtm": "7"}
    row = {"rawEvent": {"parameters": parameters}, "event": {"event_id": ID}, "schema": SCHEMA}
    assert encode(row) == SENT
    assert encode({"rawEvent": None, "collectorPayload": {"body": _body(parameters)}}) == SENT
    exported = {"n": 1, "received": "x", "good": True, "event": {}, "parameters": parameters}
    assert encode(exported) == SENT


def _body(*events: dict[str, str]) -> str:
    return json.dumps({"schema": "iglu:x/payload_data/jsonschema/1-0-4", "data": events})


def _bad_row(kind: str, payload: Any) -> dict[str, Any]:
    schema = f"iglu:com.snowplowanalytics.snowplow.badrows/{kind}/jsonschema/2-0-0"
    return {"schema": schema, "data": {"failure": {}, "payload": payload}}


@pytest.mark.parametrize("kind", ["schema_violations", "enrichment_failures"])
def test_a_bad_row_is_sent_with_what_the_collector_knew(kind):
    parameters = [{"name": key, "value": value} for key, value in {**RAW, "dtm": "7"}.items()]
    raw = {"parameters": parameters, "ipAddress": "1.2.3.4", "useragent": "ua", "userId": ID}
    request = {"ip": "1.2.3.4", "ua": "ua", "tnuid": ID}
    assert encode(_bad_row(kind, {"enriched": {}, "raw": raw})) == {**SENT, **request}


def test_a_bad_request_may_have_several_events():
    row = _bad_row("tracker_protocol_violations", {"body": _body({**RAW, "dtm": "7"}, RAW)})
    first, second = RecordEncoder().encode_all(row)
    assert first == SENT
    assert second["dtm"] != "7"
    assert refusal(row) == "bad row: has 2 events, expected one"


def test_a_bad_row_without_an_event_is_refused():
    message = refusal(_bad_row("size_violation", {"line": "x"}))
    assert message == "bad row size_violation: has no event that could be sent again"


def test_a_dead_letter_is_the_record_in_it():
    letter = {"source": "x.ndjson", "line": 17, "reason": "invalid", "errors": [], "record": RAW}
    assert encode(letter)["eid"] == ID
    assert [payload["eid"] for payload in RecordEncoder().encode_all(letter)] == [ID]


ENRICHED: dict[str, Any] = {
    "app_id": "shop",
    "platform": "web",
    "event": "unstruct",
    "event_id": ID,
    "geo_country": "F",
    "collector_tstamp": "2024-02-29 12:30:01.000",
    "derived_tstamp": "2024-02-29T12:30:00.500Z",
    "dvce_created_tstamp": "2024-02-29T12:30:00Z",
    "v_tracker": "js-3",
    "user_id": "u",
    "user_ipaddress": "1.2.3.4",
    "dvce_screenwidth": 800,
    "dvce_screenheight": 600.0,
    "br_cookies": True,
    "domain_sessionidx": 2,
    "se_value": None,
    "etl_tstamp": "x",
    "unstruct_event": {"schema": UNSTRUCT_EVENT_SCHEMA, "data": {"schema": SCHEMA, "data": DATA}},
    "contexts": {"schema": CONTEXT_SCHEMA, "data": [ENTITY]},
    "derived_contexts": {"schema": CONTEXT_SCHEMA, "data": [ENTITY, ENTITY]},
}


def test_an_enriched_event_becomes_a_payload_again():
    payload = encode(ENRICHED, app_id="other")
    assert decoded(payload.pop("ue_px"))["data"] == {"schema": SCHEMA, "data": DATA}
    assert decoded(payload.pop("cx"))["data"] == [ENTITY]
    assert payload == {
        "e": "ue",
        "aid": "shop",
        "p": "web",
        "eid": ID,
        "tv": "js-3",
        "uid": "u",
        "vid": "2",
        "ip": "1.2.3.4",
        "cookie": "1",
        "res": "800x600",
        "dtm": "1709209800000",
        "ttm": "1709209800500",
    }


def test_an_enriched_event_may_have_a_column_for_each_schema():
    names = {"event_vendor": "com.acme", "event_name": "checkout"}
    version = {"event_format": "jsonschema", "event_version": "1-0-3"}
    column = "contexts_com_acme_user_1"
    record = {
        **ENRICHED,
        "unstruct_event": None,
        "contexts": None,
        **names,
        **version,
        "unstruct_event_com_acme_checkout_1": DATA,
        column: [{"_schema_version": "1-0-7", "plan": "free"}],
        "contexts_nl_basjes_yauaa_context_1": [{}],
    }
    assert refusal(record).startswith(f"{column}: its schema cannot be read from its name")
    payload = encode(record, column_schemas={column: ENTITY["schema"]})
    schema = "iglu:com.acme/user/jsonschema/1-0-7"
    assert decoded(payload["cx"])["data"] == [{"schema": schema, "data": {"plan": "free"}}]
    event = decoded(payload["ue_px"])["data"]
    assert event == {"schema": "iglu:com.acme/checkout/jsonschema/1-0-3", "data": DATA}


def test_an_enriched_event_may_get_a_new_time_and_a_new_id():
    payload = encode(ENRICHED, keep_time=False, new_ids=True)
    assert "ttm" not in payload
    assert payload["eid"] != ID
