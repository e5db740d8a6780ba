"""The HTTP interface of the local collector."""

from __future__ import annotations

import json
import socket
import uuid
import zlib

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snowplow_tracker._canonical_event import PAYLOAD_DATA_KEYS

TP2 = "/com.snowplowanalytics.snowplow/tp2"
PIXEL_QUERY = {
    "e": "pv",
    "p": "web",
    "tv": "x",
    "url": "http://a.b/c",
    "eid": "5f0c2b3e-3d0b-4d64-9c1e-6f2f4b1f9a10",
}


def raw_request(collector, request: bytes) -> bytes:
    with socket.create_connection((collector.host, collector.port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
    return answer


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_post(collector, post, event, batch):
    answer = post(batch(event(), event(eid=str(uuid.uuid4()))))
    assert (answer.status_code, answer.text) == (200, "ok")
    assert collector.journal.wait_for(2) == {"total": 2, "good": 2, "bad": 0}


def test_a_bad_event_is_answered_200_too(collector, post, event, batch):
    assert post(batch(event(dtm="x"))).status_code == 200
    assert collector.journal.counts() == {"total": 1, "good": 0, "bad": 1}


def test_get_answers_a_pixel(collector, session):
    answer = session.get(f"{collector.url}/i", params=PIXEL_QUERY, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/gif"
    assert answer.content[:6] == b"GIF89a"
    assert collector.journal.counts() == {"total": 1, "good": 1, "bad": 0}


def test_get_without_an_event(collector, session):
    assert session.get(f"{collector.url}/i", timeout=10).status_code == 200
    assert collector.journal.counts()["bad"] == 1


@pytest.mark.parametrize(
    ("content_type", "good"),
    [
        ("application/json; charset=utf-8", True),
        ("application/json", True),
        ("application/json; charset=UTF-8", True),
        ("Application/JSON", True),
        ("application/json;charset=utf-8", False),
        ("application/json;  charset=utf-8", False),
        ('application/json; charset="utf-8"', False),
        ("application/json; charset=latin-1", False),
        ("text/plain", False),
        ("", False),
    ],
)
def test_content_types(collector, post, event, batch, content_type, good):
    assert post(batch(event()), content_type).status_code == 200
    assert collector.journal.counts()["good"] == good


def test_health(collector, session):
    answer = session.get(f"{collector.url}/health", timeout=10)
    assert (answer.status_code, answer.text) == (200, "OK")


def test_unknown_paths_and_methods(collector, session):
    assert session.get(f"{collector.url}/nothing", timeout=10).status_code == 404
    assert session.get(f"{collector.url}/micro/good/", timeout=10).status_code == 404
    assert session.put(f"{collector.url}{TP2}", timeout=10).status_code == 405


@pytest.mark.parametrize("path", ["/nothing", "/micro/nothing", "/micro/good/more", "/a/b/c"])
def test_the_answer_to_an_unknown_path_lists_the_calls(collector, session, path):
    answer = session.get(collector.url + path, timeout=10)
    assert answer.status_code == 404
    for call in (f"POST {TP2}", "GET or POST /micro/good", "GET or POST /micro/reset"):
        assert call in answer.text
    assert collector.journal.counts()["total"] == 0


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_robots_are_asked_to_stay_away(collector, session, method):
    answer = session.request(method, f"{collector.url}/robots.txt", timeout=10)
    assert answer.status_code == 200
    assert answer.text == ("User-agent: *\nDisallow: /\n" if method == "GET" else "")


def test_the_network_user_id_is_a_cookie(collector, event, batch):
    with requests.Session() as browser:
        for _ in range(2):
            browser.post(
                collector.url + TP2,
                data=batch(event()),
                headers={"Content-Type": "application/json"},
                timeout=10,
            )
        user_ids = {good["event"]["network_userid"] for good in collector.journal.good()}
        assert user_ids == {browser.cookies["sp"]}


@pytest.mark.parametrize(("line_size", "status"), [(20_480, 200), (20_481, 414), (60_000, 414)])
def test_request_line_limit(collector, line_size, status):
    start, end = b"GET /i?e=pv&page=", b" HTTP/1.1\r\n"
    line = start + b"x" * (line_size - len(start) - len(end)) + end
    assert status_of(raw_request(collector, line + b"Host: a\r\n\r\n")) == status
    assert collector.journal.counts()["total"] == (status == 200)


@pytest.mark.parametrize(("size", "status"), [(40_000, 200), (41_000, 431)])
def test_headers_limit(collector, session, size, status):
    answer = session.get(f"{collector.url}/i", headers={"X-Filler": "x" * size}, timeout=10)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("size", "status", "counts"),
    [
        (1_048_576, 200, {"total": 2, "good": 2, "bad": 0}),
        (1_048_577, 200, {"total": 1, "good": 0, "bad": 1}),
        (2_097_152, 200, {"total": 1, "good": 0, "bad": 1}),
        (2_097_153, 413, {"total": 0, "good": 0, "bad": 0}),
        (5_000_000, 413, {"total": 0, "good": 0, "bad": 0}),
    ],
)
def test_body_limits(collector, post, event, batch, size, status, counts):
    body = batch(event(), event())
    assert post(body + b" " * (size - len(body))).status_code == status
    assert collector.journal.counts() == counts


def test_a_chunked_body_has_the_same_limits(post):
    assert post(iter([b" " * 1_000_000] * 3)).status_code == 413


def test_micro_counts_and_reset(collector, session, post, event, batch):
    post(batch(event(), event(dtm="x")))
    counts = {"total": 2, "good": 1, "bad": 1}
    assert session.get(f"{collector.url}/micro/all", timeout=10).json() == counts
    for method in ("GET", "POST"):
        answer = session.request(method, f"{collector.url}/micro/reset", timeout=10)
        assert answer.json() == {"total": 0, "good": 0, "bad": 0}


def test_micro_good(collector, session, post, event, batch, unstruct, contexts, b64):
    context = "iglu:com.acme/station/jsonschema/1-0-0"
    sent = event(e="ue", ue_px=b64(unstruct()), cx=b64(contexts(context)), stm="1790000000500")
    post(batch(sent))
    (good,) = session.get(f"{collector.url}/micro/good", timeout=10).json()
    assert good["eventType"] == "unstruct"
    assert good["schema"] == "iglu:com.acme/thing/jsonschema/1-0-0"
    assert good["contexts"] == [context]
    assert good["rawEvent"]["parameters"] == sent
    assert good["rawEvent"]["api"] == {"vendor": TP2.split("/")[1], "version": "tp2"}
    assert good["event"]["unstruct_event"] == json.loads(unstruct())
    assert good["event"]["contexts"] == json.loads(contexts(context))
    assert good["event"]["event_name"] == "thing"


def test_micro_bad(collector, session, post, event, batch):
    post(batch(event(dtm="x")))
    (bad,) = session.get(f"{collector.url}/micro/bad", timeout=10).json()
    assert set(bad) == {"collectorPayload", "rawEvent", "errors"}
    assert bad["collectorPayload"]["body"] == batch(event(dtm="x")).decode()
    assert bad["rawEvent"]["parameters"]["dtm"] == "x"
    text, row = bad["errors"]
    assert text == "dtm: not an integer number of milliseconds: 'x'"
    assert json.loads(row)["data"]["failure"]["messages"][0]["schemaKey"].endswith(
        "/atomic/jsonschema/1-0-0"
    )


def test_enriched_columns_of_each_kind(collector, post, event, batch):
    page_view = event(
        url="https://u@a.example:8443/p?q#f",
        page="T",
        refr="http://r/",
        uid="u",
        duid="d",
        tnuid="n",
        sid=event()["eid"],
        vid="4",
        res="10x20",
        vp="3x4",
        ds="5x6",
        cookie="1",
        ip="10.0.0.1",
        ua="agent",
        lang="en",
        aid="shop",
        tna="ns",
        stm="1790000000001",
        ttm="1000",
    )
    ping = event(e="pp", pp_mix="1", pp_max="2", pp_miy="3", pp_may="4")
    struct = event(e="se", se_ca="c", se_ac="a", se_la="l", se_pr="p", se_va="1.5")
    transaction = event(e="tr", tr_id="T", tr_tt="9.5", tr_cu="EUR")
    item = event(e="ti", ti_id="T", ti_sk="S", ti_nm="N", ti_pr="2", ti_qu="3")
    post(batch(page_view, ping, struct, transaction, item))
    pv, pp, se, tr, ti = (good["event"] for good in reversed(collector.journal.good()))
    expected = {
        "event": "page_view",
        "app_id": "shop",
        "name_tracker": "ns",
        "user_id": "u",
        "domain_userid": "d",
        "network_userid": "n",
        "domain_sessionidx": 4,
        "page_urlhost": "a.example",
        "page_urlport": 8443,
        "page_title": "T",
        "page_referrer": "http://r/",
        "refr_urlport": 80,
        "user_ipaddress": "10.0.0.1",
        "dvce_screenheight": 20,
        "br_viewwidth": 3,
        "doc_height": 6,
        "br_cookies": True,
        "dvce_created_tstamp": "2026-09-21T14:13:20.000Z",
        "useragent": "agent",
        "true_tstamp": "1970-01-01T00:00:01.000Z",
        "unstruct_event": None,
        "contexts": {},
        "derived_tstamp": "1970-01-01T00:00:01.000Z",
    }
    assert {column: pv[column] for column in expected} == expected
    assert (pp["event"], pp["pp_yoffset_max"]) == ("page_ping", 4)
    assert (se["event"], se["se_property"], se["se_value"]) == ("struct", "p", 1.5)
    assert (tr["event"], tr["tr_total"], tr["tr_currency"]) == ("transaction", 9.5, "EUR")
    assert (ti["event"], ti["ti_name"], ti["ti_quantity"]) == ("transaction_item", "N", 3)


def test_derived_time_is_corrected_by_the_way_to_the_collector(collector, post, event, batch):
    post(batch(event(stm="1790000003000"), event(stm="1789999999000"), event()))
    events = [good["event"] for good in reversed(collector.journal.good())]
    corrected = [column["derived_tstamp"] != column["collector_tstamp"] for column in events]
    assert corrected == [True, False, False]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, 3),
        ({"event_type": "page_view"}, 2),
        ({"event_type": "unstruct"}, 1),
        ({"schema": "iglu:com.acme/thing/jsonschema/1-0-0"}, 1),
        ({"contexts": ["iglu:com.acme/a/jsonschema/1-0-0"]}, 2),
        ({"contexts": ["iglu:com.acme/a/jsonschema/1-0-0", "iglu:com.acme/b/jsonschema/1-0-0"]}, 1),
        ({"contexts": ["iglu:com.acme/a/jsonschema/1-0-0"], "event_type": "unstruct"}, 0),
        ({"limit": 2}, 2),
        ({"limit": 0}, 0),
        ({"schema": None, "other": 1}, 3),
    ],
)
def test_micro_good_filters(
    collector, session, post, event, batch, unstruct, contexts, filters, found
):
    a, b = "iglu:com.acme/a/jsonschema/1-0-0", "iglu:com.acme/b/jsonschema/1-0-0"
    post(batch(event(e="ue", ue_pr=unstruct()), event(co=contexts(a)), event(co=contexts(b, a))))
    answer = session.post(f"{collector.url}/micro/good", json=filters, timeout=10)
    assert len(answer.json()) == found


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, 2),
        ({"vendor": "com.snowplowanalytics.snowplow", "version": "tp2"}, 1),
        ({"version": "tp1"}, 1),
        ({"vendor": "com.acme"}, 0),
        ({"limit": 1}, 1),
    ],
)
def test_micro_bad_filters(collector, session, post, filters, found):
    post(b"{")
    session.get(f"{collector.url}/i?e=pv", timeout=10)
    answer = session.post(f"{collector.url}/micro/bad", json=filters, timeout=10)
    assert len(answer.json()) == found


@pytest.mark.parametrize(
    "filters",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"limit": "1"}',
        b'{"limit": true}',
        b'{"limit": -1}',
        b'{"limit": 1.5}',
        b"[" * 99_999,
    ],
)
def test_bad_filters(collector, session, filters):
    for path in ("/micro/good", "/micro/bad"):
        assert session.post(collector.url + path, data=filters, timeout=10).status_code == 400


@pytest.mark.parametrize("filters", [{"contexts": "iglu:x"}, {"contexts": [1]}, {"schema": 1}])
def test_filters_of_the_wrong_type_name_their_parameter(collector, session, filters):
    answer = session.post(f"{collector.url}/micro/good", json=filters, timeout=10)
    assert answer.status_code == 400
    assert answer.text.startswith(f"{next(iter(filters))}: expected a ")


def test_a_client_that_goes_away_in_the_middle(collector, session):
    raw_request(
        collector, f"POST {TP2} HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n{{".encode()
    )
    assert session.get(f"{collector.url}/health", timeout=10).status_code == 200


slow_to_draw = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@slow_to_draw
@given(body=st.binary(max_size=2_000), compressed=st.booleans())
def test_any_bytes_as_a_body(snowplow_collector, session, body, compressed):
    answer = session.post(
        snowplow_collector.url + TP2,
        data=zlib.compress(body) if compressed else body,
        headers={"Content-Type": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(sorted(PAYLOAD_DATA_KEYS))
texts = st.text(st.characters(), max_size=20) | st.sampled_from(["pv", "ue", "e30=", "1", "{}"])
odd_events = st.dictionaries(keys, texts, max_size=6).map(
    lambda changes: {**PIXEL_QUERY, **changes}
)


@slow_to_draw
@given(data=st.lists(odd_events, max_size=4) | st.lists(odd_events | json_values) | json_values)
def test_any_json_as_events_can_be_queried(snowplow_collector, session, batch, data):
    snowplow_collector.reset()
    envelope = {**json.loads(batch()), "data": data}
    answer = session.post(
        snowplow_collector.url + TP2,
        data=json.dumps(envelope),
        headers={"Content-Type": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 200
    counts = snowplow_collector.journal.counts()
    assert counts["total"] >= 1
    for path in ("good", "bad"):
        rows = session.get(f"{snowplow_collector.url}/micro/{path}", timeout=10).json()
        assert len(rows) == counts[path]


@slow_to_draw
@given(request=st.binary(min_size=1, max_size=300))
def test_any_bytes_as_a_request(snowplow_collector, session, request):
    raw_request(snowplow_collector, request)
    assert session.get(f"{snowplow_collector.url}/health", timeout=10).status_code == 200
