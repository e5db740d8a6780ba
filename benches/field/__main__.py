"""Measure the field: `python -m benches.field --output FOLDER`. `make bench-field` runs it."""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benches import machine
from benches.field.contenders import CONTENDERS
from benches.field.install import NotInstalledError
from benches.field.job import JOB
from benches.field.measure import METHOD, measure
from benches.field.plot import plot
from benches.report import as_section, write_json
from benches.runner import Process

if TYPE_CHECKING:
    from benches.field.contenders import Contender

# Below the 2,048 log records that the queue of opentelemetry-sdk holds by default.
EVENTS, ROUNDS, QUICK_EVENTS, QUICK_ROUNDS = 2_000, 15, 500, 2


def start(stack: ExitStack, job: Path) -> tuple[list[tuple[Contender, Process]], list[str]]:
    """Start all libraries that can be had here, and return why others cannot."""
    started, skipped = [], []
    for contender in CONTENDERS:
        print(f"- prepare {contender.name}", flush=True)
        try:
            command = contender.command(job)
        except NotInstalledError as error:
            skipped.append(f"{contender.name}: {error}")
            print(f"  skipped: {error}", flush=True)
            continue
        process = stack.enter_context(Process(contender.name, command))
        started.append((contender, process))
    return started, skipped


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches.field", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and events")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FOLDER", help="write the results here"
    )
    return parser.parse_args()


def main() -> None:
    options = arguments()
    events = QUICK_EVENTS if options.quick else EVENTS
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    with ExitStack() as stack:
        job = Path(stack.enter_context(TemporaryDirectory()), "job.json")
        job.write_text(json.dumps(JOB), encoding="utf-8")
        started, skipped = start(stack, job)
        run: dict[str, Any] = {
            **machine.describe(),
            "rounds": rounds,
            "events": events,
            "method": METHOD,
            "targets": {contender.name: process.call("about") for contender, process in started},
            "differences": {contender.name: contender.differences for contender, _ in started},
            "skipped": skipped,
        }
        tables = measure(started, events, rounds)
    for table in tables:
        print(f"\n{as_section(table)}")
    print("\nNot like for like:\n")
    for name, differences in run["differences"].items():
        print(f"- {name}: {'; '.join(differences)}")
    options.output.mkdir(parents=True, exist_ok=True)
    write_json(options.output / "field.json", run, tables)
    (options.output / "field.svg").write_text(plot(run, tables[0]), encoding="utf-8")
    print(f"\nResults and plot: {options.output}")


if __name__ == "__main__":
    main()
