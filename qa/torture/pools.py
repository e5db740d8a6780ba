"""Scenario: pools of processes, which end by themselves or are terminated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome, tracked_ids
from qa.torture.processes import Program
from qa.torture.serving import until

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["METHODS", "POOLS", "pool"]

METHODS = ("fork", "spawn", "forkserver")
# Functions of `qa.torture.programs.pooling`. Processes that end or are terminated in the middle of
# a run need a collector that responds. A pool that is terminated without a flush needs a durable
# store.
_WITH_FAULTS = ("close_and_join", "with_close_and_join", "terminated", "executor")
POOLS = (*_WITH_FAULTS, "workers_replaced", "flushed_and_terminated")
_DURABLE = "terminated"
_SETTINGS = {"request_timeout": 2.0, "max_retry_delay_seconds": 0.1, "batch_size": 10}
_FAULTS = ["503", "cuts answer", "cuts body"]
_SENDERS = 3


def pool(
    folder: Path, seed: int, *, name: str, method: str, kind: str, jobs: int = 40, count: int = 63
) -> Outcome:
    """Work off jobs that track, most of them with faults; lose nothing."""
    outcome = Outcome(f"Pool {method}, {name.replace('_', ' ')}, {kind}")
    plan: dict[str, Any] = {"kind": kind, "settings": _SETTINGS, "limit": 60}
    if name == _DURABLE:
        outcome.scenario += ", durable"
        plan["store"] = str(folder / "store.db")
    every = jobs * count // 8 if name in _WITH_FAULTS else 0
    with FaultyCollector(folder, seed, every=every, seconds=0.1, kinds=_FAULTS) as collector:
        plan["url"] = collector.url
        work: dict[str, Any] = {"pool": name, "method": method, "jobs": jobs, "count": count}
        with Program("pooling", folder, name="pool", **work, **plan) as program:
            until(lambda: len(tracked_ids(folder)) > jobs * count * 0.8)
            collector.calm()  # at exit, processes try once
            outcome.problems += program.problems(70)
            processes = json.loads(program.output().splitlines()[-1])
        killed = {f"worker-{process}": _SENDERS for process in processes if name == _DURABLE}
        if killed:
            with Program("tracking", folder, name="heir", count=1, **plan) as heir:
                outcome.problems += heir.problems(70)
        outcome.judge(folder, collector, killed)
        outcome.met = f"{len(processes)} processes, {collector.summary()['storms']} storms"
    return outcome.conclude()
