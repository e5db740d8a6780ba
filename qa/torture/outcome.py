"""The outcome of a scenario, and the table of all outcomes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from qa.torture.verdict import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qa.torture.collector import FaultyCollector

__all__ = ["Outcome", "reports", "table", "tracked_ids"]

_COLUMNS = ("scenario", "events", "met", "dropped", "lost", "twice", "seconds", "result")


class Outcome:
    """A scenario's result.

    Attributes:
        met: What it was put through, in words.
        problems: What is not as promised, in words.
    """

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self.met = ""
        self.problems: list[str] = []
        self.verdict: Verdict | None = None
        self._began = time.monotonic()
        self.seconds = 0.0

    def judge(
        self,
        folder: Path,
        collector: FaultyCollector,
        killed: Mapping[str, int] | None = None,
        *,
        may_drop: bool = False,
    ) -> None:
        """End the collector, and compare its ledger with those of the programs.

        Args:
            killed: As for `qa.torture.verdict.judge`.
            may_drop: Whether the programs may have to drop events, by their own count.
        """
        summary = collector.summary()
        all_stats = [report["stats"] for report in reports(folder)]
        dropped = sum(stats["dropped"] + stats["rejected"] for stats in all_stats)
        self.verdict = judge(tracked_ids(folder), collector.acceptances(), dropped, killed)
        self.problems += self.verdict.problems + summary["complaints"]
        if not self.verdict.tracked:
            self.problems.append("nothing was tracked")
        if dropped and not may_drop:
            self.problems.append(f"{dropped} events dropped, though there was room")

    def conclude(self) -> Outcome:
        """Note how long it took."""
        self.seconds = time.monotonic() - self._began
        return self

    def row(self) -> tuple[str, ...]:
        """Return the cells of its row in the table."""
        verdict = self.verdict or Verdict(0, 0, 0, 0, 0, [])
        numbers = (verdict.dropped, verdict.lost, verdict.twice)
        result = "FAILED" if self.problems else "passed"
        shown = (f"{number:,}" for number in numbers)
        events = f"{verdict.tracked:,}"
        return (self.scenario, events, self.met, *shown, f"{self.seconds:.0f}", result)


def tracked_ids(folder: Path) -> list[str]:
    """Return the ids in the programs' ledger; a last line that a SIGKILL cut is none."""
    path = folder / "tracked"
    return path.read_text(encoding="ascii").split() if path.exists() else []


def reports(folder: Path) -> list[dict[str, Any]]:
    """Return what the programs that came to their end reported."""
    path = folder / "reports"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def table(outcomes: list[Outcome]) -> str:
    """Return a table in Markdown."""
    rows = [_COLUMNS, *(outcome.row() for outcome in outcomes)]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(_COLUMNS), *lines[1:]])
