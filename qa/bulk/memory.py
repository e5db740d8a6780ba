"""Sends a large input through a pipe, and looks at the memory that this takes.

Run it with `make bulk-memory`. No file of that size is written: the records are made on the way.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.cli.commands import environment, start

__all__ = ["Outcome", "send_megabytes"]

_SINK = [sys.executable, "-m", "qa.bulk.sink"]
_MOST_MEGABYTES = 200


class Outcome(NamedTuple):
    """What a load took.

    Attributes:
        records: Number of records.
        delivered: Number of events that the collector has accepted.
        peak_megabytes: The most memory that was resident.
        seconds: Wall time.
    """

    records: int
    delivered: int
    peak_megabytes: float
    seconds: float


def send_megabytes(megabytes: float, folder: Path) -> Outcome:
    """Send so many megabytes of NDJSON to a sink."""
    data = {"text": "x" * 600, "number": 17}
    record = {"schema": "iglu:com.acme/e/jsonschema/1-0-0", "data": data}
    chunk = (json.dumps(record) + "\n") * 100
    began = time.monotonic()
    with subprocess.Popen(
        _SINK, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as sink:
        assert sink.stdout is not None
        assert sink.stdin is not None
        url = f"http://127.0.0.1:{int(sink.stdout.readline())}"
        process = start(
            *("send", "-c", url, "--report", "json", "--checkpoint", "cp"),
            folder=folder,
            stdin=subprocess.PIPE,
        )
        assert process.stdin is not None
        times = max(int(megabytes * 1e6 / len(chunk)), 1)
        for _ in range(times):
            process.stdin.write(chunk)
        output, peak_megabytes = _end(process)
        sink.stdin.close()
        sink.wait()
    delivered = json.loads(output)["delivered"]
    return Outcome(times * 100, delivered, peak_megabytes, time.monotonic() - began)


def _end(process: subprocess.Popen[str]) -> tuple[str, float]:
    """Wait for the end of a load. Returns its output, and the most memory that it had."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.close()
    output, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, errors
    process.stdout.close()
    process.stderr.close()
    return output, usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)


def main() -> int:
    """Run the campaign, print the outcome, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=5000)
    with tempfile.TemporaryDirectory() as folder:
        outcome = send_megabytes(parser.parse_args().megabytes, Path(folder))
    sys.stdout.write(f"{outcome}\n")
    is_right = outcome.records == outcome.delivered
    return 0 if is_right and outcome.peak_megabytes <= _MOST_MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
