"""Run all benchmarks. `make bench` and `make bench-quick` install the baselines first."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benches import machine
from benches.baselines import Baselines
from benches.cases.additions import additions
from benches.cases.buffer import buffer_cost, buffer_memory
from benches.cases.built_beforehand import built_beforehand
from benches.cases.bulk_loads import bulk_loads
from benches.cases.construct_and_track import construct_and_track
from benches.cases.durable_store import durable_store
from benches.cases.encoder_share import encoder_share
from benches.cases.import_time import import_time
from benches.cases.json_writer import json_writer
from benches.cases.latency import latency
from benches.cases.limit import limit
from benches.cases.payload_size import new_texts, payload_size
from benches.cases.threads import threads, threads_without_gil
from benches.cases.throughput import throughput
from benches.plot import plot
from benches.report import as_section, summary_of_thresholds, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.results import Table

METHOD = (
    "the minimum CPU time of interleaved rounds; wall time for threads, delivery, latency and "
    "backlogs. See benches/README.md"
)
ROUNDS, MOST_EVENTS, DELIVERED = 25, 1_000_000, 20_000
QUICK_ROUNDS, QUICK_MOST_EVENTS, QUICK_DELIVERED = 7, 100_000, 10_000


def run_cases(
    baselines: Baselines,
    rounds: int,
    most_events: int,
    delivered: int,
    free_threaded: str | None,
) -> Iterator[Table]:
    """Run all cases, one after the other.

    Args:
        baselines: The targets.
        rounds: How often each target repeats its work. Slow cases use fewer rounds.
        most_events: The size of the largest buffer and of the largest durable store.
        delivered: How many events the delivery cases send in a round.
        free_threaded: A CPython without the GIL that has this package. None for none.
    """
    for case in (
        construct_and_track,
        built_beforehand,
        limit,
        json_writer,
        encoder_share,
        additions,
        payload_size,
        new_texts,
        partial(buffer_cost, most_events=most_events),
        partial(buffer_memory, most_events=most_events),
        import_time,
        threads,
        partial(throughput, events=delivered),
        partial(latency, events=delivered),
        bulk_loads,
        partial(durable_store, most_events=most_events),
    ):
        yield from case(baselines, rounds)
    if free_threaded:
        yield from threads_without_gil(free_threaded, rounds)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller buffers")
    for build, description in (("plain", "build without a profile"), ("abi3", "abi3 build")):
        parser.add_argument(
            f"--{build}",
            type=Path,
            metavar="FOLDER",
            help=f"also measure the {description} in this folder",
        )
    parser.add_argument(
        "--free-threaded",
        metavar="PYTHON",
        help="also measure threads in this CPython without the GIL, which has this package",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FOLDER", help="write the results here"
    )
    return parser.parse_args()


def main() -> None:
    options = arguments()
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    most_events = QUICK_MOST_EVENTS if options.quick else MOST_EVENTS
    delivered = QUICK_DELIVERED if options.quick else DELIVERED
    tables = []
    folders = [folder and folder.resolve() for folder in (options.plain, options.abi3)]
    with Baselines(*folders) as baselines:
        about = baselines.about()
        run = {**machine.describe(), "rounds": rounds, "method": METHOD, "targets": about}
        print("\n".join(f"{name}: {value}" for name, value in run.items()), flush=True)
        for table in run_cases(baselines, rounds, most_events, delivered, options.free_threaded):
            tables.append(table)
            print(f"\n{as_section(table)}", flush=True)
    options.output.mkdir(parents=True, exist_ok=True)
    write_json(options.output / "results.json", run, tables)
    (options.output / "plot.svg").write_text(plot(run, tables), encoding="utf-8")
    print(f"\n{summary_of_thresholds(tables)}\n\nResults and plot: {options.output}")


main()
