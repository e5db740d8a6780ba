"""Instructions that constructing and tracking take, as a ratio to `json.dumps` of the same data.

    python -m benches.instructions [--accept]

Callgrind counts them, so that other load on the machine makes no difference. Each count is that of
a process which does a case a number of times more than another process does, and nothing else more:
start, imports and first calls cancel out. A ratio that is higher than in `instructions.json` by
more than the tolerance is a regression, and the exit status 1. `--accept` writes the ratios there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.data.documents import ORDER, SCHEMA
from snowplow_tracker import Emitter, PageView, SelfDescribing, SelfDescribingJson, Tracker

if TYPE_CHECKING:
    from collections.abc import Callable

ACCEPTED = Path(__file__).with_suffix(".json")
TIMES = 2_000
WARM_UP = 300
TOLERANCE = 0.03
PAGE: dict[str, Any] = {
    "page_url": "https://www.example.com/shop/shoes?id=77",
    "page_title": "Blue shoes",
    "referrer": "https://www.example.com/",
}
# What is counted, and what it is divided by.
ROWS = {
    "page view, construct + track": "page view as JSON",
    "page view, track": "page view as JSON",
    "self-describing, construct + track": "self-describing as JSON",
    "self-describing, track": "self-describing as JSON",
}


def cases() -> dict[str, Callable[[], object]]:
    """Return what is counted, ready to run, by name."""
    emitter = Emitter("127.0.0.1:9", protocol="http", batch_size=10**9, buffer_capacity=10**9)
    track = Tracker("ns", emitter, app_id="shop").track
    page_view = PageView(**PAGE)
    order = SelfDescribing(SelfDescribingJson(SCHEMA, ORDER))
    described = {"schema": SCHEMA, "data": ORDER}
    return {
        "page view as JSON": lambda: json.dumps(PAGE),
        "page view, construct + track": lambda: track(PageView(**PAGE)),
        "page view, track": lambda: track(page_view),
        "self-describing as JSON": lambda: json.dumps(described),
        "self-describing, construct + track": lambda: track(
            SelfDescribing(SelfDescribingJson(SCHEMA, ORDER))
        ),
        "self-describing, track": lambda: track(order),
    }


def work(case: str, times: int) -> None:
    """Do every case a little, then one of them; end without sending anything."""
    ready = cases()
    for do in ready.values():
        for _ in range(WARM_UP):
            do()
    do = ready[case]
    for _ in range(times):
        do()
    os._exit(0)


def count(case: str, times: int) -> int:
    """Return the instructions of a process that does a case so many times."""
    code = f"from benches.instructions import work; work({case!r}, {times})"
    callgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run(
        [*callgrind, sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONHASHSEED": "0"},
    )
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or collected is None:
        raise SystemExit(f"callgrind failed: {done.stderr[-2000:]}")
    return int(collected[1])


def per_call(case: str) -> float:
    """Return the instructions of one call."""
    return (count(case, 2 * TIMES) - count(case, TIMES)) / TIMES


def compare(ratios: dict[str, float], accepted: dict[str, float]) -> list[str]:
    """Return what has become worse."""
    return [
        f"{row}: {ratio:.3f} times json.dumps, accepted: {accepted[row]:.3f}"
        for row, ratio in ratios.items()
        if row in accepted and ratio > accepted[row] * (1 + TOLERANCE)
    ]


def main() -> None:
    """Count, print the table, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accept", action="store_true", help="make these ratios the accepted ones")
    accept = parser.parse_args().accept
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed. Get it: apt install valgrind")
        return
    interpreter = f"CPython {platform.python_version()}, {platform.machine()}"
    counts = {case: per_call(case) for case in cases()}
    ratios = {row: round(counts[row] / counts[unit], 3) for row, unit in ROWS.items()}
    print(f"{interpreter}\n\n{'':<36}{'instructions':>14}{'json.dumps':>12}{'ratio':>8}")
    for row, unit in ROWS.items():
        print(f"{row:<36}{counts[row]:>14,.0f}{counts[unit]:>12,.0f}{ratios[row]:>8.3f}")
    accepted = json.loads(ACCEPTED.read_text()) if ACCEPTED.exists() else {}
    if accept:
        ACCEPTED.write_text(json.dumps(accepted | {interpreter: ratios}, indent=2) + "\n")
    elif interpreter not in accepted:
        print(f"\nnothing accepted for {interpreter}: nothing compared")
    elif worse := compare(ratios, accepted[interpreter]):
        raise SystemExit("\n" + "\n".join(worse))
    else:
        print(f"\nwithin {TOLERANCE:.0%} of what is accepted")


if __name__ == "__main__":
    main()
