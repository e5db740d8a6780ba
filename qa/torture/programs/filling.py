"""Tracks into a list in Redis. Its plan has `port`, where Redis listens, `count` and `pause`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import qa.torture.programs.limits  # noqa: F401 - ends this process in time
import redis
from qa.torture.programs.client import track_each

from snowplow_tracker import RedisEmitter, Tracker


def main() -> None:
    plan = json.loads(sys.argv[1])
    ledger = os.open(Path(plan["folder"]) / "tracked", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    with redis.Redis(port=plan["port"]) as client:
        tracker = Tracker(plan["name"], RedisEmitter(client))
        track_each(tracker, ledger, plan["count"], plan["pause"])


if __name__ == "__main__":
    main()
