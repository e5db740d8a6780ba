"""Run it with `make demo`, or `python -m demo` where the package is installed."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import requests

from demo import programs_check
from demo.local_collector import LOG, CollectorStartError, LocalCollector, local_collector
from demo.replay import Replay, discrepancies, records, replay

MOST_PROBLEMS_SHOWN = 20


def main() -> int:
    """Exit status: 0 if every event arrived once and good, else 1."""
    try:
        with local_collector() as collector:
            print(f"Collector at {collector.url}, its log in {os.path.relpath(LOG)}")
            problems = run_programs_check(collector) + run_replay(collector)
    except (CollectorStartError, requests.RequestException) as error:
        problems = [f"collector: {error}"]
    if problems:
        print_problems(problems)
        return 1
    print("\nEvery event arrived, exactly once per emitter, and good.")
    return 0


def run_programs_check(collector: LocalCollector) -> list[str]:
    """The programs of both generations; returns what is wrong."""
    print("\nPrograms of both generations, each in a process of its own")
    problems = []
    for program in programs_check.PROGRAMS:
        wrong = programs_check.run(program, collector)
        verdict = "WRONG" if wrong else "good"
        print(f"  {program.name:<16}{len(program.events):>3} events  {verdict}")
        problems += wrong
    return problems


def run_replay(collector: LocalCollector) -> list[str]:
    """The data set; returns what is wrong."""
    flights = records()
    print(f"\nReplay of {len(flights):,} flights out of New York City, 7 to 10 February 2013")
    collector.reset()
    done = replay(collector.url, flights)
    good = collector.good()
    print_summary(done, collector.counts(), good)
    return discrepancies(done.event_ids, good, collector.bad())


def print_summary(done: Replay, counts: dict[str, int], good: list[dict[str, Any]]) -> None:
    """The figures, and one event as the collector decoded it."""
    tracked = len(done.event_ids)
    print(f"  events      {tracked:,} tracked; {counts['good']:,} good, {counts['bad']:,} bad")
    print(f"  requests    {done.requests:,}")
    print(f"  bytes       {done.sent_bytes:,}, {done.sent_bytes // tracked:,} an event")
    print(f"  events/s    {tracked / done.seconds:,.0f}, from the making of an event to its answer")
    decoded = next((row["event"] for row in good if row["eventType"] == "unstruct"), None)
    if decoded:
        print("\nOne event as the collector decoded it")
        shown = {key: decoded[key] for key in ("event_id", "unstruct_event", "contexts")}
        print(json.dumps(shown, indent=2, ensure_ascii=False))


def print_problems(problems: list[str]) -> None:
    """To standard error, not without end."""
    sys.stdout.flush()
    print(f"\nNOT RIGHT: {len(problems)}", file=sys.stderr)
    for problem in problems[:MOST_PROBLEMS_SHOWN]:
        print(f"  {problem}", file=sys.stderr)
    if len(problems) > MOST_PROBLEMS_SHOWN:
        print(f"  and {len(problems) - MOST_PROBLEMS_SHOWN} more", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
