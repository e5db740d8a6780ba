from __future__ import annotations

import subprocess
import sys

from tests.docs.pages import blocks

from snowplow_tracker.collector import CollectorServer


def test_its_first_program_sends_two_events(tmp_path):
    first = blocks("python")[0]
    assert first.page == "README.md"
    with CollectorServer() as collector:
        program = first.text.replace("9090", str(collector.port))
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
        assert collector.journal.counts() == {"total": 2, "good": 2, "bad": 0}
