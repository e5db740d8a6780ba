"""The long comparison: generated programs, run on this package and on both original packages.

    python -m qa.differential.campaign --events 10000 --seed 1

Prints how it goes, what was covered, and for a disagreement the smallest program that shows it.
The exit status is 1 if there was any.
"""

# ruff: noqa: T201  # its output is for people

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Flaky
from qa.differential.compare import compare
from qa.differential.differences import NEWEST, OLDEST
from qa.differential.packages import OURS, Package, original
from qa.differential.strategies import programs

if TYPE_CHECKING:
    from qa.differential.compare import Disagreement
    from qa.differential.programs import Program

_PROGRAMS_A_ROUND = 250


class DisagreementError(AssertionError):
    """A program on which the packages disagree."""

    def __init__(self, program: Program, found: list[Disagreement]) -> None:
        self.program = program
        self.found = found
        super().__init__("\n".join(map(str, found)))


class Campaign:
    """The comparison with one original."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._events: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()
        self._programs = 0
        self._last: DisagreementError | None = None

    def run(self, events: int, first_seed: int) -> int:
        """Compare until so many events have arrived. Return how many disagreements were found."""
        found, rounds, started = 0, 0, time.monotonic()
        with Package(self._version) as theirs, Package(OURS) as ours:
            while self._events.total() < events:
                found += self._round(theirs, ours, first_seed * 1_000_000 + rounds)
                rounds += 1
                self._say(f"{time.monotonic() - started:.0f} s, disagreements: {found}")
        self._summarize()
        return found

    def _round(self, theirs: Package, ours: Package, round_seed: int) -> int:
        @seed(round_seed)
        @settings(
            max_examples=_PROGRAMS_A_ROUND,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        @given(programs(is_0x=self._version == OLDEST))
        def agree(program: Program) -> None:
            self._compare(program, theirs, ours)

        try:
            agree()
        except (DisagreementError, Flaky):
            self._show()
            return 1
        return 0

    def _compare(self, program: Program, theirs: Package, ours: Package) -> None:
        comparison = compare(program, theirs, self._version, ours)
        if comparison.disagreements:
            self._last = DisagreementError(program, comparison.disagreements)
            raise self._last
        self._programs += 1
        self._events.update(comparison.event_types)
        self._calls.update(program.calls())

    def _show(self) -> None:
        assert self._last is not None
        print(f"\nsnowplow-tracker {self._version} and this package disagree:")
        print(self._last.program.snippet(str(original(self._version))))
        print(self._last, "\n", flush=True)

    def _say(self, progress: str) -> None:
        counts = f"{self._programs} programs, {self._events.total()} events"
        print(f"{self._version}: {counts}, {progress}", flush=True)

    def _summarize(self) -> None:
        kinds = ("pv", "pp", "se", "ue", "tr", "ti")
        shown = {kind: self._events[kind] for kind in kinds}
        others = self._events.total() - sum(shown.values())
        print(f"{self._version}: events by type: {shown}, others: {others}")
        for name, count in sorted(self._calls.items()):
            print(f"{self._version}: {count:6} {name}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000, help="at least so many")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other programs")
    options = parser.parse_args()
    found = sum(Campaign(version).run(options.events, options.seed) for version in (NEWEST, OLDEST))
    print(f"disagreements: {found}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
