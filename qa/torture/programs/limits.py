"""Ends this process, and each that it forks, after TORTURE_LIMIT seconds.

To be imported before the package under test: its hook is then the first that runs in a child.
"""

from __future__ import annotations

import faulthandler
import os
import signal

__all__: list[str] = []


def _begin() -> None:
    signal.setitimer(signal.ITIMER_REAL, float(os.environ["TORTURE_LIMIT"]))


faulthandler.register(signal.SIGALRM, chain=True)  # shows where it was
_begin()
os.register_at_fork(after_in_child=_begin)
