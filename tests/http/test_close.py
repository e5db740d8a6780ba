"""`close()` closes the connections of an emitter, as that of a file does."""

from __future__ import annotations

import threading

import pytest
import requests
from tests.http.raw_server import OK, RawServer, answering

from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker


class Connections:
    """Answers 200, and knows how many connections are open."""

    def __init__(self) -> None:
        self.open = 0
        self._lock = threading.Lock()

    def __call__(self, server, connection):
        with self._lock:
            self.open += 1
        answering(OK)(server, connection)
        with self._lock:
            self.open -= 1


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_close_closes_the_connection_while_the_emitter_is_kept(kind, until):
    connections = Connections()
    with RawServer(connections) as server:
        emitter = kind(server.url, batch_size=1)
        tracker = Tracker("ns", emitter)
        tracker.track(StructuredEvent("c", "a"))
        tracker.flush()
        assert connections.open == 1
        emitter.close()
        until(lambda: connections.open == 0, 5)
    assert emitter.stats()["sent"] == 1


def test_close_closes_those_of_all_threads(until):
    connections = Connections()
    may_end = threading.Event()

    def send() -> None:
        assert emitter.http_post("{}") == 200
        may_end.wait(20)

    with RawServer(connections) as server:
        emitter = Emitter(server.url)
        threads = [threading.Thread(target=send) for _ in range(3)]
        for thread in threads:
            thread.start()
        until(lambda: len(server.requests) == connections.open == 3)
        emitter.close()
        until(lambda: connections.open == 0, 5)
        may_end.set()
        for thread in threads:
            thread.join()


def test_a_request_in_progress_ends_first(until):
    answer, statuses, may_end = threading.Event(), [], threading.Event()
    ended = threading.Event()

    def talk(server, connection):
        server.take(connection)
        assert answer.wait(10)
        connection.sendall(OK)
        assert server.take(connection) == b""
        ended.set()

    def send() -> None:
        statuses.append(emitter.http_post("{}"))
        may_end.wait(20)

    with RawServer(talk) as server:
        emitter = Emitter(server.url)
        thread = threading.Thread(target=send)
        thread.start()
        until(lambda: server.requests)
        emitter.close(0)
        answer.set()
        assert ended.wait(5)
        until(lambda: statuses)
        may_end.set()
        thread.join()
    assert statuses == [200]


def test_after_close_requests_are_possible_and_leave_nothing_open(until):
    connections = Connections()
    with RawServer(connections) as server:
        emitter = Emitter(server.url)
        emitter.http_post("{}")
        emitter.close()
        for _ in range(2):
            assert emitter.http_post("{}") == 200
            until(lambda: connections.open == 0, 5)


def test_the_connections_of_a_given_session_stay_open():
    connections = Connections()
    with RawServer(connections) as server, requests.Session() as session:
        emitter = Emitter(server.url, session=session)
        emitter.http_post("{}")
        emitter.close()
        assert session.post(server.url, timeout=5).status_code == 200
        assert server.connections == connections.open == 1
