"""Features of version 0.x that 1.x dropped: payloads that are tracked and completed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from snowplow_tracker import PageView, Payload, SelfDescribingJson, Subject, Tracker

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"


class SearchTracker(Tracker):
    """A program's own kind of event, as it was written for 0.x."""

    def track_search(self, term: str, context: Any = None, tstamp: Any = None) -> Any:
        pb = Payload()
        pb.add("e", "se")
        pb.add("se_ca", "search")
        pb.add_json({"term": term}, self.encode_base64, "cx", "co", self.json_encoder)
        return self.complete_payload(pb, context, tstamp, None)


class WatchingTracker(Tracker):
    """Sees all payloads that a program completes."""

    def __init__(self, *args: Any) -> None:
        self.seen: list[Any] = []
        super().__init__(*args)

    def track(self, pb: Any) -> Any:
        self.seen.append(pb)
        return super().track(pb)


@pytest.fixture
def payload():
    return Payload({"e": "pv", "url": "u"})


class TestTrack:
    @pytest.mark.parametrize(
        "track",
        [
            lambda tracker, payload: tracker.track(payload),
            lambda tracker, payload: tracker.track(pb=payload),
            lambda tracker, payload: tracker.track(event=payload),
        ],
    )
    def test_a_payload_is_sent_as_it_is_and_the_tracker_returned(
        self, tracker, inbox, payload, track
    ):
        payload.nv_pairs["none"] = None
        assert track(tracker, payload) is tracker
        assert inbox.events == [{"e": "pv", "url": "u", "none": None}]

    def test_a_subclass_of_payload_too(self, tracker, inbox):
        class Own(Payload):
            pass

        assert tracker.track(Own({"e": "pv"})) is tracker
        assert inbox.events == [{"e": "pv"}]


class TestCompletePayload:
    def complete(self, tracker: Any, payload: Payload, by_name: bool) -> Any:
        context = [SelfDescribingJson(SCHEMA, {"c": 1})]
        subject = Subject().set_user_id("own").set_platform("web")
        arguments = {"context": context, "tstamp": 12.9, "event_subject": subject}
        if by_name:
            return tracker.complete_payload(pb=payload, **arguments)
        return tracker.complete_payload(payload, *arguments.values())

    @pytest.mark.parametrize("by_name", [True, False])
    def test_adds_all_and_tracks(self, tracker, inbox, payload, by_name):
        assert self.complete(tracker, payload, by_name) is tracker
        [sent] = inbox.events
        assert sent.items() >= {"url": "u", "ttm": 12, "uid": "own", "p": "web"}.items()
        assert {"eid", "dtm", "tv", "tna"} <= sent.keys()
        assert json.loads(sent["co"])["data"] == [{"schema": SCHEMA, "data": {"c": 1}}]

    def test_the_trackers_subject_counts_where_there_is_no_other(self, tracker, inbox, payload):
        tracker.set_subject(Subject().set_user_id("all"))
        tracker.complete_payload(payload, None, None, None)
        assert (inbox.events[0]["uid"], "ttm" in inbox.events[0]) == ("all", False)

    def test_goes_by_way_of_an_overridden_track(self, inbox, payload):
        tracker = WatchingTracker("ns", inbox)
        tracker.complete_payload(payload, None, None, None)
        assert tracker.seen == [payload]
        assert inbox.events[0]["eid"]


def test_a_programs_own_kind_of_event(inbox):
    tracker = SearchTracker(inbox, encode_base64=False)
    assert tracker.track_search("shoes", tstamp=5) is tracker
    assert inbox.events[0].items() >= {"e": "se", "se_ca": "search", "ttm": 5}.items()
    assert json.loads(inbox.events[0]["co"]) == {"term": "shoes"}


def test_an_event_is_no_payload(tracker, inbox):
    event_id = tracker.track(PageView("u"))
    assert (event_id, type(event_id)) == (inbox.events[0]["eid"], str)
