"""Has a pool of processes work off jobs that track.

Its plan has `method`, how processes start; `pool`, a function of this module; `count` of events in
each of `jobs`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

from qa.torture.programs.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import BaseContext

_client: Client
_PROCESSES = 3


def _start(plan: dict[str, Any]) -> None:
    global _client  # noqa: PLW0603 - as programs with pools do
    _client = Client({**plan, "name": f"worker-{os.getpid()}"})


def _track(count: int) -> int:
    _client.track(count, 0.002)
    return os.getpid()


def _track_and_flush(count: int) -> int:
    _client.track(count, 0.002)
    _client.tracker.flush()
    return os.getpid()


def close_and_join(context: BaseContext, plan: dict[str, Any]) -> set[int]:
    """Each process ends by itself."""
    pool = context.Pool(_PROCESSES, _start, [plan])
    processes = pool.map(_track, [plan["count"]] * plan["jobs"], chunksize=1)
    pool.close()
    pool.join()
    return set(processes)


def workers_replaced(context: BaseContext, plan: dict[str, Any]) -> set[int]:
    """Each process ends by itself after a few jobs, and another one takes its place."""
    pool = context.Pool(_PROCESSES, _start, [plan], maxtasksperchild=4)
    processes = pool.map(_track, [plan["count"]] * plan["jobs"], chunksize=1)
    pool.close()
    pool.join()
    return set(processes)


def with_close_and_join(context: BaseContext, plan: dict[str, Any]) -> set[int]:
    """The same inside of a `with` block, whose end finds nothing to terminate."""
    with context.Pool(_PROCESSES, _start, [plan]) as pool:
        processes = pool.map(_track, [plan["count"]] * plan["jobs"], chunksize=1)
        pool.close()
        pool.join()
    return set(processes)


def flushed_and_terminated(context: BaseContext, plan: dict[str, Any]) -> set[int]:
    """The end of the block terminates processes that have nothing to deliver."""
    with context.Pool(_PROCESSES, _start, [plan]) as pool:
        jobs = [plan["count"]] * plan["jobs"]
        return set(pool.map(_track_and_flush, jobs, chunksize=1))


def terminated(context: BaseContext, plan: dict[str, Any]) -> set[int]:
    """The end of the block terminates processes that may be in the middle of a request."""
    with context.Pool(_PROCESSES, _start, [plan]) as pool:
        return set(pool.map(_track, [plan["count"]] * plan["jobs"], chunksize=1))


def executor(context: BaseContext, plan: dict[str, Any]) -> set[int]:
    """Each process ends by itself."""
    arguments: dict[str, Any] = {"initializer": _start, "initargs": [plan]}
    with ProcessPoolExecutor(_PROCESSES, context, **arguments) as pool:
        return set(pool.map(_track, [plan["count"]] * plan["jobs"]))


_POOLS: dict[str, Callable[[BaseContext, dict[str, Any]], set[int]]] = {
    pool.__name__: pool
    for pool in (
        close_and_join,
        workers_replaced,
        with_close_and_join,
        flushed_and_terminated,
        terminated,
        executor,
    )
}


def main() -> None:
    plan = json.loads(sys.argv[1])
    context = multiprocessing.get_context(plan["method"])
    processes = _POOLS[plan["pool"]](context, plan)
    print(json.dumps(sorted(processes)))  # noqa: T201 - its output is its answer


if __name__ == "__main__":
    main()
