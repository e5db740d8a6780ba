"""Scenario: programs with the durable store are killed at random moments and restarted."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Any

from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome
from qa.torture.processes import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["kills"]

_TIME_OUT = 2.0
_SETTINGS = {"request_timeout": _TIME_OUT, "max_retry_delay_seconds": 0.2, "batch_size": 20}
_ENDLESS = 10**9
_THREADS = 2
_MOST_SECONDS = 1.0
_KINDS = ("Emitter", "AsyncEmitter")
_FAULTS = ["503", "cuts answer", "cuts body", "refuses", "drips", "429 Retry-After", "stalls"]


def kills(folder: Path, seed: int, *, count: int = 100, at_once: int = 2) -> Outcome:
    """Kill programs that share a store, so many at once, one after another; lose nothing.

    In the end, a successor delivers what they left.
    """
    outcome = Outcome("SIGKILL, durable")
    storms = {"every": 2_000, "seconds": 0.2, "kinds": _FAULTS, "time_out": _TIME_OUT}
    with FaultyCollector(folder, seed, **storms) as collector:
        plan: dict[str, Any] = {
            "url": collector.url,
            "store": str(folder / "store.db"),
            "settings": _SETTINGS,
        }
        names = _kill_in_chains(folder, plan, seed, count, at_once)
        collector.calm()
        heir = Program("tracking", folder, name="heir", kind="AsyncEmitter", count=100, **plan)
        with heir:
            outcome.problems += heir.problems(120)
        senders = dict.fromkeys(names, _THREADS + 2)
        outcome.judge(folder, collector, killed=senders)
        summary = collector.summary()
    outcome.met = f"{len(names)} kills, {summary['storms']} storms"
    return outcome.conclude()


def _kill_in_chains(
    folder: Path, plan: dict[str, Any], seed: int, count: int, chains: int
) -> list[str]:
    names = [f"killed-{number}" for number in range(count)]
    waiting = iter(names)
    crowd = [
        threading.Thread(
            target=_kill_one_after_another,
            args=(folder, plan, random.Random(f"{seed}-{chain}"), waiting),
        )
        for chain in range(chains)
    ]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return names


def _kill_one_after_another(
    folder: Path, plan: dict[str, Any], chance: random.Random, names: Iterator[str]
) -> None:
    for name in names:
        kind = chance.choice(_KINDS)
        load = {"threads": _THREADS, "count": _ENDLESS, "pause": 0.01, "limit": 30}
        with Program("tracking", folder, name=name, kind=kind, **load, **plan) as program:
            threading.Event().wait(chance.uniform(0.1, _MOST_SECONDS))
            program.kill()
