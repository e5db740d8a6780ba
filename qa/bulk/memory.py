"""Sends a large input through a pipe, and looks at the memory that this takes.

Run it with `make bulk-memory`. No file of that size is written: the records are made on the way.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.cli.commands import COMMAND, environment

__all__ = ["Outcome", "send_megabytes"]

_SINK = [sys.executable, "-m", "qa.bulk.sink"]
_SEND = ["send", "--report", "json", "--checkpoint", "cp"]
# A small process that runs a command, and prints the most memory that it had: on Linux, a process
# begins with the peak of the process that forked it.
_PARENT = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""
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
        process = subprocess.Popen(
            [sys.executable, "-c", _PARENT, *COMMAND, *_SEND, "-c", url],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        assert process.stdin is not None
        times = max(int(megabytes * 1e6 / len(chunk)), 1)
        for _ in range(times):
            process.stdin.write(chunk)
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        peak = int(errors.splitlines()[-1])
        sink.stdin.close()
        sink.wait()
    peak_megabytes = peak / (1024 if sys.platform == "linux" else 1024 * 1024)
    delivered = json.loads(output)["delivered"]
    return Outcome(times * 100, delivered, peak_megabytes, time.monotonic() - began)


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
