"""Forks while its threads track and send; each child does the same as its parent.

Its plan has `forks`, `threads` of each process, and `count` of events in each thread.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from qa.torture.programs.client import Client


def main() -> None:
    plan = json.loads(sys.argv[1])
    client = Client(plan)
    threads, count, pause = plan["threads"], plan["count"], plan.get("pause", 0.001)
    crowd = client.start_threads(threads, count, pause)
    children = [_fork(client, plan) for _ in range(plan["forks"])]
    for thread in crowd:
        thread.join()
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    client.drain()
    client.emitter.close()
    client.report()
    sys.exit(f"children ended with {statuses}" if any(statuses) else 0)


def _fork(client: Client, plan: dict[str, Any]) -> int:
    child = os.fork()
    if child:
        client.track(20)
        return child
    client.track_in_threads(plan["threads"], plan["count"], plan.get("pause", 0.001))
    client.drain()
    sys.exit(0)


if __name__ == "__main__":
    main()
