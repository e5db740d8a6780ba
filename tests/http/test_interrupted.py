"""Ctrl-C in the middle of a request: the same emitter goes on, and the process ends.

Not inside the pool's `queue.LifoQueue`: an interrupt in `Condition.__enter__` can leave
its lock held.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """if True:
    import sys
    from urllib3 import connectionpool
    from snowplow_tracker import Emitter, StructuredEvent, Tracker
    from snowplow_tracker._http import deadline, direct, response

    FILES = {module.__file__ for module in (connectionpool, deadline, direct, response)}
    if sys.argv[2] == "usual":
        direct.has_original_connections = lambda: False

    def interrupt_at(place):
        def see(frame, event, function):
            nonlocal place
            # Where CPython looks for signals: as a function begins, and as one of C returns.
            if event in ("call", "c_return") and frame.f_code.co_filename in FILES:
                place -= 1
                if place < 0:
                    raise KeyboardInterrupt

        sys.setprofile(see)

    def is_interrupted(label):
        try:
            tracker.track(StructuredEvent("shop", "add", label))
        except KeyboardInterrupt:
            return True
        finally:
            sys.setprofile(None)
        return False

    tracker = Tracker("ns", Emitter(sys.argv[1], batch_size=1))
    is_interrupted("first")
    place = 0
    while interrupt_at(place) or is_interrupted(str(place)):
        tracker.flush()
        place += 1
    print(place)
"""


@pytest.mark.parametrize("way", ["direct", "usual"])
def test_ctrl_c_anywhere_in_a_pool_of_connections_holds_nothing_back(server, way):
    # Within the time-out, also at exit, where urllib3 empties its pools.
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, server.url, way],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    places = int(run.stdout)
    assert places > 20
    assert set(server.labels()) == {"first", *map(str, range(places + 1))}
