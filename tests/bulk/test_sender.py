"""`Sender` and `send`: each record ends as delivered, dead or undelivered, and is counted once."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.bulk.given import holding, record
from tests.support import ScriptedServer, wait_until

from snowplow_tracker import StructuredEvent
from snowplow_tracker.bulk import (
    DeadRecord,
    RecordError,
    Sender,
    StoppedError,
    UnavailableError,
    send,
)
from snowplow_tracker.bulk.rate_limit import RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support import Request


def records(count: int) -> list[dict[str, Any]]:
    return [record(number) for number in range(count)]


def put_all(sender: Sender, given: list[dict[str, Any]]) -> None:
    for each in given:
        sender.put(each)


def refusing(label: str, status: int) -> Callable[[Request], int]:
    """Respond with a status to each request that has the event of a label."""
    return lambda request: status if label in request.labels else 200


def test_all_records_are_delivered_in_batches(server: ScriptedServer):
    report = send(records(1234), server.url, batch_size=100)
    assert (report.read, report.delivered, report.dead, report.undelivered) == (1234, 1234, 0, 0)
    assert sorted(map(int, server.labels())) == list(range(1234))
    assert max(len(request.events) for request in server.requests) == 100
    assert len(server.requests) < 20


def test_a_report_as_json(server):
    report = send(records(3), server.url)
    numbers = report.as_dict()
    assert numbers["delivered"] == 3
    assert numbers["rate"] > 0
    assert '"read": 3' in report.to_json()


def test_an_event_object_is_a_record(server):
    send([StructuredEvent("c", "a", label="made here")], server.url, app_id="loader")
    (event,) = server.requests[0].events
    assert (event["se_la"], event["aid"], event["tna"]) == ("made here", "loader", "bulk")


def test_a_single_record_is_sent_without_a_full_batch_or_a_drain(server):
    with Sender(server.url) as sender:
        sender.put(record("alone"))
        server.wait_for(1)


@pytest.mark.parametrize("status", [500, 503, 429, "cut"])
def test_events_are_sent_again_until_the_collector_accepts_them(server, status):
    server.script.extend([status, status])
    report = send(records(10), server.url, batch_size=5, threads=1)
    assert (report.delivered, report.dead) == (10, 0)


def test_no_event_is_sent_before_the_time_of_a_retry_after_header(server):
    times = []

    def step(_request):
        times.append(time.monotonic())
        return (429, {"Retry-After": "2"}) if len(times) == 1 else 200

    server.otherwise = step
    assert send(records(1), server.url).delivered == 1
    assert times[1] - times[0] >= 2


@pytest.mark.parametrize("status", [400, 401, 404, 408, 422])
def test_a_refused_batch_is_dead_at_once(server, status):
    server.otherwise = refusing("7", status)
    dead: list[DeadRecord] = []
    report = send(records(30), server.url, batch_size=10, on_dead=dead.append)
    assert (report.delivered, report.refused, report.dead) == (20, 10, 10)
    assert report.reasons == {f"refused {status}": 10}
    assert sorted(each.record["se_la"] for each in dead) == [str(n) for n in range(10)]
    assert dead[0].errors == (f"the collector responded with HTTP {status}",)


def test_the_record_of_a_refused_event_can_be_put_again(server):
    server.script.append(400)
    dead: list[DeadRecord] = []
    send(records(1), server.url, on_dead=dead.append)
    send([each.record for each in dead], server.url)
    first, second = (request.events[0] for request in server.requests)
    assert {**first, "stm": ""} == {**second, "stm": ""}


def test_one_event_that_is_too_large_for_the_collector_is_dead_alone(server):
    server.otherwise = lambda request: 413 if len(request.body) > 5_000 else 200
    dead: list[DeadRecord] = []
    given = [*records(20), record("huge", property="x" * 6_000), *records(20)]
    report = send(given, server.url, batch_size=50, on_dead=dead.append)
    assert (report.delivered, report.dead) == (40, 1)
    assert (dead[0].reason, dead[0].record["se_la"]) == ("refused 413", "huge")


def test_one_event_that_fits_no_request_is_dead_unsent(server):
    given = [*records(3), record("huge", property="x" * 1_100_000), *records(3)]
    dead: list[DeadRecord] = []
    report = send(given, server.url, on_dead=dead.append)
    assert (report.delivered, report.reasons) == (6, {"too large": 1})
    assert dead[0].record["se_la"] == "huge"
    assert "huge" not in server.labels()


def test_what_is_no_event_raises(server):
    with Sender(server.url) as sender:
        sender.put(record(1))
        with pytest.raises(RecordError, match="labl"):
            sender.put({"event": "struct", "category": "c", "action": "a", "labl": "x"})
        sender.put(record(2))
    assert sender.report().delivered == 2
    assert sender.report().reasons == {"invalid": 1}


def test_what_is_no_event_is_dead_with_its_place(server):
    dead: list[DeadRecord] = []
    with Sender(server.url, on_dead=dead.append) as sender:
        sender.put({"color": "red"}, place="line 1")
        sender.reject("{", "unreadable", ["no JSON"], "line 2")
    assert [(each.reason, each.record, each.place) for each in dead] == [
        ("invalid", {"color": "red"}, "line 1"),
        ("unreadable", "{", "line 2"),
    ]
    report = sender.report()
    assert (report.read, report.dead, report.undelivered) == (2, 2, 0)
    assert sender.position == (2, "line 2")


def test_get_sends_one_event_a_request(server):
    server.otherwise = lambda request: 400 if "2" in request.labels else 200
    dead: list[DeadRecord] = []
    report = send(records(5), server.url, method="get", on_dead=dead.append)
    assert {request.method for request in server.requests} == {"GET"}
    assert (report.delivered, report.reasons) == (4, {"refused 400": 1})
    assert [each.record["se_la"] for each in dead] == ["2"]


# --- position


def test_the_position_is_before_the_first_event_without_an_outcome(server):
    released = threading.Event()
    server.otherwise = holding("0", released)
    with Sender(server.url, batch_size=10, threads=2) as sender:
        for number in range(30):
            sender.put(record(number), place=number)
        wait_until(lambda: sender.report().delivered == 20)
        assert sender.position.records == 0
        released.set()
    assert sender.position == (30, 29)


def test_the_position_counts_refused_and_invalid_records(server):
    server.otherwise = refusing("3", 400)
    with Sender(server.url, batch_size=5, on_dead=lambda _dead: None) as sender:
        for number in range(12):
            sender.put(record(number) if number % 4 else {"nothing": 1}, place=number)
    assert sender.position == (12, 11)


def test_an_event_whose_burial_failed_is_undelivered_and_beyond_the_position(server):
    server.otherwise = refusing("6", 400)
    buried: list[int] = []

    def bury(dead):
        if len(buried) == 2:
            raise OSError("disk full")
        buried.append(dead.place)

    sender = Sender(server.url, batch_size=5, threads=1, on_dead=bury)
    for number in range(10):
        sender.put(record(number), place=number)
    with pytest.raises(OSError, match="disk full"):
        sender.drain()
    with pytest.raises(OSError, match="disk full"):
        sender.close()
    report = sender.report()
    assert (report.delivered, report.dead, report.undelivered) == (5, 2, 3)
    assert buried == [5, 6]
    assert sender.position == (7, 6)


# --- the end


def test_it_gives_up_when_the_collector_accepts_nothing(server):
    server.otherwise = 503
    with Sender(server.url, give_up_after=1.5) as sender:
        sender.put(record(1))
        report = sender.drain()
    assert (report.delivered, report.dead, report.undelivered) == (0, 0, 1)
    assert report.last_error == "HTTP 503"


def test_put_raises_when_the_collector_accepts_nothing(server, monkeypatch):
    monkeypatch.setattr("snowplow_tracker.bulk.intake._MAX_OPEN", 20)
    server.otherwise = 503
    with Sender(server.url, batch_size=5, give_up_after=1) as sender:
        for each in records(20):
            sender.put(each)
        with pytest.raises(UnavailableError, match=r"nothing for 1 s: HTTP 503"):
            sender.put(record("one too many"))
    assert sender.report().undelivered == 20


def test_put_waits_while_too_many_events_are_open(server, monkeypatch):
    monkeypatch.setattr("snowplow_tracker.bulk.intake._MAX_OPEN", 20)
    server.otherwise = "hang"
    sender = Sender(server.url, batch_size=5, threads=2)
    thread = threading.Thread(target=put_all, args=(sender, records(50)))
    thread.start()
    server.wait_for(2)
    wait_until(lambda: sender.report().read == 20)
    server.otherwise = 200
    server.released.set()
    thread.join(20)
    assert sender.close().delivered == 50


def test_put_waits_for_room_in_bytes(server, monkeypatch):
    monkeypatch.setattr("snowplow_tracker.bulk.intake._MAX_QUEUED_BYTES", 1_000_000)
    server.otherwise = "hang"
    sender = Sender(server.url, threads=1)
    large = [record(number, property="x" * 100_000) for number in range(50)]
    thread = threading.Thread(target=put_all, args=(sender, large))
    thread.start()
    server.wait_for(1)
    wait_until(lambda: sender.report().read >= 10)
    assert sender.report().read < 40
    server.otherwise = 200
    server.released.set()
    thread.join(20)
    assert sender.close().delivered == 50


def test_a_stopped_sender_accepts_no_record_and_delivers_the_others(server):
    sender = Sender(server.url)
    sender.put(record(1))
    sender.stop()
    with pytest.raises(StoppedError):
        sender.put(record(2))
    assert sender.close().delivered == 1


def test_a_drain_ends_at_its_time_limit(server):
    server.otherwise = "hang"
    with Sender(server.url) as sender:
        sender.put(record(1))
        assert sender.drain(timeout=0.3).undelivered == 1
        server.otherwise = 200
        server.released.set()


def test_what_a_closed_sender_had_left_is_not_said_to_be_kept(server, caplog):
    server.otherwise = 503
    with Sender(server.url) as sender:
        put_all(sender, records(3))
        sender.close(0.01)
    assert "3 events were not delivered: " in caplog.text
    assert "they stay" not in caplog.text


def test_many_threads_may_put(server):
    with Sender(server.url, batch_size=20) as sender:
        threads = [threading.Thread(target=put_all, args=(sender, records(200))) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert sender.report().delivered == 1000
    assert sender.position.records == 1000


# --- rate


def test_the_rate_is_kept_within_two_percent(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("snowplow_tracker.bulk.rate_limit.time.monotonic", lambda: now[0])
    limit = RateLimit(1000)
    for _ in range(5000):
        now[0] += 0.00001 + limit.seconds_to_wait()
    assert 5000 / (now[0] - 100) == pytest.approx(1000, rel=0.02)


def test_after_a_pause_the_records_of_one_second_follow_at_once(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("snowplow_tracker.bulk.rate_limit.time.monotonic", lambda: now[0])
    limit = RateLimit(100)
    limit.seconds_to_wait()
    now[0] += 60
    waits = [limit.seconds_to_wait() for _ in range(150)]
    assert waits[100] == 0
    assert waits[149] == pytest.approx(0.49, abs=0.02)


def test_a_sender_keeps_to_its_rate(server):
    began = time.monotonic()
    send(records(60), server.url, rate=100)
    assert time.monotonic() - began >= 0.58


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_is_above_zero(server, rate):
    with pytest.raises(ValueError, match="rate must be above 0"):
        Sender(server.url, rate=rate)


# --- schemas


class OnlyNumbers:
    """A validator that wants the n of data to be a number."""

    def validate(self, self_describing, source="unstruct"):
        class Failure:
            text = f"{source}: not a number"

        return [] if isinstance(self_describing["data"]["n"], int) else [Failure()]


@pytest.mark.parametrize("encode_base64", [True, False])
def test_invalid_records_are_dead_unsent(server, encode_base64):
    good, bad = {"n": 1}, {"n": "x"}
    schema = "iglu:com.acme/n/jsonschema/1-0-0"
    dead: list[DeadRecord] = []
    given: list[dict[str, Any]] = [
        {"schema": schema, "data": good, "entities": [{"schema": schema, "data": good}]},
        {"schema": schema, "data": bad},
        {"schema": schema, "data": good, "entities": [{"schema": schema, "data": bad}]},
    ]
    report = send(
        given,
        server.url,
        validator=OnlyNumbers(),
        on_dead=dead.append,
        encode_base64=encode_base64,
    )
    assert (report.delivered, report.reasons) == (1, {"invalid": 2})
    assert [each.errors for each in dead] == [
        ("unstruct: not a number",),
        ("contexts[0]: not a number",),
    ]
