"""The clock and event ids: their sources, and how tests can replace them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from datetime import datetime, timezone
from types import ModuleType
from typing import Any
from unittest import mock

import pytest

from snowplow_tracker import PageView, Payload, Tracker

ID = "5f0c2b3e-3d0b-4d64-9c1e-6f2f4b1f9a10"
VIEW = PageView("u")


class OwnIds(Tracker):
    drawn = 0

    def get_uuid(self) -> str:  # type: ignore[override]
        self.drawn += 1
        return f"own-{self.drawn}"


class OwnClock(Tracker):
    @staticmethod
    def get_timestamp(tstamp: Any = None) -> Any:
        return 7 if tstamp is None else tstamp


def is_version_4(text: str) -> bool:
    parsed = uuid.UUID(text)
    return str(parsed) == text and parsed.version == 4 and parsed.variant == uuid.RFC_4122


def track(tracker: Tracker, sink: Any) -> tuple[str, str]:
    """Track an event; return its id and its time as text."""
    returned = tracker.track(VIEW)
    sent = sink.events[-1]
    assert str(returned) == str(sent["eid"])
    return str(sent["eid"]), str(sent["dtm"])


def assert_own_again(tracker: Tracker, sink: Any) -> None:
    """Check that ids and times are those of a tracker that nothing was done to."""
    before = int(time.time() * 1000)
    (first, created), (second, _) = track(tracker, sink), track(tracker, sink)
    assert is_version_4(first)
    assert is_version_4(second)
    assert first != second
    assert before <= int(created) <= int(time.time() * 1000)


class TestIds:
    def test_are_version_4_and_returned(self, tracker, sink):
        ids = [track(tracker, sink)[0] for _ in range(600)]
        assert all(map(is_version_4, ids))
        assert len(set(ids)) == 600

    def test_are_unique_over_threads(self, make_inbox):
        inbox = make_inbox()
        tracker = Tracker("ns", inbox)
        work = [lambda: [tracker.track(VIEW) for _ in range(400)]] * 4
        threads = [threading.Thread(target=one) for one in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({sent["eid"] for sent in inbox.events}) == 1600

    def test_all_of_their_bits_vary(self):
        ids = [uuid.UUID(Tracker.get_uuid()).int for _ in range(300)]
        always, never = ids[0], ids[0]
        for number in ids:
            always, never = always & number, never | number
        fixed = ~(always ^ never) & (2**128 - 1)
        assert fixed == (0xF << 76) | (0b11 << 62)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
    def test_are_unique_after_a_fork(self):
        program = """
import os
from snowplow_tracker import Tracker
Tracker.get_uuid()
reader, writer = os.pipe()
child = os.fork()
os.write(writer, " ".join(Tracker.get_uuid() for _ in range(20)).encode() + b" ")
if child:
    os.waitpid(child, 0)
    ids = os.read(reader, 65536).split()
    assert len(ids) == len(set(ids)) == 40, ids
"""
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 0, done.stderr


PATCHES: list[tuple[str, Any, tuple[str | None, str | None]]] = [
    ("time.time", lambda: 1.5, (None, "1500")),
    ("time.time", lambda: 1_700_000_000, (None, "1700000000000")),
    ("snowplow_tracker.tracker.time.time", lambda: 0.0019, (None, "1")),
    ("snowplow_tracker.tracker.time", mock.Mock(time=lambda: 2.5), (None, "2500")),
    ("uuid.uuid4", lambda: uuid.UUID(ID), (ID, None)),
    ("uuid.uuid4", mock.Mock(return_value=ID), (ID, None)),
    ("snowplow_tracker.tracker.uuid", mock.Mock(uuid4=lambda: ID), (ID, None)),
    ("snowplow_tracker.tracker.uuid.uuid4", lambda: ID, (ID, None)),
    ("snowplow_tracker.tracker.Tracker.get_uuid", lambda *_: ID, (ID, None)),
    ("snowplow_tracker.tracker.Tracker.get_uuid", mock.Mock(return_value=ID), (ID, None)),
    ("snowplow_tracker.tracker.Tracker.get_timestamp", lambda *_: 7, (None, "7")),
    ("snowplow_tracker.tracker.Tracker.get_timestamp", mock.Mock(return_value=7), (None, "7")),
]


@pytest.mark.parametrize(("target", "double", "expected"), PATCHES)
def test_a_patch_holds_until_it_is_undone(tracker, sink, target, double, expected):
    tracker.track(VIEW)
    with mock.patch(target, double):
        eid, dtm = track(tracker, sink)
        assert (expected[0] or eid, expected[1] or dtm) == (eid, dtm)
    assert_own_again(tracker, sink)


@pytest.mark.parametrize(("name", "value", "place"), [("get_uuid", ID, 0), ("get_timestamp", 7, 1)])
def test_a_patch_of_one_tracker_is_its_alone(tracker, sink, make_inbox, name, value, place):
    other = make_inbox()
    with mock.patch.object(tracker, name, return_value=value):
        assert track(tracker, sink)[place] == str(value)
        assert_own_again(Tracker("ns", other), other)
    assert_own_again(tracker, sink)


def test_a_subclass_may_draw_ids_and_read_the_clock(sink):
    emitter = getattr(sink, "emitter", sink)
    tracker = OwnIds("ns", emitter)
    assert [track(tracker, sink)[0] for _ in range(2)] == ["own-1", "own-2"]
    assert track(OwnClock("ns", emitter), sink)[1] == "7"
    assert_own_again(Tracker("ns", emitter), sink)


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize(("name", "field"), [("get_uuid", "eid"), ("get_timestamp", "dtm")])
def test_a_replacement_that_has_nothing_to_say_leaves_the_field_out(sink, nothing, name, field):
    kind: Any = type("Silent", (Tracker,), {name: lambda _: nothing})
    kind("ns", getattr(sink, "emitter", sink)).track(VIEW)
    assert field not in sink.events[0]


class OwnPayload(Tracker):
    def complete_payload(self, event: Any, **_: Any) -> Any:  # type: ignore[override]
        return Payload({"e": "own", "url": event.page_url, "eid": "mine"})


@pytest.mark.parametrize("patch_the_class", [True, False])
def test_a_patched_complete_payload_is_called_with_the_event(tracker, sink, patch_the_class):
    double = mock.Mock(return_value=Payload({"e": "pv", "eid": "mine"}))
    target = Tracker if patch_the_class else tracker
    with mock.patch.object(target, "complete_payload", double):
        assert tracker.track(VIEW) == "mine"
    double.assert_called_once_with(event=VIEW)
    assert sink.events == [{"e": "pv", "eid": "mine"}]
    assert_own_again(tracker, sink)


def test_an_overridden_complete_payload_makes_the_payload(sink):
    assert OwnPayload("ns", getattr(sink, "emitter", sink)).track(VIEW) == "mine"
    assert sink.events == [{"e": "own", "url": "u", "eid": "mine"}]


DOUBLED = f"""
import functools, uuid
from unittest import mock
from snowplow_tracker import Tracker

real = uuid.uuid4
wrapped = functools.wraps(real)(lambda: "{ID}")
with mock.patch("uuid.uuid4", {{double}}):
    assert Tracker.get_uuid() == "{ID}", Tracker.get_uuid()
assert Tracker.get_uuid() != Tracker.get_uuid()
"""


@pytest.mark.parametrize(
    "double", ["wrapped", f'mock.create_autospec(real, return_value="{ID}")', f'lambda: "{ID}"']
)
def test_a_double_of_uuid4_counts_from_the_first_event_on(double):
    program = DOUBLED.replace("{double}", double)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr


class TestGetTimestamp:
    @pytest.mark.parametrize(
        ("given", "expected"), [(5, 5), (0, 0), (5.9, 5), (-1.5, -1), (True, 1), (10**20, 10**20)]
    )
    def test_a_number_is_cut_to_whole_milliseconds(self, given, expected):
        assert Tracker.get_timestamp(given) == expected
        assert type(Tracker.get_timestamp(given)) is int

    @pytest.mark.parametrize("given", [None, "1600000000123", "", b"1", [1]])
    def test_anything_else_means_now(self, given):
        before = int(time.time() * 1000)
        assert before <= Tracker.get_timestamp(given) <= int(time.time() * 1000)

    def test_is_the_same_number_as_of_the_clock(self, monkeypatch):
        for now in (1_700_000_000.001, 1_700_000_000.9999999, 0.57, 4_102_444_800.29):
            monkeypatch.setattr("time.time", lambda now=now: now)
            assert Tracker.get_timestamp() == int(now * 1000)


MOMENT = datetime(2020, 2, 3, 4, 5, 6, 789000, tzinfo=timezone.utc)


class TestFrozenClocks:
    def test_freezegun(self, tracker, sink):
        freezegun = pytest.importorskip("freezegun")
        with freezegun.freeze_time(MOMENT) as frozen:
            assert track(tracker, sink)[1] == "1580702706789"
            frozen.tick(1.5)
            assert track(tracker, sink)[1] == "1580702708289"
        assert_own_again(tracker, sink)

    def test_time_machine(self, tracker, sink):
        time_machine = pytest.importorskip("time_machine")
        with time_machine.travel(MOMENT, tick=False) as traveller:
            assert track(tracker, sink)[1] == "1580702706789"
            traveller.shift(1.5)
            assert track(tracker, sink)[1] == "1580702708289"
        assert_own_again(tracker, sink)


def test_a_module_uuid_that_is_being_imported_replaces_nothing(tracker, sink, monkeypatch):
    monkeypatch.setitem(sys.modules, "uuid", ModuleType("uuid"))
    eid, _ = track(tracker, sink)
    assert is_version_4(eid)
