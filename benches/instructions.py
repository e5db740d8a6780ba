"""Count CPU instructions per event, and fail if there are more than before.

    python -m benches.instructions [--accept]

Callgrind counts the instructions, so other load on the machine makes no difference. Each case runs
in two processes, one of which repeats it more often. The difference of their counts contains
neither start-up nor imports nor first calls.

The result is a ratio: the instructions of one event divided by those of `json.dumps` of the same
data. If a ratio exceeds the accepted one in `instructions.json` by more than 3 %, the exit status
is 1. `--accept` stores the measured ratios there.
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
from snowplow_tracker import (
    Emitter,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    Subject,
    Tracker,
)
from snowplow_tracker._scope import CURRENT, Scope

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
# Each case that is reported, and the case that its count is divided by.
ROWS = {
    "page view, construct + track": "page view as JSON",
    "page view, track": "page view as JSON",
    "page view inside nested scopes": "page view as JSON",
    "self-describing, construct + track": "self-describing as JSON",
    "self-describing, track": "self-describing as JSON",
}


def cases() -> dict[str, Callable[[], object]]:
    """Return a function that runs the case once, by name."""
    emitter = Emitter("127.0.0.1:9", protocol="http", batch_size=10**9, buffer_capacity=10**9)
    track = Tracker("ns", emitter, app_id="shop").track
    page_view = PageView(**PAGE)
    order = SelfDescribing(SelfDescribingJson(SCHEMA, ORDER))
    described = {"schema": SCHEMA, "data": ORDER}
    in_scopes = Tracker("ns", emitter, app_id="shop", use_scope=True).track
    request = Scope(Subject().set_user_id("u-1234").set_ip_address("192.0.2.1"))
    nested = Scope(Subject().set_user_id("u-5678"), parent=request)

    def track_in_scopes() -> None:
        token = CURRENT.set(nested)
        in_scopes(PageView(**PAGE))
        CURRENT.reset(token)

    return {
        "page view as JSON": lambda: json.dumps(PAGE),
        "page view, construct + track": lambda: track(PageView(**PAGE)),
        "page view, track": lambda: track(page_view),
        "page view inside nested scopes": track_in_scopes,
        "self-describing as JSON": lambda: json.dumps(described),
        "self-describing, construct + track": lambda: track(
            SelfDescribing(SelfDescribingJson(SCHEMA, ORDER))
        ),
        "self-describing, track": lambda: track(order),
    }


def work(case: str, times: int) -> None:
    """Warm up all cases, run one of them, and exit without sending any event."""
    ready = cases()
    for run_once in ready.values():
        for _ in range(WARM_UP):
            run_once()
    run_once = ready[case]
    for _ in range(times):
        run_once()
    os._exit(0)


def count(case: str, times: int) -> int:
    """Return the instructions of a process that runs a case this many times."""
    code = f"from benches.instructions import work; work({case!r}, {times})"
    callgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    finished = subprocess.run(
        [*callgrind, sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONHASHSEED": "0"},
    )
    collected = re.search(r"Collected : (\d+)", finished.stderr)
    if finished.returncode or collected is None:
        raise SystemExit(f"callgrind failed: {finished.stderr[-2000:]}")
    return int(collected[1])


def per_call(case: str) -> float:
    """Return the instructions that running a case once takes."""
    return (count(case, 2 * TIMES) - count(case, TIMES)) / TIMES


def compare(ratios: dict[str, float], accepted: dict[str, float]) -> list[str]:
    """Return one line of text for each ratio that exceeds the accepted one."""
    return [
        f"{row}: {ratio:.3f} times json.dumps, accepted are {accepted[row]:.3f}"
        for row, ratio in ratios.items()
        if row in accepted and ratio > accepted[row] * (1 + TOLERANCE)
    ]


def main() -> None:
    """Count, print a table, and compare it with the accepted ratios."""
    parser = argparse.ArgumentParser(description="Count CPU instructions per event.")
    parser.add_argument(
        "--accept", action="store_true", help="store the measured ratios as the accepted ones"
    )
    accept = parser.parse_args().accept
    if shutil.which("valgrind") is None:
        print("Skipped: valgrind is not installed. Get it: apt install valgrind")
        return
    interpreter = f"CPython {platform.python_version()}, {platform.machine()}"
    counts = {case: per_call(case) for case in cases()}
    ratios = {row: round(counts[row] / counts[divisor], 3) for row, divisor in ROWS.items()}
    print(f"{interpreter}\n\n{'':<36}{'instructions':>14}{'json.dumps':>12}{'ratio':>8}")
    for row, divisor in ROWS.items():
        print(f"{row:<36}{counts[row]:>14,.0f}{counts[divisor]:>12,.0f}{ratios[row]:>8.3f}")
    accepted = json.loads(ACCEPTED.read_text()) if ACCEPTED.exists() else {}
    if accept:
        ACCEPTED.write_text(json.dumps(accepted | {interpreter: ratios}, indent=2) + "\n")
    elif interpreter not in accepted:
        print(f"\nNot compared: instructions.json has no ratios for {interpreter}.")
    elif worse := compare(ratios, accepted[interpreter]):
        raise SystemExit("\n" + "\n".join(["More instructions than accepted:", *worse]))
    else:
        print(f"\nNo ratio exceeds the accepted one by more than {TOLERANCE:.0%}.")


if __name__ == "__main__":
    main()
