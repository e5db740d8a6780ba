"""Endless recursion through a program's own code is a RecursionError, on small stacks too."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.encode import recursion_program

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("kib", [256, 8192])
@pytest.mark.parametrize("way", recursion_program.WAYS)
def test_endless_recursion_is_a_recursion_error(way, kib):
    done = subprocess.run(
        [sys.executable, recursion_program.__file__, way, str(kib)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
