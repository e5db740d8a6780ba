"""Kills loads at random moments and resumes them: each record is delivered, or in the dead letters.

Run it with `make bulk-resume`. One run kills a load by SIGKILL until one gets to its end. The
collector answers some requests with 503 or closes the connection, and refuses some events.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.cli.commands import start, write_records
from tests.support import Request, ScriptedServer

__all__ = ["Ledger", "run"]

_REFUSED_EACH = 4_001


class Ledger(NamedTuple):
    """What one run has done.

    Attributes:
        records: Number of records of the input.
        kills: Number of killed processes.
        lost: Records that are neither delivered nor dead.
        premature: Records before the position of a checkpoint that were neither at that time.
        duplicates: Deliveries and dead letters beyond the first one of a record.
        window: The most duplicates that the checkpoints allow.
        status: The exit status of the last process: 1 if it had dead records.
    """

    records: int
    kills: int
    lost: int
    premature: int
    duplicates: int
    window: int
    status: int

    def is_right(self) -> bool:
        """Return whether nothing was lost, and no more was repeated than promised."""
        is_complete = self.lost == self.premature == 0
        return is_complete and self.status in {0, 1} and self.duplicates <= self.window


class _Collector:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.accepted: Counter[int] = Counter()

    def respond(self, request: Request) -> int | str:
        labels = [int(label) for label in request.labels]
        if any(label % _REFUSED_EACH == 0 for label in labels):
            return 400
        fate = self.random.random()
        if fate < 0.02:
            return 503
        if fate < 0.03:
            return "cut"
        self.accepted.update(labels)
        return 200


def run(seed: int, records: int, folder: Path) -> Ledger:
    """Kill and resume one load until it is done."""
    rng = random.Random(seed)
    write_records(folder / "in.ndjson", range(records))
    kills = window = premature = 0
    status: int | None = None
    server, collector = ScriptedServer(), _Collector(seed)
    server.otherwise = collector.respond
    with server.serving():
        while status is None:
            status = _one_process(server.url, folder, rng.uniform(0.3, 1.5), has_rate=seed % 2 > 0)
            done = collector.accepted + _dead(folder)
            if status is None:
                kills += 1
                position = _position(folder)
                premature += sum(1 for number in range(position) if not done[number])
                window += sum(count for number, count in done.items() if number >= position)
            server.requests.clear()
    duplicates = sum(done.values()) - len(done)
    return Ledger(records, kills, records - len(done), premature, duplicates, window, status)


def _one_process(url: str, folder: Path, seconds: float, *, has_rate: bool) -> int | None:
    """Send, but for some seconds only. Returns the exit status, or None if it was killed.

    With a rate, each record goes alone; without one, lines are encoded together.
    """
    options = ["--checkpoint", "cp", "--checkpoint-every", "100ms", "--max-dead", "0"]
    if has_rate:
        options += ["--rate", "20000"]
    process = start(
        *("send", "-c", url, "in.ndjson", "--dead-letter", "dead.ndjson", *options),
        *("--threads", "3", "--batch-size", "100"),
        folder=folder,
    )
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        time.sleep(0.1)  # for requests that the collector is still answering
        return None
    return process.returncode


def _position(folder: Path) -> int:
    path = folder / "cp"
    return int(json.loads(path.read_text())["position"]["line"]) if path.exists() else 0


def _dead(folder: Path) -> Counter[int]:
    path = folder / "dead.ndjson"
    lines = path.read_text().splitlines() if path.exists() else []
    return Counter(int(json.loads(line)["record"]["se_la"]) for line in lines)


def main() -> int:
    """Run the campaign, print a line a run and the sums, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--records", type=int, default=8_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    ledgers = []
    for seed in range(options.seed, options.seed + options.runs):
        with tempfile.TemporaryDirectory() as folder:
            ledger = run(seed, options.records, Path(folder))
        ledgers.append(ledger)
        verdict = "ok" if ledger.is_right() else "WRONG"
        sys.stdout.write(f"{seed}: {verdict} {ledger._asdict()}\n")
        sys.stdout.flush()
    sums = [sum(column) for column in zip(*ledgers, strict=True)]
    sys.stdout.write(f"sums: {dict(zip(Ledger._fields, sums, strict=True))}\n")
    return 0 if all(ledger.is_right() for ledger in ledgers) else 1


if __name__ == "__main__":
    sys.exit(main())
