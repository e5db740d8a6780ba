from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from snowplow_tracker.collector import CollectorServer

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def collector():
    with CollectorServer() as running:
        yield running


@pytest.mark.parametrize("program", PROGRAMS)
def test_its_programs_run(program, collector, tmp_path):
    program = program.replace("9090", str(collector.port))
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert collector.journal.counts()["bad"] == 0


def test_its_first_program_sends_two_events(collector, tmp_path):
    collector.reset()
    program = PROGRAMS[0].replace("9090", str(collector.port))
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert collector.journal.counts() == {"total": 2, "good": 2, "bad": 0}


def test_its_targets_of_make_exist():
    makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)$", README, re.MULTILINE))
    names = {name for pair in targets for name in pair if name}
    assert names >= {"demo", "test"}
    assert all(re.search(rf"^{name}:", makefile, re.MULTILINE) for name in names)
