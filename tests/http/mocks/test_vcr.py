"""Programs whose tests use vcrpy: it replaces the connections beneath requests."""

from __future__ import annotations

import json
from typing import Any

import pytest
import vcr  # type: ignore[import-untyped]

from snowplow_tracker import Emitter, StructuredEvent, Tracker
from snowplow_tracker.collector import CollectorServer

BODIES_DIFFER = ["method", "scheme", "host", "port", "path"]  # ids and times do


@pytest.fixture
def cassette(tmp_path):
    recorder = vcr.VCR(match_on=BODIES_DIFFER, record_mode="once")
    return lambda: recorder.use_cassette(str(tmp_path / "collector.yaml"))


def track_three(kind: type[Emitter], url: str, method: Any) -> Emitter:
    emitter = kind(url, "http", method=method, batch_size=10, max_retry_delay_seconds=1000)
    tracker = Tracker("ns", emitter)
    for label in ("a", "b", "é"):
        tracker.track(StructuredEvent("shop", "add", label))
    tracker.flush()
    return emitter


def test_recorded_against_a_collector_and_replayed_without_it(cassette, kind, method):
    with CollectorServer(port=0) as collector:
        with cassette() as recorded:
            emitter = track_three(kind, collector.url, method)
        assert collector.journal.counts()["good"] == 3
        url = collector.url
    assert emitter.stats()["sent"] == 3
    with cassette() as replayed:
        emitter = track_three(kind, url, method)
        assert replayed.all_played
    assert emitter.stats()["sent"] == 3
    assert len(recorded) == (1 if method == "post" else 3)


def test_the_recording_holds_what_was_sent(cassette, kind):
    with CollectorServer(port=0) as collector, cassette() as recorded:
        track_three(kind, collector.url, "post")
    bodies = [json.loads(request.body)["data"] for request in recorded.requests]
    assert [event["se_la"] for body in bodies for event in body] == ["a", "b", "é"]


@pytest.mark.usefixtures("no_network")
def test_a_request_that_was_not_recorded_is_a_failed_attempt(tmp_path, program):
    with vcr.use_cassette(str(tmp_path / "none.yaml"), record_mode="none"):
        program.track("a")
    assert program.failed == ["a"]
    assert program.emitter.stats()["last_error"].startswith("CannotOverwriteExistingCassette")


# On CPython 3.10 vcrpy leaves a connection of its own to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_connection_kept_from_before_the_cassette_is_not_used_in_it(cassette, kind, method):
    with CollectorServer(port=0) as collector:
        emitter = kind(collector.url, "http", method=method, batch_size=1)
        tracker = Tracker("ns", emitter)
        tracker.track(StructuredEvent("shop", "add", "before"))
        tracker.flush()
        with cassette() as recorded:
            tracker.track(StructuredEvent("shop", "add", "during"))
            tracker.flush()
    assert len(recorded) == 1
    assert emitter.stats()["sent"] == 2
