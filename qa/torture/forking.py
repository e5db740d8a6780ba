"""Scenarios: processes that fork, and processes of multiprocessing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome
from qa.torture.processes import Program

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["forks", "multiprocesses"]

_TIME_OUT = 2.0
_SETTINGS = {"request_timeout": _TIME_OUT, "max_retry_delay_seconds": 0.1, "batch_size": 50}
# Those that take no time of their own, so that many come between two forks.
_QUICK_FAULTS = ["cuts answer", "cuts body", "503", "garbage", "refuses", "early answer"]


def forks(
    folder: Path,
    seed: int,
    *,
    kind: str,
    durable: bool,
    forks: int = 8,
    threads: int = 8,
    count: int = 1_000,
) -> Outcome:
    """Fork in the middle of tracking and sending, with faults, and lose nothing."""
    outcome = Outcome(f"forks, {kind}, {'durable' if durable else 'memory'}")
    every = forks * threads * count // 10
    storms = {"every": every, "seconds": 0.2, "kinds": _QUICK_FAULTS, "time_out": _TIME_OUT}
    with FaultyCollector(folder, seed, **storms) as collector:
        with Program(
            "forking",
            folder,
            name=kind,
            url=collector.url,
            kind=kind,
            settings=_SETTINGS,
            store=str(folder / "store.db") if durable else None,
            forks=forks,
            threads=threads,
            count=count,
            limit=100,
        ) as program:
            outcome.problems += program.problems(110)
        outcome.judge(folder, collector)
        summary = collector.summary()
    outcome.met = f"{forks} forks x {threads} threads, {summary['storms']} storms"
    return outcome.conclude()


def multiprocesses(
    folder: Path, seed: int, *, method: str, kind: str, processes: int = 4, count: int = 487
) -> Outcome:
    """Track in processes of multiprocessing that never flush, and lose nothing."""
    outcome = Outcome(f"multiprocessing {method}, {kind}")
    with (
        FaultyCollector(folder, seed) as collector,
        Program(
            "spawning",
            folder,
            name=kind,
            url=collector.url,
            kind=kind,
            settings=_SETTINGS,
            method=method,
            processes=processes,
            count=count,
            limit=60,
        ) as program,
    ):
        outcome.problems += program.problems(70)
        outcome.judge(folder, collector)
    outcome.met = f"{processes} processes"
    return outcome.conclude()
