"""`CollectorServer`: start, stop, ports and requests in progress."""

from __future__ import annotations

import errno
import socket
import sys
import threading

import pytest
import requests
from freezegun import freeze_time

from snowplow_tracker.collector import CollectorServer, Journal


def answers(collector: CollectorServer) -> bool:
    try:
        return requests.get(f"{collector.url}/health", timeout=5).text == "OK"
    except requests.ConnectionError:
        return False


def test_it_listens_as_long_as_the_block_lasts():
    with CollectorServer() as collector:
        assert collector.running
        assert collector.url == f"http://127.0.0.1:{collector.port}"
        assert answers(collector)
    assert not collector.running
    assert not answers(collector)


def test_nothing_is_left_behind():
    before = threading.active_count()
    with CollectorServer() as collector, requests.Session() as session:
        session.get(f"{collector.url}/health", timeout=5)
    assert threading.active_count() == before
    with socket.create_server((collector.host, collector.port)):
        pass


def test_it_starts_again_at_the_same_port_with_what_it_had():
    collector = CollectorServer()
    for total in (1, 2):
        with collector:
            url = collector.url
            requests.get(f"{url}/i", timeout=5)
        assert collector.url == url
        assert collector.journal.counts()["total"] == total


def test_a_port_in_use():
    with CollectorServer() as first:
        with pytest.raises(OSError, match="in use") as refused:
            CollectorServer(port=first.port).start()
        assert refused.value.errno == errno.EADDRINUSE
        assert answers(first)


def test_start_and_stop_twice():
    collector = CollectorServer()
    for action in (collector.stop, collector.start, collector.start):
        action()
    assert answers(collector)
    for action in (collector.stop, collector.stop):
        action()


def test_it_stops_in_the_middle_of_a_request():
    with CollectorServer() as collector:
        connection = socket.create_connection((collector.host, collector.port), timeout=5)
        connection.sendall(
            b"POST /com.snowplowanalytics.snowplow/tp2 HTTP/1.1\r\n"
            b"Host: a\r\nContent-Length: 9\r\n\r\n{"
        )
        assert answers(collector)
    connection.close()
    assert not collector.running


def test_two_collectors_share_nothing():
    with CollectorServer() as one, CollectorServer() as other:
        requests.get(f"{one.url}/i", timeout=5)
        assert one.journal.wait_for(1)["bad"] == 1
        assert other.journal.counts()["total"] == 0
        assert one.reset() == other.journal.counts()


def test_a_full_journal_is_reported_once():
    said: list[str] = []
    with CollectorServer(journal=Journal(max_bad=1), report=said.append) as collector:
        for _ in range(4):
            requests.get(f"{collector.url}/i", timeout=5)
    assert [text.count("journal full") for text in said] == [0, 1, 0, 0]


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(RuntimeError, match=r"pip install 'snowplow-tracker-rs\[collector\]'"):
        CollectorServer()


def test_answers_and_stops_while_the_clock_is_moved():
    with CollectorServer() as collector, freeze_time("2040-01-01") as clock:
        assert requests.get(f"{collector.url}/health", timeout=5).ok
        clock.move_to("2020-01-01")
        assert requests.get(f"{collector.url}/health", timeout=5).ok
    assert not collector.running


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("port", port) for port in (-1, 65_536, "9090", True, None, 10**30)),
        *(("host", host) for host in ("", "a b", "http://a", "[::1]", "a" * 254, None, "\0")),
        ("report_format", "xml"),
    ],
)
def test_malformed_arguments_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=rf"^{name}: "):
        CollectorServer(**{name: value})
