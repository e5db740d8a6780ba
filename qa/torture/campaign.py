"""The long check that nothing is lost: every scenario at full length.

    python -m qa.torture.campaign --seed 1 --minutes 10 --kills 100 --storms 50 --events 1000000

The soak runs beside the others. Prints a table, and for each failure what went wrong and where its
ledgers and logs are. The exit status is 1 if there was any.
"""

# ruff: noqa: T201  # its output is for people

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qa.torture import (
    celery_workers,
    certificates,
    clocks,
    disks,
    forking,
    green_threads,
    killing,
    pools,
    redis_workers,
    soak,
    storm_scenarios,
    web_servers,
)
from qa.torture.outcome import Outcome, table

if TYPE_CHECKING:
    from collections.abc import Callable

    Scenario = Callable[[Path, int], Outcome]

_KINDS = ("Emitter", "AsyncEmitter")


def scenarios(options: argparse.Namespace) -> list[Scenario]:
    """Return all but the soak."""
    storms = partial(storm_scenarios.storms, events=options.events, count=options.storms)
    slow_storms = partial(storm_scenarios.storms, kind="Emitter", events=300_000, count=20)
    storms_of_gets = partial(
        storm_scenarios.storms, method="get", events=20_000, count=20, seconds=0.5
    )
    kills = partial(killing.kills, count=options.kills)
    chosen: list[Scenario] = [storms, slow_storms, storms_of_gets, kills]
    for kind in _KINDS:
        chosen += _of_forks(kind) + _of_pools(kind) + _of_web_servers(kind)
        chosen += _of_green_threads(kind) + _of_the_rest(kind)
    return [*chosen, *_of_disks()]


def _of_forks(kind: str) -> list[Scenario]:
    stores = (False, True)
    methods = ("fork", "forkserver", "spawn")
    return [
        *(partial(forking.forks, kind=kind, durable=durable) for durable in stores),
        *(partial(forking.multiprocesses, kind=kind, method=method) for method in methods),
    ]


def _of_pools(kind: str) -> list[Scenario]:
    return [
        *(
            partial(pools.pool, kind=kind, name=name, method=method)
            for method in pools.METHODS
            for name in pools.POOLS
        ),
        *(partial(celery_workers.celery, kind=kind, pool=pool) for pool in celery_workers.POOLS),
    ]


def _of_web_servers(kind: str) -> list[Scenario]:
    gunicorn = partial(web_servers.gunicorn, kind=kind)
    uwsgi = partial(web_servers.uwsgi, kind=kind)
    uvicorn = partial(web_servers.uvicorn, kind=kind)
    return [
        partial(gunicorn),
        partial(gunicorn, worker="gthread", preload=True),
        partial(gunicorn, worker="gevent"),
        partial(gunicorn, worker="gevent", preload=True),
        partial(gunicorn, worker="gevent", kills=5),
        partial(gunicorn, worker="uvicorn.workers.UvicornWorker"),
        *(partial(uwsgi, lazy=lazy, threads=n) for lazy in (False, True) for n in (1, 4)),
        partial(uwsgi, lazy=True, kills=5),
        partial(uvicorn),
        *(partial(uvicorn, workers=2, opts_in=opts_in) for opts_in in (False, True)),
        partial(uvicorn, workers=2, kills=5),
    ]


def _of_green_threads(kind: str) -> list[Scenario]:
    of_library = [
        partial(green_threads.green_threads, kind=kind, library=library)
        for library in green_threads.LIBRARIES
    ]
    return [
        *(partial(run, moment=moment) for run in of_library for moment in green_threads.MOMENTS),
        *(partial(run, moment="before import", kills=5) for run in of_library),
    ]


def _of_the_rest(kind: str) -> list[Scenario]:
    stores = (False, True)
    return [
        partial(redis_workers.redis_workers, kind=kind),
        *(partial(clocks.clock_set_back, kind=kind, durable=durable) for durable in stores),
        partial(certificates.bad_certificate, kind=kind),
    ]


def _of_disks() -> list[Scenario]:
    of_small_disks: list[Scenario] = [disks.full_disk, disks.read_only]
    if os.geteuid() != 0:
        print("not run, since only root can mount a small disk: a full disk, a read-only one")
        of_small_disks = []
    return [
        *of_small_disks,
        disks.full_file,
        disks.limited_file,
        disks.locked_file,
        *(partial(disks.damaged_file, damage=damage) for damage in disks.DAMAGES),
    ]


def _name(scenario: Scenario) -> str:
    function = getattr(scenario, "func", scenario)
    return f"{function.__module__}.{function.__name__}"


class Campaign:
    """Runs scenarios, each in a folder of its own, which stays where it failed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._folder = Path(tempfile.mkdtemp(prefix="torture-"))
        self._lock = threading.Lock()
        self.outcomes: list[Outcome] = []

    def run(self, scenario: Scenario) -> None:
        """Run one, and print its row."""
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            outcome = scenario(folder, self._seed)
        except Exception as error:  # noqa: BLE001 - the others go on
            outcome = Outcome(_name(scenario))
            outcome.problems.append(f"{type(error).__name__}: {error}")
        with self._lock:
            self.outcomes.append(outcome)
            print(" | ".join(outcome.row()), flush=True)
            for problem in outcome.problems:
                print(f"  {problem}", flush=True)
        if outcome.problems:
            print(f"  its ledgers and logs: {folder}", flush=True)
        else:
            shutil.rmtree(folder)

    def end(self) -> int:
        """Print the table. Returns how many scenarios failed."""
        failed = sum(bool(outcome.problems) for outcome in self.outcomes)
        print(f"\n{table(self.outcomes)}\n\nseed {self._seed}: {failed} failed")
        if not failed:
            shutil.rmtree(self._folder)
        return failed


def main() -> int:
    """Run all. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="another seed, other faults")
    parser.add_argument("--minutes", type=float, default=10, help="of the soak")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--storms", type=int, default=50)
    parser.add_argument("--events", type=int, default=1_000_000, help="through those storms")
    parser.add_argument(
        "--only", default="", help="scenarios with this in their name, such as forking.forks"
    )
    options = parser.parse_args()
    campaign = Campaign(options.seed)
    soaking = partial(soak.soak, minutes=options.minutes)
    soak_thread = threading.Thread(target=campaign.run, args=(soaking,))
    if options.only in _name(soak.soak):
        soak_thread.start()
    for scenario in scenarios(options):
        if options.only in _name(scenario):
            campaign.run(scenario)
    if soak_thread.ident is not None:
        soak_thread.join()
    return 1 if campaign.end() or not campaign.outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
