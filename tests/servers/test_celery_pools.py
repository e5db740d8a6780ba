"""Tasks that track in the green threads of a real Celery worker, with a real broker."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from tests.extras.conftest import RedisServer, redis_server
from tests.servers.harness import celery_worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["redis_server"]

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX"),
]

POOLS = ["gevent", "eventlet"]

TASKS = """
import celery, urllib.request
from snowplow_tracker import AsyncEmitter, CeleryEmitter, Emitter, StructuredEvent, Tracker
emitter = {kind}({url!r}, batch_size=5)
tracker = Tracker("ns", emitter)
app = celery.Celery("tasks")
app.config_from_object("snowplow_celery_config")
@app.task
def work(label):
    tracker.track(StructuredEvent("shop", "add", label))
@app.task
def go():
    urllib.request.urlopen({url!r} + "/go", timeout=20).close()
"""


@pytest.fixture(params=POOLS)
def pool(request: pytest.FixtureRequest) -> str:
    """A pool. Its library is not imported here: that would hook this very process."""
    name: str = request.param
    if find_spec(name) is None:
        pytest.skip(f"no {name} here")
    return name


@pytest.fixture
def folder(redis_server: RedisServer, tmp_path: Path) -> Path:
    """A folder of a program whose broker is an empty Redis."""
    with redis_server.client() as client:
        client.flushall()
    broker = f"broker_url = 'redis://127.0.0.1:{redis_server.port}/0'\n"
    (tmp_path / "snowplow_celery_config.py").write_text(broker)
    return tmp_path


@contextmanager
def worker(folder: Path, pool: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker, which must have ended by itself when the block ends."""
    with celery_worker(folder, "tasks", pool, 10) as process:
        yield process
    text = (folder / "log").read_text()
    assert (process.returncode, "Traceback" in text) == (0, False), text


def run(folder: Path, program: str) -> None:
    """Run a program that imports the tasks, as one that sends them does."""
    command = [sys.executable, "-c", f"from tasks import *\n{program}"]
    subprocess.run(command, cwd=folder, timeout=40, check=True)


def waiting(redis_server: RedisServer) -> int:
    """Return how many tasks are in the broker, those that a worker is at included."""
    with redis_server.client() as client:
        return int(client.llen("celery")) + int(client.hlen("unacked"))


class Gate:
    """Holds the first POST up until a task that was sent later has run, and refuses it then.

    Attributes:
        accepted: Labels of events.
    """

    def __init__(self) -> None:
        self._opened = threading.Event()
        self._is_first = True
        self.was_in_time = False
        self.accepted: list[str] = []

    def decide(self, request: Any) -> int:
        if request.method == "GET":
            self._opened.set()
        elif self._is_first:
            self._is_first = False
            self.was_in_time = self._opened.wait(15)
            return 503
        else:
            self.accepted += request.labels
        return 200


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_tasks_go_on_while_one_sends_and_all_arrives(
    redis_server, folder, server, until, pool, kind
):
    gate = Gate()
    server.otherwise = gate.decide
    (folder / "tasks.py").write_text(TASKS.format(kind=kind, url=server.url))
    run(folder, "for n in range(23): work.delay(str(n))\ngo.delay()")
    with worker(folder, pool) as process:
        until(lambda: waiting(redis_server) == 0)
        process.terminate()
        process.wait(30)
    assert gate.was_in_time
    assert sorted(gate.accepted, key=int) == [str(number) for number in range(23)]


def test_a_celery_emitter_hands_over_and_sends_there(redis_server, folder, server, until, pool):
    program = TASKS.format(kind="CeleryEmitter", url=server.url) + "app = emitter.celery_app\n"
    (folder / "tasks.py").write_text(program.replace("@app.task", "@emitter.celery_app.task"))
    server.script.extend([503, 503])
    run(folder, "for n in range(10): tracker.track(StructuredEvent('shop', 'add', str(n)))")
    run(folder, "for n in range(10, 20): work.delay(str(n))")
    with worker(folder, pool) as process:
        until(lambda: len(server.requests) > 2 and waiting(redis_server) == 0)
        process.terminate()
        process.wait(30)  # sends what does not fill a batch
    accepted = [label for request in server.requests[2:] for label in request.labels]
    assert sorted(accepted, key=int) == [str(number) for number in range(20)]
