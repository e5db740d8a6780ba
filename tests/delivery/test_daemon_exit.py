"""Daemon threads that native code has called a program's code on, while the interpreter exits."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.delivery import daemon_ways

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("way", daemon_ways.WAYS)
def test_the_exit_status_stays_the_program_s_own(way):
    done = subprocess.run(
        [sys.executable, daemon_ways.__file__, way],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == daemon_ways.STATUS, done.stderr
