"""Failures other than the network's: interrupts, failing threads, failing code of the program."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from unittest import mock

import pytest
import requests

from snowplow_tracker import AsyncEmitter, Emitter, InMemoryEventStore, StructuredEvent, Tracker
from snowplow_tracker._stores.record_store import sink_of
from snowplow_tracker.emitters import logger

CYRILLIC = "Ж" * 4_000


class Interrupted(BaseException):
    """As KeyboardInterrupt, or what `pytest.fail` raises."""


def interrupt(*_: object) -> None:
    raise Interrupted


def test_bodies_for_a_given_session_stay_small_in_ascii_too(server, track):
    emitter = Emitter(server.url, batch_size=200, session=requests.Session())
    track(Tracker("ns", emitter), *[CYRILLIC] * 200)
    assert len(server.labels()) == 200
    assert max(len(request.body) for request in server.requests) < 1_000_000


def test_a_get_event_too_large_for_any_request_is_given_up(server, track):
    emitter = Emitter(server.url, method="get")
    track(Tracker("ns", emitter), "x" * 1_100_000)
    assert (emitter.stats()["rejected"], server.requests) == (1, [])


def test_a_worker_outlives_what_a_callback_raises(server, track):
    emitter = AsyncEmitter(server.url, on_success=interrupt, batch_size=1)
    tracker = Tracker("ns", emitter)
    for label in ("a", "b"):
        track(tracker, label)
        tracker.flush()
    assert server.labels() == ["a", "b"]


def test_a_thread_that_cannot_start_is_tried_again(server, track, logged):
    emitter = AsyncEmitter(server.url, batch_size=1)
    tracker = Tracker("ns", emitter)
    with mock.patch.object(threading.Thread, "start", side_effect=RuntimeError("no more threads")):
        track(tracker, "a")
    assert logged("no more threads")
    track(tracker, "b")
    tracker.flush()
    assert server.labels() == ["a", "b"]


def test_an_interrupted_callback_keeps_the_events_behind(server, track):
    store = InMemoryEventStore(logger)
    store.event_buffer.clear()
    emitter = Emitter(
        server.url, batch_size=100, byte_limit=700, event_store=store, on_success=interrupt
    )
    tracker = Tracker("ns", emitter)
    with pytest.raises(Interrupted):
        track(tracker, *range(100))
    emitter.on_success = None
    while store.size():
        emitter.flush()
    sent = len(server.labels())
    assert emitter.stats()["in_flight"] == 0
    assert sent == emitter.stats()["tracked"] > 1


def test_closing_waits_for_what_another_thread_is_sending(server, track):
    server.script.append("hang")
    emitter = Emitter(server.url, batch_size=1, request_timeout=5)
    sending = threading.Thread(target=track, args=(Tracker("ns", emitter), "a"))
    sending.start()
    server.wait_for(1)
    threading.Timer(0.2, server.released.set).start()
    emitter.close()
    sending.join()
    assert server.labels() == ["a", "a"]
    assert emitter.stats()["sent"] == 1


def test_an_own_send_events_takes_the_events_over(server, track):
    class Collecting(Emitter):
        taken = 0

        def send_events(self, evts):
            self.taken += len(evts)

    emitter = Collecting(server.url, buffer_capacity=20)
    track(Tracker("ns", emitter), *range(100))
    assert (emitter.taken, emitter.stats()["dropped"], emitter.stats()["in_flight"]) == (100, 0, 0)


def test_a_broken_store_costs_other_emitters_nothing_at_exit(server):
    program = f"""
from snowplow_tracker import Emitter, InMemoryEventStore, StructuredEvent, Tracker
class Broken(InMemoryEventStore):
    def size(self):
        raise ConnectionError("gone")
broken = Emitter({server.url!r}, event_store=Broken(None))
tracker = Tracker("ns", Emitter({server.url!r}))
tracker.track(StructuredEvent("shop", "add", "a"))
"""
    subprocess.run([sys.executable, "-c", program], timeout=15, check=True, capture_output=True)
    assert server.labels() == ["a"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_flush_timer_goes_on_in_a_forked_child(server):
    program = f"""
import os, threading, warnings
warnings.simplefilter("ignore")
from snowplow_tracker import Emitter, StructuredEvent, Tracker
emitter = Emitter({server.url!r})
emitter.set_flush_timer(0.05)
child = os.fork()
if child:
    emitter.cancel_flush_timer()
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
Tracker("ns", emitter).track(StructuredEvent("shop", "add", "child"))
waited = threading.Event()
while not emitter.stats()["sent"]:
    waited.wait(0.01)
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", program], timeout=15, check=True)
    assert server.labels() == ["child"]


def test_the_memory_of_a_stored_event_is_that_of_its_bytes(server):
    emitter = Emitter(server.url, batch_size=10**6)
    tracker = Tracker("ns", emitter)
    for number in range(5_000):
        tracker.track(StructuredEvent("shop", "add", f"label {number}" * 20))
    records = sink_of(emitter.event_store)
    assert records is not None
    allocated = records.allocated
    emitter.flush()
    assert allocated <= 1.1 * sum(len(request.body) for request in server.requests)
