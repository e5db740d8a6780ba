"""Events of a program that a real Celery worker sends to a real collector."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.processes

TRACKING = """
from snowplow_tracker import CeleryEmitter, StructuredEvent, Tracker
by_post = CeleryEmitter({first!r}, batch_size=2)
by_get = CeleryEmitter({second!r}, method="get")
tracker = Tracker([by_post, by_get], namespace="ns")
celery_app = by_post.celery_app
def track(*labels):
    for label in labels:
        tracker.track(StructuredEvent("shop", "add", label))
"""
PROJECT = """
import celery, tracking
app = celery.Celery("project")
app.config_from_object("snowplow_celery_config")
"""


@contextmanager
def worker(
    folder: Path, application: str, pool: str, *, ends_by_itself: bool = False
) -> Iterator[None]:
    """Runs `celery worker` beside the test."""
    command = f"-m celery -A {application} worker --pool {pool} --concurrency 1".split()
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *command, *quiet],
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield
            if ends_by_itself:
                process.terminate()
                process.wait(20)
        finally:
            with suppress(ProcessLookupError):  # its pool too; to end by itself takes seconds
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
    assert "Traceback" not in (folder / "log").read_text()


@pytest.fixture
def track(modules: Path) -> Callable[..., None]:
    """Runs a program that tracks a structured event for each label, through two emitters."""

    def run(first: str, second: str, *labels: str) -> None:
        (modules / "tracking.py").write_text(TRACKING.format(first=first, second=second))
        program = f"import tracking; tracking.track(*{labels!r})"
        subprocess.run([sys.executable, "-c", program], cwd=modules, timeout=30, check=True)

    return run


def test_a_worker_of_the_program_sends_for_each_of_its_emitters(
    modules, messages, collector, server, labels, track
):
    track(collector.url, server.url, "a", "b", "c", "d")
    assert len(list(messages.iterdir())) == 2 + 4
    assert collector.journal.counts()["total"] == 0
    with worker(modules, "tracking", "prefork"):
        collector.journal.wait_for(4)
        server.wait_for(4)
    assert labels(collector) == ["a", "b", "c", "d"]
    assert sorted([request.labels for request in server.requests]) == [["a"], ["b"], ["c"], ["d"]]
    assert list(messages.iterdir()) == []


def test_another_application_on_the_broker_sends_and_what_fails_goes_back_to_the_broker(
    modules, messages, collector, server, labels, track
):
    (modules / "project.py").write_text(PROJECT)
    server.script.extend([503, 503])
    track(server.url, collector.url, "a", "b")
    with worker(modules, "project", "solo"):
        server.wait_for(3)
        collector.journal.wait_for(2)
    assert [request.labels for request in server.requests] == [["a", "b"]] * 3
    assert labels(collector) == ["a", "b"]
    assert list(messages.iterdir()) == []


TASKS = """
import celery
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
app = celery.Celery("tasks")
app.config_from_object("snowplow_celery_config")
trackers = [Tracker("ns", kind({url!r})) for kind in (Emitter, AsyncEmitter)]
@app.task
def work(label):
    for tracker in trackers:
        tracker.track(StructuredEvent("shop", "add", label))
"""


def test_what_tasks_track_with_a_plain_emitter_is_delivered_at_the_workers_end(
    modules, messages, collector, labels, until
):
    (modules / "tasks.py").write_text(TASKS.format(url=collector.url))
    program = "import tasks; [tasks.work.delay(label) for label in 'abc']"
    subprocess.run([sys.executable, "-c", program], cwd=modules, timeout=30, check=True)
    with worker(modules, "tasks", "prefork", ends_by_itself=True):
        until(lambda: list(messages.iterdir()) == [])
    assert labels(collector) == ["a", "a", "b", "b", "c", "c"]
