"""One tracker, with its subject, emitters and settings, used and changed by many threads."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from snowplow_tracker import (
    AsyncEmitter,
    Emitter,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
    disable_contracts,
    enable_contracts,
)

TIMES = 400
THREADS = 8
ALL = range(TIMES * THREADS)
SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"


def event(number: int) -> StructuredEvent:
    return StructuredEvent("shop", "add", str(number))


@pytest.fixture
def tracker(sent):
    return Tracker("ns", sent.emitter, app_id="shop")


@pytest.fixture
def track_all(crowd, sent, tracker):
    """Track from all threads, while one more does something; everything arrives."""

    def run(meanwhile: Any = None, make: Any = event) -> list[dict[str, str]]:
        crowd.add(lambda number: tracker.track(make(number)), TIMES)
        crowd.run(meanwhile)
        tracker.flush()
        sent.check_each_arrived_once(ALL)
        return list(sent.events)

    return run


def test_no_event_is_lost_or_doubled(track_all):
    track_all()


def test_its_subject_is_replaced(track_all, tracker):
    def change(number):
        tracker.set_subject(Subject().set_user_id(f"u{number}").set_lang(f"l{number}"))

    for each in track_all(change):
        assert each.get("uid", "u")[1:] == each.get("lang", "l")[1:]


def test_its_subject_is_edited(track_all, tracker):
    fields = tracker.subject.standard_nv_pairs

    def change(number):
        fields["uid"] = f"u{number}"
        if number % 3 == 0:
            fields.clear()
        elif number % 3 == 1:
            fields.update({"ip": "1.2.3.4", "ua": "x" * (number % 50), "tz": "UTC", "vid": number})
        else:
            fields.pop("tz", None)

    for each in track_all(change):
        assert each.get("tz", "UTC") == "UTC"


def test_its_facts_are_edited_and_replaced(track_all, tracker):
    def change(number):
        tracker.standard_nv_pairs["aid"] = f"a{number}"
        if number % 5 == 0:
            tracker.standard_nv_pairs = {"tv": "mine", "tna": "ns", "aid": f"b{number}"}
        tracker.standard_nv_pairs["extra"] = number
        tracker.standard_nv_pairs.pop("extra", None)

    assert {each["tna"] for each in track_all(change)} == {"ns"}


def test_its_settings_are_changed(track_all, tracker):
    def change(number):
        tracker.encode_base64 = number % 2
        tracker.json_encoder = None if number % 3 else str
        tracker.emitters = list(tracker.emitters)

    track_all(change)


def test_contracts_go_on_and_off(track_all):
    try:
        track_all(lambda number: disable_contracts() if number % 2 else enable_contracts())
    finally:
        enable_contracts()


def test_its_methods_are_patched(track_all, tracker, monkeypatch):
    own = tracker.get_timestamp

    def change(number):
        if number % 2:
            monkeypatch.setattr(Tracker, "get_timestamp", staticmethod(lambda: own() + 1))
        else:
            monkeypatch.undo()

    track_all(change)


def test_its_emitter_is_patched(track_all, sent, monkeypatch):
    own = Emitter.input

    def replaced(self, payload):
        own(self, payload)

    def change(number):
        if number % 2:
            monkeypatch.setattr(Emitter, "input", replaced)
        else:
            monkeypatch.undo()
        sent.emitter.batch_size = 1 + number % 9

    track_all(change)


def test_its_store_is_looked_at(track_all, sent):
    """The store keeps dicts from then on, for good: records on their way must not be lost."""
    track_all(lambda number: number == 20 and sent.emitter.event_store.event_buffer)


def test_stats_and_flushes_come_between(track_all, tracker, sent):
    def look(number):
        stats = sent.emitter.stats()
        assert 0 <= stats["sent"] <= stats["tracked"] <= len(ALL) + 7 * THREADS
        if number % 10 == 0:
            tracker.flush()

    track_all(look)


def test_two_emitters_each_have_all(crowd, make_sent):
    first, second = make_sent(batch_size=5), make_sent(AsyncEmitter, batch_size=3, thread_count=4)
    with Tracker("ns", [first.emitter, second.emitter]) as tracker:
        crowd.add(lambda number: tracker.track(event(number)), TIMES)
        crowd.run()
        tracker.flush()
        first.check_each_arrived_once(ALL)
        second.check_each_arrived_once(ALL)


def test_an_emitter_joins(track_all, tracker, make_sent):
    other = make_sent(batch_size=10**6)

    def join(number):
        if number == 5:
            tracker.add_emitter(other.emitter)

    track_all(join)
    tracker.flush()
    joined = {each["se_la"] for each in other.events}
    assert len(joined) == len(other.events)


class Price:
    def __init__(self, number: int) -> None:
        self.number = number


def test_its_encoder_tracks_as_well(crowd, make_sent):
    """The encoder runs in mid-encoding, on all threads at once, and comes back to the tracker."""
    sent = make_sent(batch_size=9)
    tracker = Tracker("ns", sent.emitter)

    def encode(price):
        tracker.track(event(price.number))
        return {"amount": price.number}

    tracker.json_encoder = encode
    crowd.add(lambda n: tracker.track(described({"n": n, "price": Price(n)})), TIMES)
    crowd.run()
    tracker.flush()
    data = [data_of(each) for each in sent.events if each["e"] == "ue"]
    assert sorted(each["n"] for each in data) == list(ALL)
    assert all(each["price"] == {"amount": each["n"]} for each in data)
    assert sorted(int(e["se_la"]) for e in sent.events if e["e"] == "se") == list(ALL)


def described(data: Any) -> SelfDescribing:
    return SelfDescribing(SelfDescribingJson(SCHEMA, data))


def data_of(event: dict[str, str]) -> Any:
    return json.loads(base64.urlsafe_b64decode(event["ue_px"]))["data"]["data"]
