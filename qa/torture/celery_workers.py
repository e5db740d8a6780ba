"""Scenario: Celery workers of each pool, whose tasks track events and which end by SIGTERM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome, tracked_ids
from qa.torture.serving import plan_of, problems, redis, server, until

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["POOLS", "celery"]

POOLS = ("prefork", "threads", "gevent", "eventlet")
_SETTINGS = {"batch_size": 25, "request_timeout": 2.0, "max_retry_delay_seconds": 0.3}
_EVENTS_A_TASK = 7
_FAULTS = ["503", "cuts answer", "cuts body"]
_QUIET = ["--loglevel", "ERROR", "--without-gossip", "--without-mingle"]


def celery(
    folder: Path, seed: int, *, kind: str, pool: str = "prefork", tasks: int = 300
) -> Outcome:
    """Work off tasks that track and never flush, eight at a time; lose nothing."""
    outcome = Outcome(f"Celery {pool}, {kind}")
    command = ["-m", "celery", "-A", "qa.torture.programs.tasks", "worker", *_QUIET]
    command += ["--pool", pool, "--concurrency", "4" if pool == "prefork" else "8"]
    storms = {"every": tasks, "seconds": 0.1, "kinds": _FAULTS}
    with redis(folder) as port, FaultyCollector(folder, seed, **storms) as collector:
        broker = f"redis://127.0.0.1:{port}/0"
        plan = {**plan_of(folder, collector, kind, _SETTINGS), "broker": broker}
        with server(folder, command, plan) as process:
            _send_tasks(broker, tasks)
            until(lambda: len(tracked_ids(folder)) >= tasks * _EVENTS_A_TASK)
            collector.calm()  # at exit, workers try once
            process.terminate()
            outcome.problems += problems(process, folder)
        outcome.judge(folder, collector)
        outcome.met = f"SIGTERM, {collector.summary()['storms']} storms"
    return outcome.conclude()


def _send_tasks(broker: str, count: int) -> None:
    import celery as celery_package  # noqa: PLC0415 - of this scenario alone

    with celery_package.Celery(broker=broker) as app:
        for _ in range(count):
            app.send_task("work", [_EVENTS_A_TASK])
