"""The cookies of the JavaScript tracker: whatever they hold, nothing raises and no event is bad."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snowplow_tracker import Emitter, PageView, Subject, Tracker
from snowplow_tracker.web import WebIds, cookie_hash, parse_sp_cookies

USER = "8f1f4d2c-7b0e-4d0b-9c0a-0b1d4a4f8e01"
SESSION = "8f1f4d2c-7b0e-4d0b-9c0a-0b1d4a4f8e02"
PREVIOUS = "8f1f4d2c-7b0e-4d0b-9c0a-0b1d4a4f8e03"
FIRST = "8f1f4d2c-7b0e-4d0b-9c0a-0b1d4a4f8e04"
NETWORK = "8f1f4d2c-7b0e-4d0b-9c0a-0b1d4a4f8e05"
TEN = f"{USER}.1700000000.3.1700000200.1700000100.{SESSION}.{PREVIOUS}.{FIRST}.1700000150123.7"


def test_all_parts_are_read():
    ids = parse_sp_cookies({"_sp_id.1fff": TEN, "_sp_ses.1fff": "*", "sp": NETWORK})
    assert ids == WebIds(
        *(USER, 1700000000, 3, 1700000200, 1700000100, SESSION, PREVIOUS, FIRST),
        *(1700000150123, 7, NETWORK, True),
    )
    subject = Subject()
    ids.apply(subject)
    assert subject.standard_nv_pairs == {
        "p": "pc",
        "duid": USER,
        "vid": 3,
        "sid": SESSION,
        "tnuid": NETWORK,
    }
    session = ids.client_session()
    assert session is not None
    assert session.to_json() == {
        "schema": "iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2",
        "data": {
            "userId": USER,
            "sessionId": SESSION,
            "sessionIndex": 3,
            "eventIndex": 7,
            "previousSessionId": PREVIOUS,
            "firstEventId": FIRST,
            "firstEventTimestamp": "2023-11-14T22:15:50.123Z",
            "storageMechanism": "COOKIE_1",
        },
    }


def test_without_a_cookie_there_is_nothing():
    assert parse_sp_cookies({"session": "x", "_sp_ses.1fff": "*"}) is None


def test_a_cookie_of_an_old_tracker_has_five_parts():
    ids = parse_sp_cookies({"_sp_id.1fff": f"{USER}.1700000000.3.1700000200.1700000100"})
    assert ids is not None
    assert (ids.domain_user_id, ids.visit_count, ids.session_id) == (USER, 3, None)
    assert ids.client_session() is None


def test_the_session_of_an_anonymous_visitor_has_the_nil_id():
    ids = parse_sp_cookies({"_sp_id.1fff": TEN.removeprefix(USER)})
    assert ids is not None
    session = ids.client_session()
    assert session is not None
    assert session.to_json()["data"]["userId"] == str(UUID(int=0))
    assert session.to_json()["data"]["previousSessionId"] is None
    assert "duid" not in ids.fields()


def test_the_cookie_that_was_used_last_counts_unless_a_domain_is_selected():
    older = TEN.replace("1700000200", "1600000000").replace(USER, PREVIOUS)
    cookies = {"_sp_id.aaaa": TEN, "_sp_id.bbbb": older, "_sp_ses.bbbb": "*"}
    last, selected = parse_sp_cookies(cookies), parse_sp_cookies(cookies, domain_hash="bbbb")
    assert last is not None
    assert selected is not None
    assert (last.domain_user_id, last.session_active) == (USER, False)
    assert (selected.domain_user_id, selected.session_active) == (PREVIOUS, True)
    assert parse_sp_cookies(cookies, domain_hash="cccc") is None


def test_names_of_cookies_are_settings():
    ids = parse_sp_cookies(
        {"_shop_id.1fff": TEN, "nuid": NETWORK}, cookie_prefix="_shop_", collector_cookie="nuid"
    )
    assert ids is not None
    assert (ids.domain_user_id, ids.network_user_id) == (USER, NETWORK)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (TEN.replace(USER, "x" * 36), "domain_user_id"),
        (TEN.replace(USER, USER + "\n"), "domain_user_id"),
        (TEN.replace("1700000000", "17000000001"), "created_ts"),
        (TEN.replace(".3.", ".-3."), "visit_count"),
        (TEN.replace(".3.", ".2147483648."), "visit_count"),
        (TEN.replace(".3.", ".٣."), "visit_count"),
        (TEN.replace(SESSION, "undefined"), "session_id"),
        (TEN.replace("1700000150123", "17000001501234"), "first_event_ts_ms"),
        (TEN.replace(".7", ".1e3"), "event_index"),
    ],
)
def test_a_malformed_part_is_left_out(value, field):
    ids, whole = (parse_sp_cookies({"_sp_id.1fff": each}) for each in (value, TEN))
    assert whole is not None
    assert ids is not None
    assert ids._asdict() == {**whole._asdict(), field: None}


def test_the_hash_is_that_of_the_javascript_tracker():
    # printf %s example.com/ | sha1sum
    assert cookie_hash("example.com") == "8809"
    assert cookie_hash("example.com", "/shop") != cookie_hash("example.com")


PARTS = st.lists(
    st.one_of(
        st.sampled_from([USER, USER.upper(), "", "undefined", "0", "2147483647", "9999999999"]),
        st.sampled_from(["2147483648", "9999999999999", "99999999999999", "-1", "1.5", "٣"]),
        st.text(max_size=40),
    ),
    max_size=12,
)
COOKIES = st.fixed_dictionaries(
    {},
    optional={
        "_sp_id.1fff": st.one_of(PARTS.map(".".join), st.text()),
        "_sp_id.": PARTS.map(".".join),
        "_sp_ses.1fff": st.text(max_size=3),
        "sp": st.one_of(st.text(), st.just(NETWORK)),
    },
)


def test_the_collector_of_these_tests_validates_sessions(collector, snowplow):
    emitter = Emitter(collector.url, batch_size=1)
    session = WebIds(session_id=SESSION, visit_count=-1).client_session()
    assert session is not None
    Tracker("shop", emitter).track(PageView("https://example.com/", context=[session]))
    emitter.close()
    assert len(collector.journal.bad()) == 1
    snowplow.reset()


@given(cookies=COOKIES)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
def test_no_cookie_raises_or_makes_a_bad_event(cookies, collector):
    ids = parse_sp_cookies(cookies)
    if ids is None:
        return
    subject = Subject()
    ids.apply(subject)
    session = ids.client_session()
    emitter = Emitter(collector.url, batch_size=1)
    before = len(collector.journal.good())
    context = [session] if session is not None else None
    event = PageView("https://example.com/", event_subject=subject, context=context)
    Tracker("shop", emitter).track(event)
    emitter.close()
    assert collector.journal.bad() == []
    assert len(collector.journal.good()) == before + 1
