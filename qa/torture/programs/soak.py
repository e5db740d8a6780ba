"""Tracks at full speed for a given time, and samples its own memory.

Its plan has `seconds` and `threads`. It writes down no ids, which would take gigabytes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

from qa.torture.programs.client import Client

_FIRST = 1_000
_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_bytes() -> int:
    """Return how much memory this process has in use."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def main() -> None:
    plan = json.loads(sys.argv[1])
    client = Client(plan)
    client.track_unwritten(_FIRST)  # what is imported with the first request is no growth
    client.drain()
    ends = time.monotonic() + plan["seconds"]
    counts = [0] * plan["threads"]

    def track(place: int) -> None:
        while time.monotonic() < ends:
            client.track_unwritten(100)
            counts[place] += 100

    crowd = [threading.Thread(target=track, args=(place,)) for place in range(len(counts))]
    for thread in crowd:
        thread.start()
    samples = []
    while time.monotonic() < ends:
        samples.append(resident_bytes())
        time.sleep(min(0.5, plan["seconds"] / 40))
    for thread in crowd:
        thread.join()
    client.drain()
    client.emitter.close()
    client.report(samples=samples, tracked=_FIRST + sum(counts))


if __name__ == "__main__":
    main()
