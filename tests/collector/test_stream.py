"""`/micro/stream`: what a page shows while events arrive."""

from __future__ import annotations

import json
import socket
import threading
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests

from snowplow_tracker.collector import CollectorServer

if TYPE_CHECKING:
    from collections.abc import Iterator


class Messages:
    """The messages of a stream, read from a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers: dict[str, str] = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(": ")
            self.headers[name] = value

    def __iter__(self) -> Iterator[tuple[str, Any, str | None]]:
        fields: dict[str, str] = {}
        for line in self._file:
            text = line.decode().rstrip("\r\n")
            name, _, value = text.partition(": ")
            if name in {"event", "id", "data"}:
                fields[name] = value
            elif not text and "data" in fields:
                yield fields["event"], json.loads(fields["data"]), fields.get("id")
                fields = {}

    def next(self, kind: str) -> Any:
        """Return data and id of the next message of a kind."""
        return next((data, number) for event, data, number in self if event == kind)

    def rows(self, count: int) -> list[Any]:
        """Return the next rows."""
        rows: list[Any] = []
        while len(rows) < count:
            rows += self.next("rows")[0]
        return rows


@contextmanager
def stream(collector: CollectorServer, **headers: object) -> Iterator[Messages]:
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
    with socket.create_connection((collector.host, collector.port), timeout=20) as connection:
        request = f"GET /micro/stream HTTP/1.1\r\nHost: localhost\r\n{''.join(lines)}\r\n"
        connection.sendall(request.encode())
        yield Messages(connection)


@pytest.fixture
def make(post, batch, event):
    def send(count=1, **changes):
        post(batch(*(event(**{"eid": str(uuid.uuid4()), **changes}) for _ in range(count))))

    return send


def test_rows_as_they_arrive(collector, make):
    with stream(collector) as messages:
        assert messages.headers["content-type"].startswith("text/event-stream")
        assert messages.next("counts")[0] == {"total": 0, "good": 0, "bad": 0}
        make(aid="shop")
        (rows, number) = messages.next("rows")
        assert number == str(rows[0]["n"]) == str(collector.journal.last)
        assert rows[0]["ok"] is True
        assert (rows[0]["type"], rows[0]["app"]) == ("page_view", "shop")
        assert rows[0]["summary"] == "https://example.com/"
        assert messages.next("counts")[0] == {"total": 1, "good": 1, "bad": 0}
        make(dtm="x")
        assert [(row["ok"], row["failures"]) for row in messages.rows(1)] == [(False, 1)]


def test_a_stream_is_resumed(collector, make):
    make(3)
    seen = collector.journal.last - 2
    with stream(collector, Last_Event_ID=seen) as messages:
        assert [row["n"] for row in messages.rows(2)] == [seen + 1, seen + 2]


def test_a_stream_that_is_far_behind_gets_the_newest(collector, make):
    seen = collector.journal.last
    make(600)
    with stream(collector, Last_Event_ID=seen) as messages:
        last = collector.journal.last
        assert messages.next("lagged")[0] == {"n": last}
        assert [row["n"] for row in messages.rows(200)] == list(range(last - 199, last + 1))


def test_the_number_of_an_earlier_process_leads_to_a_reload(collector):
    with stream(collector, Last_Event_ID="9" * 30) as messages:
        assert messages.next("lagged")[0] == {"n": collector.journal.last}


@pytest.mark.parametrize("number", ["", "-1", "x", "1.5"])
def test_a_number_that_is_none_is_ignored(collector, make, number):
    make()
    with stream(collector, Last_Event_ID=number) as messages:
        messages.next("counts")
        make(aid="later")
        assert messages.rows(1)[0]["app"] == "later"


def test_a_reset_is_told(collector, make):
    make()
    with stream(collector) as messages:
        messages.next("counts")
        collector.reset()
        assert messages.next("reset")[0] == {"n": collector.journal.last + 1}
        assert messages.next("counts")[0]["total"] == 0


def test_long_and_hostile_texts_are_cut(collector, make):
    with stream(collector) as messages:
        messages.next("counts")
        make(aid="a" * 100_000, e="\r\n\r\ndata: x\n\n")
        (row,) = messages.rows(1)
        assert len(row["app"]) < 300
        assert row["type"] == "\r\n\r\ndata: x\n\n"


def test_streams_are_limited_and_cut_ones_make_room(collector, until):
    def is_taken() -> bool:
        with stream(collector) as messages:
            return messages.status == 200

    connections = []
    try:
        for _ in range(32):
            connection = socket.create_connection((collector.host, collector.port), timeout=20)
            connection.sendall(b"GET /micro/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert Messages(connection).status == 200
            connections.append(connection)
        assert not is_taken()
    finally:
        for connection in connections:
            connection.close()
    until(is_taken)


def test_a_client_that_reads_nothing_keeps_nobody_waiting(collector, make):
    with socket.create_connection((collector.host, collector.port), timeout=20) as connection:
        connection.sendall(b"GET /micro/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in range(20):
            make(400, aid="a" * 200)
        assert collector.journal.wait_for(8_000)["good"] == 8_000


def test_a_server_with_open_streams_stops_at_once():
    with CollectorServer() as collector:
        connections = [
            socket.create_connection((collector.host, collector.port), timeout=20) for _ in range(3)
        ]
        for connection in connections:
            connection.sendall(b"GET /micro/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert Messages(connection).status == 200
        stopping = threading.Thread(target=collector.stop)
        stopping.start()
        ends = [connection.makefile("rb").read() for connection in connections]
        stopping.join(10)
        assert not stopping.is_alive()
        # A stream that ended by itself has the last chunk of its encoding.
        assert all(end.endswith(b"0\r\n\r\n") for end in ends)
        for connection in connections:
            connection.close()


def test_it_is_no_page_of_another_site(collector):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    answer = requests.get(f"{collector.url}/micro/stream", headers=headers, timeout=10)
    assert answer.status_code == 403
