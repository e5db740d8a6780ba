"""Scenario: full speed for a long time, with constant memory."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome, reports
from qa.torture.processes import Program
from qa.torture.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MOST_GROWTH", "soak"]

# What the median of the second half may lie above that of the first, once warm: in bytes, since a
# leak of one byte an event would be some 15 MiB a minute.
MOST_GROWTH = 2 * 2**20
_WARM_UP = 0.2


def soak(folder: Path, seed: int, *, minutes: float = 10.0) -> Outcome:
    """Track as fast as delivery goes, and compare memory of the second half with the first."""
    outcome = Outcome("soak, AsyncEmitter")
    with FaultyCollector(folder, seed, ledger=None) as collector:
        with Program(
            "soak",
            folder,
            name="soak",
            url=collector.url,
            settings={"when_full": "block", "block_timeout": 60, "buffer_capacity": 20_000},
            threads=2,
            seconds=minutes * 60,
            limit=minutes * 60 + 60,
        ) as program:
            outcome.problems += program.problems(minutes * 60 + 70)
        accepted = collector.summary()["accepted"]
    for report in reports(folder):
        _judge(outcome, report["tracked"], accepted, report["stats"], report["samples"])
    return outcome.conclude()


def _judge(
    outcome: Outcome, tracked: int, accepted: int, stats: dict[str, int], samples: list[int]
) -> None:
    warm = samples[int(len(samples) * _WARM_UP) :]
    first, second = warm[: len(warm) // 2], warm[len(warm) // 2 :]
    growth = median(second) - median(first)
    if growth > MOST_GROWTH:
        outcome.problems.append(f"memory grew by {growth:,.0f} bytes")
    if not tracked == accepted == stats["sent"]:
        counts = f"{tracked:,} events tracked, {accepted:,} taken, {stats['sent']:,} sent"
        outcome.problems.append(f"{counts}, {stats['dropped']:,} dropped")
    lost = max(tracked - accepted - stats["dropped"], 0)
    outcome.verdict = Verdict(tracked, accepted, stats["dropped"], lost, 0, [])
    mebibytes = f"{median(first) / 2**20:.1f} MiB, then {median(second) / 2**20:.1f} MiB"
    outcome.met = f"RSS {mebibytes} (most {max(warm) / 2**20:.1f})"
