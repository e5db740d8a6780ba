"""Scenario: many events, held in memory, through storms of every kind of fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome
from qa.torture.processes import Program

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["storms"]

_TIME_OUT = 2.0


def storms(
    folder: Path,
    seed: int,
    *,
    kind: str = "AsyncEmitter",
    method: str = "post",
    events: int = 1_000_000,
    count: int = 50,
    seconds: float = 1.0,
    kinds: list[str] | None = None,
    pause: float = 0.0,
) -> Outcome:
    """Track through storms, so many at least, and lose nothing.

    Args:
        kind: The class of emitters.
        method: How it sends: "post", or "get" for one request an event.
        seconds: How long each storm lasts.
        kinds: The faults. Default: all.
        pause: Seconds of rest for each thread after each twenty events.
    """
    outcome = Outcome(f"storms, {kind}, {method.upper()}")
    plan = {"every": events // (2 * count + 1), "seconds": seconds, "kinds": kinds or []}
    settings = {
        "method": method,
        "request_timeout": _TIME_OUT,
        "max_retry_delay_seconds": seconds / 2,
        "batch_size": 500,
        "when_full": "block",
        "block_timeout": 60,
    }
    with FaultyCollector(folder, seed, time_out=_TIME_OUT, **plan) as collector:
        threads = 4
        with Program(
            "tracking",
            folder,
            name=kind,
            url=collector.url,
            kind=kind,
            settings=settings,
            threads=threads,
            count=events // threads,
            pause=pause,
            limit=600,
        ) as program:
            outcome.problems += program.problems(610)
        outcome.judge(folder, collector)
        summary = collector.summary()
    outcome.met = f"{summary['storms']} storms, {sum(summary['faults'].values())} faults"
    if summary["storms"] < count:
        outcome.problems.append(f"only {summary['storms']} storms")
    return outcome.conclude()
