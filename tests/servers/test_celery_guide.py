"""The programs of Celery's page in real workers, which SIGTERM ends while tasks run."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from tests.docs.pages import PAGES
from tests.extras.conftest import RedisServer, redis_server
from tests.servers.harness import celery_worker, write_program
from tests.support import wait_until

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["redis_server"]

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX"),
    pytest.mark.processes,
]

PAGE = PAGES["docs/guides/frameworks/celery.md"]
# Tasks that track through that of the guide, when the test lets them go on.
SLOW_TASKS = """
import pathlib, time
from {module} import app, send_receipt

@app.task
def slowly(order):
    pathlib.Path(f"entered-{{order}}").touch()
    while not pathlib.Path("released").exists():
        time.sleep(0.005)
    send_receipt(order)
"""
SLOWLY = "for n in range(2): slowly.delay(f'slow-{n}')"


def write_tasks(module: str, folder: Path, port: int, redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.flushall()
    write_program(f"{module}.py", folder, port, **{"6379": str(redis_server.port)})
    (folder / "slow_tasks.py").write_text(SLOW_TASKS.format(module=module), encoding="utf-8")


def send(folder: Path, program: str) -> None:
    command = [sys.executable, "-c", f"from slow_tasks import *\n{program}"]
    subprocess.run(command, cwd=folder, timeout=30, check=True)


def labels(collector) -> list[str]:
    return sorted(row["event"]["se_label"] for row in collector.journal.good())


@pytest.mark.parametrize("pool", ["prefork", "threads", "gevent"])
def test_a_worker_that_ends_loses_no_event_of_a_running_task(
    pool, redis_server, collector, tmp_path
):
    if pool == "gevent" and find_spec("gevent") is None:
        pytest.skip("no gevent here")
    assert pool == "prefork" or f"`--pool {pool}`" in PAGE
    write_tasks("tasks", tmp_path, collector.port, redis_server)
    send(tmp_path, "for n in range(3): send_receipt.delay(f'before-{n}')\n" + SLOWLY)
    with celery_worker(tmp_path, "slow_tasks", pool, 2) as process:
        wait_until(lambda: len([*tmp_path.glob("entered-*")]) == 2)
        process.terminate()
        wait_until(lambda: "Warm shutdown" in (tmp_path / "log").read_text())
        (tmp_path / "released").touch()
        assert process.wait(30) == 0, (tmp_path / "log").read_text()
    assert labels(collector) == ["before-0", "before-1", "before-2", "slow-0", "slow-1"]


def test_no_event_waits_for_a_full_batch_if_tasks_flush(redis_server, collector, tmp_path):
    write_tasks("flushing_tasks", tmp_path, collector.port, redis_server)
    send(tmp_path, "send_receipt.delay('only')")
    with celery_worker(tmp_path, "slow_tasks", "prefork", 2) as process:
        wait_until(lambda: labels(collector) == ["only"])
        assert process.poll() is None


def test_a_task_knows_the_user_of_what_has_sent_it(redis_server, collector, tmp_path):
    write_tasks("scoped_tasks", tmp_path, collector.port, redis_server)
    with (tmp_path / "slow_tasks.py").open("a") as added:
        added.write("import scoped_tasks\nscoped_tasks.connect(flush=True)\n")
    program = "scoped_tasks.pay('mine', 'ann'); send_receipt.delay('other')"
    send(tmp_path, program)
    with celery_worker(tmp_path, "slow_tasks", "threads", 2):
        wait_until(lambda: labels(collector) == ["mine", "other"])
    events = [row["event"] for row in collector.journal.good()]
    users = {event["se_label"]: event.get("user_id") for event in events}
    assert users == {"mine": "ann", "other": None}
