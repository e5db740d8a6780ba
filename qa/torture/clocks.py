"""Scenario: the clock is set back and forward while events wait for their next attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome
from qa.torture.processes import Program

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["clock_set_back"]

_FAULTS = ["503", "cuts answer", "refuses", "503 Retry-After"]


def clock_set_back(
    folder: Path, seed: int, *, kind: str, durable: bool, count: int = 500
) -> Outcome:
    """Deliver in time all the same."""
    outcome = Outcome(f"clock set back, {kind}, {'durable' if durable else 'memory'}")
    settings = {"batch_size": 50, "request_timeout": 2.0, "max_retry_delay_seconds": 0.1}
    with FaultyCollector(folder, seed, every=count, seconds=0.3, kinds=_FAULTS) as collector:
        with Program(
            "clocked",
            folder,
            name="clock",
            kind=kind,
            url=collector.url,
            settings=settings,
            store=str(folder / "store.db") if durable else None,
            count=count,
            limit=60,
        ) as program:
            outcome.problems += program.problems(70)
        outcome.judge(folder, collector)
        outcome.met = f"5 settings, {collector.summary()['storms']} storms"
    return outcome.conclude()
