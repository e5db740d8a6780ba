"""Importing the package beside files of `snowplow-tracker` logs what to do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import snowplow_tracker


@pytest.mark.parametrize("has_both", [False, True])
def test_one_warning_says_what_to_do(tmp_path, has_both):
    package = tmp_path / "snowplow_tracker"
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(snowplow_tracker.__file__).parent, package, ignore=without)
    if has_both:  # as versions 0.10.0 and 1.1.0 install it
        (package / "test").mkdir()
        (package / "test" / "__init__.py").touch()
    program = "import snowplow_tracker; print(snowplow_tracker.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(str(tmp_path))
    lines = done.stderr.splitlines()
    assert len(lines) == has_both
    assert all("pip uninstall -y snowplow-tracker &&" in line for line in lines)
