"""Events that the local collector received, exported and sent again, are equal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snowplow_tracker import (
    Emitter,
    PagePing,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)
from snowplow_tracker.bulk.inputs import open_input
from snowplow_tracker.bulk.records import RecordEncoder
from snowplow_tracker.collector import CollectorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OF_REQUEST = ("collector_tstamp", "etl_tstamp", "derived_tstamp", "dvce_sent_tstamp")

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
numbers = st.integers(-(2**31), 2**31 - 1) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
described = st.builds(
    SelfDescribingJson,
    st.sampled_from([f"iglu:com.acme/{n}/jsonschema/1-0-{n}" for n in range(3)]),
    st.dictionaries(texts, json_values, max_size=4),
)
ids = st.uuids(version=4).map(str)
subjects = st.builds(
    lambda user, lang, ip, session, size: (
        Subject()
        .set_user_id(user)
        .set_lang(lang)
        .set_ip_address(ip)
        .set_domain_session_id(session)
        .set_screen_resolution(*size)
    ),
    texts,
    st.sampled_from(["en", "de"]),
    st.ip_addresses().map(str),
    ids,
    st.tuples(st.integers(1, 9_999), st.integers(1, 9_999)),
)
common: dict[str, Any] = {
    "event_subject": st.none() | subjects,
    "context": st.lists(described, max_size=3),
    "true_timestamp": st.none() | st.integers(0, 4_000_000_000_000),
}
urls = st.from_regex(r"https://[a-z]{1,8}\.com/[a-z]{0,8}(\?[a-z]=[a-z])?", fullmatch=True)
events = (
    st.builds(PageView, urls, texts, st.none() | urls, **common)
    | st.builds(PagePing, urls, min_x=st.integers(0, 9), max_y=st.integers(0, 9), **common)
    | st.builds(StructuredEvent, texts, texts, value=numbers, **common)
    | st.builds(SelfDescribing, described, **common)
)


@pytest.fixture(scope="module")
def collector() -> Iterator[CollectorServer]:
    with CollectorServer() as server:
        yield server


def _good_rows(collector: CollectorServer) -> list[dict[str, Any]]:
    counts = requests.get(f"{collector.url}/micro/all", timeout=10).json()
    assert counts["bad"] == 0, requests.get(f"{collector.url}/micro/bad", timeout=10).text
    return list(requests.get(f"{collector.url}/micro/good", timeout=10).json())


def _reset(collector: CollectorServer) -> None:
    requests.get(f"{collector.url}/micro/reset", timeout=10)


def _without(row: dict[str, Any], *columns: str) -> dict[str, Any]:
    assert row["event"]["dvce_sent_tstamp"]
    return {key: value for key, value in row["event"].items() if key not in columns}


def _parameters(row: dict[str, Any]) -> dict[str, str]:
    return {key: value for key, value in row["rawEvent"]["parameters"].items() if key != "stm"}


def _sent_again(
    collector: CollectorServer, tracked: list[Any], path: Path, as_record: Callable[[Any], Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    _reset(collector)
    emitter = Emitter(collector.url, batch_size=100)
    tracker = Tracker("n", emitter, app_id="shop")
    for event in tracked:
        tracker.track(event)
    tracker.flush()
    rows = _good_rows(collector)
    path.write_text(json.dumps([as_record(row) for row in rows]), encoding="utf-8")
    _reset(collector)
    encoder = RecordEncoder()
    with open_input(path, "json") as records:
        for _, _, record in records:
            assert isinstance(record, dict)
            emitter.input(encoder.encode(record))
    emitter.flush()
    return rows, _good_rows(collector)


def _by_id(rows: list[dict[str, Any]], view: Callable[[Any], Any]) -> dict[str, Any]:
    return {row["event"]["event_id"]: view(row) for row in rows}


PROPERTY = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
some_events = st.lists(events, min_size=1, max_size=5)


@PROPERTY
@given(tracked=some_events)
def test_rows_of_micro_sent_again_are_the_same_events(collector, tmp_path, tracked):
    before, after = _sent_again(collector, tracked, tmp_path / "good.json", lambda row: row)
    assert len(before) == len(tracked)
    assert _by_id(after, _parameters) == _by_id(before, _parameters)

    # The collector gives a new id to each client without one.
    def columns(row: dict[str, Any]) -> dict[str, Any]:
        return _without(row, *OF_REQUEST, "network_userid")

    assert _by_id(after, columns) == _by_id(before, columns)


@PROPERTY
@given(tracked=some_events)
def test_enriched_events_sent_again_are_the_same_events(collector, tmp_path, tracked):
    before, after = _sent_again(collector, tracked, tmp_path / "e.json", lambda row: row["event"])
    assert len(before) == len(tracked)

    def columns(row: dict[str, Any]) -> dict[str, Any]:
        return _without(row, *OF_REQUEST, "true_tstamp")

    assert _by_id(after, columns) == _by_id(before, columns)

    def time(row: dict[str, Any]) -> str:
        return str(row["event"]["derived_tstamp"])

    assert _by_id(after, time) == _by_id(before, time)
