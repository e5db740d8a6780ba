"""Run it with `make bench`, in a minute with `make bench-quick`; both install the baselines."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benches import machine
from benches.baselines import Baselines
from benches.cases.buffer import buffer_cost, buffer_memory
from benches.cases.built_beforehand import built_beforehand
from benches.cases.construct_and_track import construct_and_track
from benches.cases.durable_store import durable_store
from benches.cases.encoder_share import encoder_share
from benches.cases.import_time import import_time
from benches.cases.json_writer import json_writer
from benches.cases.latency import latency
from benches.cases.payload_size import payload_size
from benches.cases.threads import threads
from benches.cases.throughput import throughput
from benches.plot import plot
from benches.report import as_markdown, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.results import Table

METHOD = (
    "CPU time, minimum of interleaved rounds; threads, delivery: wall time. See benches/README.md"
)
ROUNDS, MOST_EVENTS, DELIVERED = 25, 1_000_000, 20_000
QUICK_ROUNDS, QUICK_MOST_EVENTS, QUICK_DELIVERED = 7, 100_000, 10_000


def answers(baselines: Baselines, rounds: int, most_events: int, delivered: int) -> Iterator[Table]:
    """Put all questions, one after the other."""
    for question in (
        construct_and_track,
        built_beforehand,
        json_writer,
        encoder_share,
        payload_size,
        partial(buffer_cost, most_events=most_events),
        partial(buffer_memory, most_events=most_events),
        import_time,
        threads,
        partial(throughput, events=delivered),
        partial(latency, events=delivered),
        partial(durable_store, most_events=most_events),
    ):
        yield from question(baselines, rounds)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller buffers")
    parser.add_argument("--abi3", type=Path, metavar="FOLDER", help="of an abi3 build, put beside")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="for results")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    rounds = QUICK_ROUNDS if given.quick else ROUNDS
    most_events = QUICK_MOST_EVENTS if given.quick else MOST_EVENTS
    delivered = QUICK_DELIVERED if given.quick else DELIVERED
    tables = []
    with Baselines(given.abi3 and given.abi3.resolve()) as baselines:
        run = {**machine.facts(), "rounds": rounds, "method": METHOD, "targets": baselines.about()}
        print("\n".join(f"{name}: {fact}" for name, fact in run.items()), flush=True)
        for table in answers(baselines, rounds, most_events, delivered):
            tables.append(table)
            print(f"\n{as_markdown(table)}", flush=True)
    given.output.mkdir(parents=True, exist_ok=True)
    write_json(given.output / "results.json", run, tables)
    (given.output / "plot.svg").write_text(plot(run, tables), encoding="utf-8")
    missed = [line for table in tables for line in table.missed()]
    print(f"\nThresholds missed: {len(missed)}", *missed, sep="\n")


main()
