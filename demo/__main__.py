"""Run the demo with `make demo`, or with `python -m demo` if the package is installed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from contextlib import suppress
from typing import Any

import requests

from demo import programs_check
from demo.local_collector import LOG, CollectorStartError, LocalCollector, local_collector
from demo.replay import Record, Replay, discrepancies, records, replay

MOST_PROBLEMS_SHOWN = 20
INTRODUCTION = """\
This demo sends events to a collector on this machine, in two parts:
  1. {programs} programs, written for versions 0.x and 1.x of snowplow-tracker, run unchanged.
  2. {flights:,} real flights are tracked with an AsyncEmitter.
The collector decodes and validates every event. An event that follows Snowplow's tracker
protocol is good, any other is bad. The demo passes if each event arrives exactly once from each
emitter, and if all events are good. It takes about 10 seconds and uses no network but loopback."""


def main() -> int:
    """Run both parts. With `--serve`, let the collector show the events until Ctrl-C.

    Returns:
        The exit status: 0 if every event arrived exactly once per emitter and is good, else 1.
    """
    serves = _parser().parse_args().serve
    flights = records()
    print(INTRODUCTION.format(programs=len(programs_check.PROGRAMS), flights=len(flights)))
    try:
        with local_collector() as collector:
            print(f"\nThe collector runs at {collector.url}. Log: {os.path.relpath(LOG)}")
            problems = run_programs(collector)
            replayed, wrong = run_replay(collector, flights)
            verdict = conclude(problems + wrong, replayed)
            show_page(collector, serves=serves)
    except (CollectorStartError, requests.RequestException) as error:
        print_problems([str(error)])
        return 1
    return verdict


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo")
    parser.add_argument(
        "--serve", action="store_true", help="keep the collector and its page running until Ctrl-C"
    )
    return parser


def conclude(problems: list[str], replayed: int) -> int:
    """Print the verdict, and return the exit status."""
    if problems:
        print_problems(problems)
        return 1
    expected = sum(len(program.events) for program in programs_check.PROGRAMS)
    print(
        f"\nPASSED: all {expected} events of the programs and all {replayed:,} events of the "
        "replay arrived\nexactly once from each emitter, and all of them are good."
    )
    return 0


def show_page(collector: LocalCollector, *, serves: bool) -> None:
    """Name the address of the page with the events, and wait for Ctrl-C if it is to be served."""
    page = f"{collector.url}/micro/ui"
    if not serves:
        print(f"\nThe page with these events was {page}\nKeep it open: make demo SERVE=1")
        return
    print(f"\nLook at these events: {page}\nCtrl-C stops the collector.", flush=True)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


def run_programs(collector: LocalCollector) -> list[str]:
    """Run part 1 and return the problems."""
    print("\nPart 1: programs for versions 0.x and 1.x, each in a process of its own")
    problems = []
    for program in programs_check.PROGRAMS:
        wrong = programs_check.run(program, collector)
        expected = f"{len(program.events)} events expected"
        verdict = "FAILED" if wrong else "all arrived, all good"
        print(f"  {program.name:<16} {expected}: {verdict}", flush=True)
        problems += wrong
    return problems


def run_replay(collector: LocalCollector, flights: list[Record]) -> tuple[int, list[str]]:
    """Run part 2 and return the number of tracked events and the problems."""
    print(
        "\nPart 2: four days of flights from New York City, 7 to 10 February 2013\n"
        f"There is one event for each of the {len(flights):,} scheduled flights, with the weather "
        "as its context,\nand one page view for each departure board (an airport and an hour)."
    )
    collector.reset()
    result = replay(collector.url, flights)
    good = collector.good()
    print_summary(result, len(flights), collector.counts())
    problems = discrepancies(result.event_ids, good, collector.bad())
    if not problems:
        print_example(good)
    return len(result.event_ids), problems


def print_summary(result: Replay, flights: int, counts: dict[str, int]) -> None:
    """Print the figures of the replay."""
    tracked = len(result.event_ids)
    print(f"  tracked    {tracked:,} events: {flights:,} flights, {tracked - flights:,} page views")
    print(f"  received   {counts['good']:,} good events, {counts['bad']:,} bad events")
    print(f"  requests   {result.requests:,}, since the emitter sends events in batches")
    print(f"  size       {result.sent_bytes:,} bytes, {result.sent_bytes // tracked:,} per event")
    print(f"  rate       {tracked / result.seconds:,.0f} events/s, the collector's work included")


def print_example(good: list[dict[str, Any]]) -> None:
    """Print a flight as the collector decoded it."""
    decoded = next(row["event"] for row in good if row["eventType"] == "unstruct")
    event, (weather,) = decoded["unstruct_event"]["data"], decoded["contexts"]["data"]
    shown = {"event_id": decoded["event_id"], "event": event, "context": weather}
    print("\nOne of these events, as the collector decoded it:")
    print(json.dumps(shown, indent=2, ensure_ascii=False))


def print_problems(problems: list[str]) -> None:
    """Print a verdict and the first problems to standard error."""
    sys.stdout.flush()
    print(f"\nFAILED: {len(problems)} problem{'s' * (len(problems) != 1)}", file=sys.stderr)
    for problem in problems[:MOST_PROBLEMS_SHOWN]:
        print(f"  {problem}", file=sys.stderr)
    if len(problems) > MOST_PROBLEMS_SHOWN:
        print(f"  and {len(problems) - MOST_PROBLEMS_SHOWN} more", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
