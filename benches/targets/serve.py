"""`serve`: run tasks that arrive on standard input, and write their results to standard output."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cpu_seconds", "serve", "wall_and_cpu_seconds"]


def wall_and_cpu_seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return the wall time and the CPU time of one call. Garbage collection stays on."""
    gc.collect()
    gc.freeze()
    started, cpu_started = time.perf_counter(), time.process_time()
    work()
    spent = time.perf_counter() - started, time.process_time() - cpu_started
    gc.unfreeze()
    return spent


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of the process during one call."""
    return wall_and_cpu_seconds(work)[1]


def serve(tasks: dict[str, Callable[..., object]]) -> None:
    """Run tasks until standard input ends.

    Each line of input is a JSON array: the name of a task, followed by its arguments. Each line of
    output is the result as JSON.

    Args:
        tasks: Name to function.
    """
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(tasks[name](*arguments)), flush=True)
    os._exit(0)  # skip the delivery at exit: nobody needs the events that are still buffered
