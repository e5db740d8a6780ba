"""The recipe for bulk loads with Celery, in real workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.extras.conftest import RedisServer, redis_server
from tests.servers.harness import write_program
from tests.support import ScriptedServer, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["redis_server"]

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX"),
    pytest.mark.processes,
]

QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR"]
SEND = """
from row_tasks import send_rows
send_rows.delay([{"order_id": number} for number in range(100)])
"""


@contextmanager
def worker(
    pool: str, folder: Path, server: ScriptedServer, redis: RedisServer
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker of one process, and a task of 100 rows."""
    with redis.client() as client:
        client.flushall()
    write_program("row_tasks.py", folder, server.port, **{"6379": str(redis.port)})
    command = f"-m celery -A row_tasks worker --pool {pool} --concurrency 1".split()
    subprocess.run([sys.executable, "-c", SEND], cwd=folder, timeout=30, check=True)
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, *command, *QUIET], cwd=folder, stdout=log, stderr=log
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def sent_ids(server: ScriptedServer) -> list[str]:
    return [event["eid"] for request in list(server.requests) for event in request.events]


@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_a_task_sends_its_rows(pool, redis_server, server, tmp_path):
    with worker(pool, tmp_path, server, redis_server) as process:
        wait_until(lambda: len(sent_ids(server)) == 100, 40)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, (tmp_path / "log").read_text()
    assert len(set(sent_ids(server))) == 100


@pytest.mark.skipif(sys.platform != "linux", reason="finds the process of the pool in /proc")
def test_the_rows_of_a_killed_process_are_sent_again(redis_server, server, tmp_path):
    server.otherwise = 503
    with worker("prefork", tmp_path, server, redis_server) as process:
        server.wait_for(1)
        ids = set(sent_ids(server))
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        for child in children.split():
            os.kill(int(child), signal.SIGKILL)
        server.requests.clear()
        server.otherwise = 200
        wait_until(lambda: len(set(sent_ids(server))) == 100, 40)
    assert ids <= set(sent_ids(server))
