"""The calls of Snowplow Micro 4: events, columns, columnStats, timeline; and single events."""

from __future__ import annotations

import json
import sys
import uuid
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

THING = "iglu:com.acme-x/viewProduct/jsonschema/2-0-0"
PLACE = "iglu:com.acme.geo/Place-Of_sale/jsonschema/1-1-3"
FAILURE = "contexts_com_snowplowanalytics_snowplow_failure_1"


@pytest.fixture
def ask(collector, session):
    """Calls a path with a JSON body."""

    def post(path, body=None):
        return session.post(f"{collector.url}/micro/{path}", json=body, timeout=10)

    return post


@pytest.fixture
def listed(ask):
    """Returns what `/micro/events` answers."""

    def events(**query):
        answer = ask("events", query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return events


@pytest.fixture
def make(post, batch, event):
    """Sends events, one for each dict of changes."""

    def send(*changes):
        ids = ({"eid": str(uuid.uuid4())} for _ in changes)
        post(batch(*(event(**{**own, **change}) for own, change in zip(ids, changes, strict=True))))

    return send


def described(unstruct: Callable[..., str], contexts: Callable[..., str]) -> dict[str, str]:
    co = json.loads(contexts(PLACE, PLACE))
    co["data"][0]["data"] = {"town": "Bern"}
    co["data"][1]["data"] = {"town": "Thun", "open": True}
    return {
        "e": "ue",
        "ue_pr": unstruct(THING, {"price": 12.5, "tags": ["a", "b"]}),
        "co": json.dumps(co),
    }


def test_an_event_is_flat(listed, make, unstruct, contexts):
    make({**described(unstruct, contexts), "aid": "shop", "res": "1x2"})
    (event,) = listed()["events"]
    assert event["app_id"] == "shop"
    assert (event["event"], event["event_name"]) == ("unstruct", "viewProduct")
    assert (event["dvce_screenheight"], event["user_id"]) == (2, None)
    assert event["unstruct_event_com_acme_x_view_product_2"] == {"price": 12.5, "tags": ["a", "b"]}
    assert event["contexts_com_acme_geo_place_of_sale_1"] == [
        {"_schema_version": "1-1-3", "town": "Bern"},
        {"_schema_version": "1-1-3", "town": "Thun", "open": True},
    ]
    assert not {"unstruct_event", "contexts", "derived_contexts"} & set(event)


def test_a_bad_event_has_its_valid_parts_and_an_entity_for_its_failure(listed, make):
    make({"dtm": "x", "aid": "shop", "url": "u" * 20_000, "uid": "me"})
    (event,) = listed()["events"]
    assert (event["app_id"], event["user_id"], event["event"]) == ("shop", "me", "page_view")
    assert event["dvce_created_tstamp"] is None is event["page_url"]
    (failure,) = event[FAILURE]
    assert failure["failureType"] == "ValidationError"
    assert [error["source"] for error in failure["errors"]] == ["dtm", "url"]
    assert failure["errors"][0]["message"].startswith("not an integer number")


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"schema": 1}'])
def test_a_request_without_events_is_listed(listed, post, body):
    post(body)
    (event,) = listed()["events"]
    assert event["event"] is None
    assert event[FAILURE][0]["errors"][0]["source"] == "body"


@pytest.mark.parametrize(
    "changes",
    [{"e": None}, {"e": "zz"}, {"ue_px": "%%%", "e": "ue"}, {"co": "{"}, {"vid": 1}, {"e": 1}],
)
def test_any_bad_event_can_be_listed(listed, make, changes):
    make(changes)
    (event,) = listed(validEvents=False)["events"]
    assert event[FAILURE]


def test_self_describing_data_with_a_malformed_schema_is_left_out(listed, make, unstruct):
    make({"e": "ue", "ue_pr": unstruct("iglu:a/b")})
    (event,) = listed()["events"]
    assert not [name for name in event if name.startswith("unstruct_event")]


def test_pages_newest_first(listed, make):
    make(*({"aid": str(number)} for number in range(5)))
    pages = [listed(page=page, pageSize=2) for page in (1, 2, 3, 4)]
    assert [[event["app_id"] for event in page["events"]] for page in pages] == [
        *(["4", "3"], ["2", "1"], ["0"], [])
    ]
    assert {(page["totalPages"], page["totalItems"]) for page in pages} == {(3, 5)}


def test_nothing(listed):
    assert listed() == {"events": [], "totalPages": 0, "totalItems": 0}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([{"column": "app_id", "values": ["SHOP"]}], 2),
        ([{"column": "app_id", "values": ["shop", "blog"]}], 3),
        ([{"column": "app_id", "values": ["sho"]}], 0),
        ([{"column": "app_id", "contains": "HO"}], 2),
        ([{"column": "app_id", "values": [None]}], 1),
        ([{"column": "app_id", "values": []}], 0),
        ([{"column": "event", "values": ["unstruct"]}], 1),
        (
            [{"column": "event", "values": ["unstruct"]}, {"column": "app_id", "values": ["blog"]}],
            0,
        ),
        ([{"column": "unstruct_event_com_acme_x_view_product_2.price", "values": [12.5]}], 1),
        ([{"column": "unstruct_event_com_acme_x_view_product_2.tags", "values": ["b"]}], 1),
        ([{"column": "contexts_com_acme_geo_place_of_sale_1.town", "values": ["thun"]}], 1),
        ([{"column": "contexts_com_acme_geo_place_of_sale_1.open", "values": ["true"]}], 1),
        ([{"column": f"{FAILURE}.errors.source", "values": ["dtm"]}], 1),
        ([{"column": "no.such.column", "values": ["x"]}], 0),
    ],
)
def test_filters(listed, make, unstruct, contexts, filters, found):
    make(
        {**described(unstruct, contexts), "aid": "shop"},
        {"aid": "shop", "dtm": "x"},
        {"aid": "blog"},
        {},
    )
    assert listed(filters=filters)["totalItems"] == found


@pytest.mark.parametrize(("valid", "found"), [(True, 2), (False, 1), (None, 3)])
def test_valid_events(listed, make, valid, found):
    make({}, {"dtm": "x"}, {})
    assert listed(validEvents=valid)["totalItems"] == found


def test_a_time_range_has_no_end(collector, listed, make):
    make({})
    ((_, row),) = collector.journal.numbered_rows()
    t = row.payload.timestamp
    moment = listed()["events"][0]["collector_tstamp"]
    for start, end, found in [
        *((t, t + 1, 1), (t - 1, t, 0), (t + 1, None, 0), (None, t + 1, 1)),
        *((moment, None, 1), (None, moment, 0)),
    ]:
        assert listed(timeRange={"start": start, "end": end})["totalItems"] == found


@pytest.mark.parametrize(("descending", "order"), [(False, [1, 2, 10]), (True, [10, 2, 1])])
def test_sorting(listed, make, descending, order):
    make({"vid": "2"}, {"vid": "10"}, {"vid": "1"})
    sorting = {"column": "domain_sessionidx", "desc": descending}
    events = listed(sorting=sorting)["events"]
    assert [event["domain_sessionidx"] for event in events] == order


HOSTILE = [
    ("events", {"page": 0}, "page: expected an integer from 1"),
    ("events", {"page": 10**30}, "page: expected an integer from 1"),
    ("events", {"pageSize": 10**30}, "pageSize: expected an integer from 1"),
    ("events", {"pageSize": "9"}, "pageSize: expected an integer"),
    ("events", {"filters": [1]}, "filters: expected objects"),
    ("events", {"filters": [{"column": "a"}] * 101}, "filters: expected a list of at most 100"),
    ("events", {"filters": [{"column": "a", "values": [[]]}]}, "values: expected strings"),
    ("events", {"filters": [{"column": "a", "values": "x"}]}, "values: expected a list"),
    ("events", {"filters": [{"column": "a", "contains": 1}]}, "contains: expected a string"),
    ("events", {"validEvents": 1}, "validEvents: expected true"),
    ("events", {"timeRange": 1}, "timeRange: expected an object"),
    ("events", {"timeRange": {"start": "soon"}}, "timeRange: start: expected milliseconds"),
    ("events", {"sorting": "app_id"}, "sorting: expected an object"),
    ("columnStats", {}, "columns: expected a list"),
    ("columnStats", {"columns": [1]}, "columns: expected a list of strings"),
    ("timeline", {"buckets": 1}, "buckets: expected a list"),
    ("timeline", {"buckets": [{}] * 10_001}, "buckets: expected a list of at most 10,000"),
    ("timeline", {"buckets": [1]}, "buckets: expected an object"),
    ("good", {"limit": 10**30}, f"limit: expected an integer from 0 to {sys.maxsize:,}"),
    ("bad", {"limit": 10**30}, f"limit: expected an integer from 0 to {sys.maxsize:,}"),
]


@pytest.mark.parametrize(("path", "body", "reason"), HOSTILE)
def test_a_hostile_query_is_answered_400_with_the_reason(ask, path, body, reason):
    answer = ask(path, body)
    assert answer.status_code == 400
    assert answer.text.startswith(reason)


@pytest.mark.parametrize("path", ["events", "columnStats", "timeline", "good"])
def test_a_number_of_thousands_of_digits(collector, session, path):
    body = b'{"page": %s, "limit": %s}' % (b"9" * 5_000, b"9" * 5_000)
    answer = session.post(f"{collector.url}/micro/{path}", data=body, timeout=10)
    assert answer.status_code == 400


def test_columns(collector, session, make, unstruct, contexts):
    make(described(unstruct, contexts))

    def names() -> list[str]:
        return session.get(f"{collector.url}/micro/columns", timeout=10).json()  # type: ignore[no-any-return]

    first = names()
    assert {
        *("page_url", "collector_tstamp", "unstruct_event_com_acme_x_view_product_2"),
        *("unstruct_event_com_acme_x_view_product_2.price",),
        *("contexts_com_acme_geo_place_of_sale_1", "contexts_com_acme_geo_place_of_sale_1.town"),
    } <= set(first)
    assert first == sorted(first)
    assert "user_id" not in first
    make({"uid": "me"})
    assert set(names()) - set(first) == {"user_id"}
    collector.reset()
    assert names() == []


def test_column_stats(ask, make, unstruct, contexts):
    make(*({"page": str(number), "aid": "ab"[number % 2]} for number in range(21)))
    make(described(unstruct, contexts))
    entity = "contexts_com_acme_geo_place_of_sale_1"
    names = ["app_id", "page_title", f"{entity}.town", entity, "none"]
    assert ask("columnStats", {"columns": names}).json() == {
        "app_id": {"sortable": True, "filterable": True, "values": ["a", "b"]},
        "page_title": {"sortable": True, "filterable": True},
        f"{entity}.town": {"sortable": False, "filterable": True, "values": ["Bern", "Thun"]},
        entity: {"sortable": False, "filterable": False},
        "none": {"sortable": False, "filterable": False},
    }


def test_values_of_columns_are_complete_for_events_with_the_same_fields(ask, make, unstruct):
    make(
        *(
            {
                "e": "ue",
                "ue_pr": unstruct(THING, {"price": number}),
                "vid": str(number),
                "p": p,
                "aid": "ab"[:number],
            }
            for number, p in enumerate(("web", "mob"))
        )
    )
    price = "unstruct_event_com_acme_x_view_product_2.price"
    names = [
        "app_id",
        "domain_sessionidx",
        "platform",
        "event",
        "event_name",
        "page_urlhost",
        price,
    ]
    stats = ask("columnStats", {"columns": names}).json()
    assert {name: stats[name].get("values") for name in names} == {
        "app_id": ["a"],
        "domain_sessionidx": [0, 1],
        "platform": ["mob", "web"],
        "event": ["unstruct"],
        "event_name": ["viewProduct"],
        "page_urlhost": None,
        price: [0, 1],
    }


def test_a_column_of_fields_has_the_same_values_in_filters_and_in_events(listed, make, contexts):
    sent = {"vid": "3", "res": "1x2", "ua": "me", "ti_nm": "n", "stm": "5", "se_va": "1"}
    make({**sent, "co": contexts(PLACE)})
    (event,) = listed()["events"]
    for column, value in event.items():
        if not isinstance(value, list):
            filters = [{"column": column, "values": [value]}]
            assert listed(filters=filters)["totalItems"] == 1, column


def test_hostile_columns_are_bounded(collector, make, unstruct, session):
    for part in range(3):
        data = {f"{part}.{number}": 1 for number in range(2_500)}
        make({"e": "ue", "ue_pr": unstruct(THING, data)})
    names = session.get(f"{collector.url}/micro/columns", timeout=10).json()
    assert len(names) == 5_000


def test_timeline(collector, ask, make):
    make({}, {}, {"dtm": "x"})
    (_, row), *_ = collector.journal.numbered_rows()
    t = row.payload.timestamp
    buckets = [
        {"start": t - 9, "end": t},
        {"start": t, "end": t + 1},
        {"start": t - 9, "end": None},
    ]
    assert ask("timeline", {"buckets": buckets}).json() == {
        "points": [
            {"validEvents": good, "failedEvents": bad, "bucket": bucket}
            for bucket, good, bad in zip(buckets, (0, 2, 2), (0, 1, 1), strict=True)
        ]
    }


def test_auth_config(collector, session):
    assert session.get(f"{collector.url}/micro/auth-config", timeout=10).json() == {}


def test_one_event_with_its_request_as_sent(collector, session, batch, event):
    body = batch(event(aid="shop", dtm="x"))
    headers = {"Content-Type": "application/json", "X-Mine": "yes"}
    path = "/com.snowplowanalytics.snowplow/tp2?a=b%20c"
    session.post(collector.url + path, data=body, headers=headers, timeout=10)
    number = collector.journal.last
    row = session.get(f"{collector.url}/micro/events/{number}", timeout=10).json()
    assert (row["n"], row["status"], row["ok"], row["app_id"]) == (number, "bad", False, "shop")
    assert row["raw"] == event(aid="shop", dtm="x")
    assert row["errors"] == ["dtm: not an integer number of milliseconds: 'x'"]
    assert row["event"]["app_id"] == "shop"
    assert row["failures"] == [
        {key: value for key, value in row["event"][FAILURE][0].items() if key != "_schema_version"}
    ]
    request = row["request"]
    assert (request["method"], request["path"]) == ("POST", path)
    assert (request["body"].encode(), request["bodySize"]) == (body, len(body))
    assert "X-Mine: yes" in request["headers"]
    assert request["querystring"] == [{"name": "a", "value": "b c"}]


def test_an_event_that_is_gone(collector, session, make):
    make({})
    number = collector.journal.last
    collector.reset()
    for wanted, error in [
        *((number, "dropped"), (number + 1, "no such event"), (0, "no such event")),
        *(("x", "no such event"), ("9" * 9_000, "no such event")),
    ]:
        answer = session.get(f"{collector.url}/micro/events/{wanted}", timeout=10)
        assert (answer.status_code, answer.json()) == (404, {"error": error})
