"""Sets its clock back and forward by a day while it tracks and sends.

Its plan has `count` of events at each setting.
"""

from __future__ import annotations

import json
import sys
import time

import time_machine
from qa.torture.programs.client import Client

_DAY = 86_400.0


def main() -> None:
    plan = json.loads(sys.argv[1])
    client = Client(plan)
    for shift in (0, -_DAY, _DAY, -2 * _DAY, 0):
        with time_machine.travel(time.time() + shift, tick=True):
            client.track_in_threads(4, plan["count"], 0.01)
    client.drain()
    client.emitter.close()
    client.report()


if __name__ == "__main__":
    main()
