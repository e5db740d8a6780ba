"""Starts processes with multiprocessing; each tracks with the tracker that it has.

Its plan has `method`, how they start; `processes`; `count` of events in each.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from functools import cache

from qa.torture.programs.client import Client


@cache
def _client(arguments: str) -> Client:
    """Return this process's client: after a fork, the parent's."""
    return Client(json.loads(arguments))


def _work(arguments: str, count: int) -> None:
    _client(arguments).track(count)


def main() -> None:
    arguments = sys.argv[1]
    plan = json.loads(arguments)
    _work(arguments, plan["count"])
    context = multiprocessing.get_context(plan["method"])
    work = {"target": _work, "args": (arguments, plan["count"])}
    processes = [context.Process(**work) for _ in range(plan["processes"])]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    statuses = [process.exitcode for process in processes]
    client = _client(arguments)
    client.drain()
    client.report()
    sys.exit(f"processes ended with {statuses}" if any(statuses) else 0)


if __name__ == "__main__":
    main()
