"""The loop of a target: a request a line on standard input, an answer a line on standard output."""

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
    """Return both times of the process for one call; garbage collection stays on."""
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
    """Do tasks by name until the input ends: a JSON array of the name and the arguments each."""
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(tasks[name](*arguments)), flush=True)
    os._exit(0)  # what lies in buffers is nobody's
