"""Runs a RedisWorker until it is told to stop. Its plan has `port`, where Redis listens."""

from __future__ import annotations

import json
import sys

import qa.torture.programs.limits  # noqa: F401 - ends this process in time
import redis
from qa.torture.programs.client import make_emitter

from snowplow_tracker import RedisWorker
from snowplow_tracker.redis import _lists

# What a killed worker held is put back after this time, by default some minutes.
_lists._LIFE_SECONDS = 4
_lists._RENEWAL_SECONDS = 0.5


def main() -> None:
    plan = json.loads(sys.argv[1])
    with redis.Redis(port=plan["port"]) as client:
        worker = RedisWorker(make_emitter(plan), client)
        print("running", flush=True)  # noqa: T201 - its output is its answer
        worker.run()


if __name__ == "__main__":
    main()
