"""A Redis server, and a Celery broker that needs no server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from snowplow_tracker.collector import CollectorServer


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


@pytest.fixture(scope="session")
def labels() -> Callable[[CollectorServer], list[str]]:
    """The labels of the structured events that came, in no order."""
    return lambda collector: sorted(row["event"]["se_label"] for row in collector.journal.good())


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
