"""Scenario: RedisWorkers are killed and restarted, also while the collector is down."""

from __future__ import annotations

import random
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import redis as redis_package
from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome
from qa.torture.processes import Program
from qa.torture.serving import redis, until

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["redis_workers"]

_TIME_OUT = 1.0
_SETTINGS = {
    "request_timeout": _TIME_OUT,
    "max_retry_delay_seconds": 0.3,
    "batch_size": 50,
    "exit_timeout": 1,
}
_FAULTS = ["503", "cuts answer", "cuts body", "refuses", "drips", "garbage"]
_NOBODY = "http://127.0.0.1:9"
_LAST_REQUESTS = {"Emitter": 3, "AsyncEmitter": 22}  # those of a thousand events
_AT_ONCE = 2


def redis_workers(
    folder: Path,
    seed: int,
    *,
    kind: str,
    kills: int = 12,
    count: int = 10_000,
    seconds: float = 1.0,
) -> Outcome:
    """Kill two workers after the other two; every second pair finds no collector; lose nothing.

    Each pair is started again before the next kill, so that events of the dead are put back
    while others work.

    Args:
        seconds: The longest life of a worker that is killed.
    """
    outcome = Outcome(f"RedisWorker, {kind}, Redis")
    storms = {"every": count // 20, "seconds": 0.1, "kinds": _FAULTS, "time_out": _TIME_OUT}
    with redis(folder) as port, FaultyCollector(folder, seed, **storms) as collector:
        plan: dict[str, Any] = {"port": port, "kind": kind, "settings": _SETTINGS, "limit": 100}
        load: dict[str, Any] = {"name": "filling", "count": count, "pause": 0.01}
        with Program("filling", folder, **load, **plan) as filling:
            names = _kill_workers(folder, plan, collector.url, random.Random(seed), kills, seconds)
            outcome.problems += filling.problems(60)
        plan["url"] = collector.url
        with Program("draining", folder, name="heir", **plan) as heir:
            until(lambda: _is_taken_by_one(port))
            collector.calm()  # at its end, a worker tries once
            heir.process.terminate()
            outcome.problems += heir.problems(20)
        if left := _count(port, b"snowplow"):
            outcome.problems.append(f"{left} keys are left in Redis")
        outcome.judge(folder, collector, dict.fromkeys(names, _LAST_REQUESTS[kind]))
        summary = collector.summary()
    outcome.met = f"{kills} kills, half without a collector, {summary['storms']} storms"
    return outcome.conclude()


def _kill_workers(
    folder: Path,
    plan: dict[str, Any],
    url: str,
    chance: random.Random,
    kills: int,
    seconds: float,
) -> list[str]:
    names = [f"killed-{number}" for number in range(kills)]
    for first in range(0, kills, _AT_ONCE):
        is_down = first // _AT_ONCE % 2 == 1
        with ExitStack() as crowd:
            pair = names[first : first + _AT_ONCE]
            plan["url"] = _NOBODY if is_down else url
            workers = [Program("draining", folder, name=name, **plan) for name in pair]
            for worker in workers:
                crowd.enter_context(worker)  # whose end kills it
            until(lambda: all(worker.output() for worker in workers))  # noqa: B023 - at once
            threading.Event().wait(chance.uniform(0, seconds))
    return names


def _is_taken_by_one(port: int) -> bool:
    """Return whether the only worker has all entries, those of the dead included."""
    with redis_package.Redis(port=port) as client:
        return not client.llen("snowplow") and client.scard("{snowplow}:workers") == 1


def _count(port: int, word: bytes) -> int:
    with redis_package.Redis(port=port) as client:
        return sum(word in key for key in client.scan_iter())
