"""Scenario: green threads of gevent and eventlet track concurrently, and are killed."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Any

from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome
from qa.torture.processes import Program

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LIBRARIES", "MOMENTS", "green_threads"]

LIBRARIES = ("gevent", "eventlet")
MOMENTS = ("before import", "after import", "after sending")
_TIME_OUT = 2.0
_SETTINGS = {
    "request_timeout": _TIME_OUT,
    "max_retry_delay_seconds": 0.1,
    "batch_size": 20,
    "when_full": "block",
    "block_timeout": 60,
}
_FAULTS = [
    *("refuses", "cuts answer", "cuts body", "early answer", "drips", "garbage", "stalls"),
    *("503", "302", "307", "429 Retry-After", "mixed"),
]


def green_threads(
    folder: Path,
    seed: int,
    *,
    library: str,
    moment: str,
    kind: str,
    kills: int = 0,
    threads: int = 100,
    count: int = 200,
    faults: list[str] | None = None,
) -> Outcome:
    """Track in so many green threads through storms of faults; lose nothing.

    Args:
        moment: When the program patches `threading`.
        kills: So many such programs are killed before, and leave their events in a durable store.
        faults: Default: one of each kind.
    """
    outcome = Outcome(f"{library}, patched {moment}, {kind}{', durable' * (kills > 0)}")
    plan: dict[str, Any] = {"kind": kind, "library": library, "moment": moment, "limit": 90}
    plan |= {"settings": _SETTINGS, "threads": threads, "count": count, "pause": 0.01}
    plan["store"] = str(folder / "store.db") if kills else None
    storms = {"every": threads * count // 25, "seconds": 0.1, "kinds": faults or _FAULTS}
    chance = random.Random(seed)
    with FaultyCollector(folder, seed, time_out=_TIME_OUT, **storms) as collector:
        plan["url"] = collector.url
        names = [f"killed-{number}" for number in range(kills)]
        for name in names:
            with Program("green", folder, name=name, **plan):  # whose end kills it
                threading.Event().wait(chance.uniform(0.3, 1.5))
        with Program("green", folder, name=kind, **plan) as program:
            outcome.problems += program.problems(100)
        outcome.judge(folder, collector, dict.fromkeys(names, threads))
        summary = collector.summary()
    outcome.met = f"{kills} kills, {summary['storms']} storms"
    return outcome.conclude()
