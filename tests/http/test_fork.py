"""A child process has its own connections, and never waits for a request of its parent."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from tests.http.raw_server import OK, RawServer, answering

from snowplow_tracker._http.session import reset_connections

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
]

FORKS_WHILE_REQUESTS_IS_IMPORTED = """
import os, signal, sys, threading
from snowplow_tracker import {kind}, StructuredEvent, Tracker

class Slow:
    def find_spec(self, name, *_):
        if name == "requests.models":
            in_the_middle.set()
            forked.wait(0.3)

in_the_middle, forked = threading.Event(), threading.Event()
sys.meta_path.insert(0, Slow())
tracker = Tracker("ns", {kind}("{url}", batch_size=1))

def track(label):
    tracker.track(StructuredEvent("shop", "add", label))

threading.Thread(target=track, args=("parent",), daemon=True).start()
assert in_the_middle.wait(10)
child = os.fork()
forked.set()
if not child:
    signal.alarm(10)
    track("child")
    tracker.flush()
    os._exit(0)
_, status = os.waitpid(child, 0)
tracker.flush()
sys.exit(status != 0)
"""


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_a_fork_in_the_middle_of_a_first_request(server, kind):
    program = FORKS_WHILE_REQUESTS_IS_IMPORTED.format(kind=kind, url=server.url)
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program]
    ran = subprocess.run(command, capture_output=True, timeout=40, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert sorted(server.labels()) == ["child", "parent"]


def test_a_session_made_anew_keeps_its_settings_and_leaves_the_old_connections_open():
    ended = threading.Event()

    def talk(server, connection):
        answering(OK)(server, connection)
        ended.set()

    session = requests.Session()
    session.headers["X-Team"] = "shop"
    session.mount("http://", HTTPAdapter(pool_maxsize=3, max_retries=2))
    with RawServer(talk) as server:
        session.get(server.url)
        reset_connections(session)
        session.get(server.url)
        adapter: Any = session.get_adapter(server.url)
        assert server.connections == 2
        assert not ended.is_set()
    assert (adapter._pool_maxsize, adapter.max_retries.total) == (3, 2)
    assert all(b"X-Team: shop" in request for request in server.requests)


@pytest.mark.parametrize("session", [object(), None, requests])
def test_what_is_no_session_of_requests_is_left_alone(session):
    reset_connections(session)
