"""Tracks on several threads, delivers everything and ends.

Its plan has `threads`, `count` of events in each, `pause`; `drains`: whether it waits for delivery,
or leaves that to the exit; and `file_bytes`, the size beyond which files cannot be written.
"""

from __future__ import annotations

import json
import resource
import sys

from qa.torture.programs.client import Client


def main() -> None:
    plan = json.loads(sys.argv[1])
    if "file_bytes" in plan:
        resource.setrlimit(resource.RLIMIT_FSIZE, (plan["file_bytes"], plan["file_bytes"]))
    client = Client(plan)
    client.track_in_threads(plan.get("threads", 1), plan["count"], plan.get("pause", 0.0))
    if plan.get("drains", True):
        client.drain()
        client.emitter.close()
        client.report()


if __name__ == "__main__":
    main()
