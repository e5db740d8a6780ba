"""Searches for programs that break the tracker, for a given time.

    python -m qa.fuzz.campaign --seconds 600

The exit status is 0 if nothing was found; a crash or a hang shows where Python was. `PYTHONMALLOC=
debug` and `-X dev` see more.
"""

# ruff: noqa: T201  # its output is for people

from __future__ import annotations

import argparse
import faulthandler
import random
import time

from qa.fuzz import programs

_HANG_SECONDS = 120
_PROGRAMS_A_LINE = 5_000


def run(seconds: float, most: float, seed: int) -> None:
    """Run programs, each known by its seed, until the time is up or there were that many."""
    started, count = time.monotonic(), 0
    while time.monotonic() < started + seconds and count < most:
        faulthandler.dump_traceback_later(_HANG_SECONDS, exit=True)
        try:
            programs.run(random.Random(seed + count).randrange)
        except BaseException:
            print(f"to see it again: --seed {seed + count} --programs 1", flush=True)
            raise
        faulthandler.cancel_dump_traceback_later()
        count += 1
        if count % _PROGRAMS_A_LINE == 0:
            print(f"{time.monotonic() - started:.0f} s: {count} programs", flush=True)
    print(f"{time.monotonic() - started:.0f} s: {count} programs, nothing found")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--programs", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    faulthandler.enable()
    run(options.seconds, options.programs, options.seed)


if __name__ == "__main__":
    main()
