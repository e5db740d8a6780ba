from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from snowplow_tracker import _worker
from snowplow_tracker.collector import CollectorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class RedisServer:
    """A Redis server of the tests' own, which keeps nothing on disk."""

    def __init__(self, program: str, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        address = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder)]
        self._command = [program, *address, "--save", "", "--appendonly", "no"]

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_until(self._answers)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def client(self, **settings: Any) -> redis.Redis:
        """A client that tells at once what fails."""
        return redis.Redis(port=self.port, retry=Retry(NoBackoff(), 0), **settings)

    def _answers(self) -> bool:
        assert self._process.poll() is None, "redis-server ended"
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never came to hold"
        threading.Event().wait(0.005)


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    """Waits until a condition holds, with a limit."""
    return wait_until


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server here. Get it: apt install redis-server")
    server = RedisServer(program, tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def rdb(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """A client of an empty Redis."""
    with redis_server.client() as client:
        client.flushall()
        yield client


@pytest.fixture(autouse=True)
def no_emitter_is_left() -> Iterator[None]:
    """Closes emitters that a test left with events: they would try again at the run's end."""
    yield
    for emitter in list(_worker._emitters):
        emitter.close(0)


@pytest.fixture(scope="session")
def running_collector() -> Iterator[CollectorServer]:
    with CollectorServer(port=0) as collector:
        yield collector


@pytest.fixture
def collector(running_collector: CollectorServer) -> CollectorServer:
    running_collector.reset()
    return running_collector


@pytest.fixture(scope="session")
def labels() -> Callable[[CollectorServer], list[str]]:
    """The labels of the structured events that came, in no order."""
    return lambda collector: sorted(row["event"]["se_label"] for row in collector.journal.good())


class _Connection(BaseHTTPRequestHandler):
    server: Unreliable

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer([event["se_la"] for event in json.loads(body)["data"]])

    def do_GET(self) -> None:
        self._answer(parse_qs(urlsplit(self.path).query)["se_la"])

    def _answer(self, labels: list[str]) -> None:
        self.server.received.append(labels)
        self.send_response(self.server.script.popleft() if self.server.script else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


class Unreliable(ThreadingHTTPServer):
    """A collector that answers with the statuses of a script, then with 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.script: deque[int] = deque()
        self.received: list[list[str]] = []

    def labels(self) -> list[list[str]]:
        """The labels of the events of each request."""
        return list(self.received)

    def wait_for(self, requests: int) -> None:
        wait_until(lambda: len(self.received) >= requests)


@pytest.fixture
def unreliable() -> Iterator[Unreliable]:
    with Unreliable() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder from which modules are importable."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("snowplow_celery_config", None)


@pytest.fixture
def messages(modules: Path) -> Path:
    """The messages of a broker that needs no server: files of a folder. Celery is told of it."""
    folder = modules / "messages"
    folder.mkdir()
    options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(modules / "control"),
        "polling_interval": 0.02,
    }
    configuration = f"broker_url = 'filesystem://'\nbroker_transport_options = {options}\n"
    (modules / "snowplow_celery_config.py").write_text(configuration)
    return folder
