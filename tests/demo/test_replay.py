"""The demo: its data becomes events, and its programs are checked."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from demo import programs_check
from demo.replay import discrepancies, events, records

from snowplow_tracker import Tracker

Rows = list[dict[str, Any]]


class Ledger:
    """An emitter that keeps the payloads."""

    def __init__(self) -> None:
        self.payloads: Rows = []

    def input(self, payload: dict[str, Any]) -> None:
        self.payloads.append(payload)


@pytest.fixture(scope="module")
def flights() -> Rows:
    return records()


@pytest.fixture(scope="module")
def tracked(flights: Rows) -> Rows:
    emitter = Ledger()
    emitters: Any = [emitter]
    tracker = Tracker(namespace="flights", emitters=emitters)
    ids = [tracker.track(event) for event in events(flights)]
    assert ids == [payload["eid"] for payload in emitter.payloads]
    return emitter.payloads


def decoded(payload: dict[str, Any], field: str) -> Any:
    return json.loads(urlsafe_b64decode(payload[field]))["data"]


def good(*event_ids: str) -> Rows:
    return [{"rawEvent": {"parameters": {"eid": eid}}} for eid in event_ids]


def test_data_set_is_complete(flights: Rows) -> None:
    cancelled = [record for record in flights if "departureDelayMinutes" not in record["flight"]]
    assert (len(flights), len(cancelled)) == (3375, 895)
    assert {record["flight"]["origin"] for record in flights} == {"EWR", "JFK", "LGA"}


def test_each_flight_is_one_self_describing_event_with_its_weather(
    flights: Rows, tracked: Rows
) -> None:
    flown = [payload for payload in tracked if payload["e"] == "ue"]
    assert [decoded(payload, "ue_px")["data"] for payload in flown] == [
        record["flight"] for record in flights
    ]
    assert [decoded(payload, "cx")[0]["data"] for payload in flown] == [
        record["weather"] for record in flights
    ]


def test_each_board_is_viewed_once(tracked: Rows) -> None:
    boards = [payload["url"] for payload in tracked if payload["e"] == "pv"]
    assert len(boards) == len(set(boards)) == 211


def test_nothing_to_say_when_each_event_arrived_once() -> None:
    assert discrepancies(["a", "b"], good("b", "a"), []) == []


@pytest.mark.parametrize(
    ("rows", "bad", "problem"),
    [
        (good("a"), [], "missing: b"),
        (good("a", "b", "b"), [], "arrived 2 times: b"),
        (good("a", "b", "c"), [], "arrived but not tracked: c"),
        (good("a", "b"), [{"errors": ["p: xx"]}], "bad: ['p: xx']"),
    ],
)
def test_a_discrepancy_is_named(rows: Rows, bad: Rows, problem: str) -> None:
    assert discrepancies(["a", "b"], rows, bad) == [problem]


def test_each_program_is_run() -> None:
    named = {program.name for program in programs_check.PROGRAMS}
    assert named == {path.stem for path in programs_check.FOLDER.glob("*.py")}
