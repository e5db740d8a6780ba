"""The README's first program sends what the README shows that the collector prints."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

from tests.docs.pages import blocks

COLLECTOR = [sys.executable, "-m", "snowplow_tracker.collector", "--port", "0"]


def without_ids(lines: str) -> list[str]:
    return re.sub(r"eid=(?:[0-9a-f-]{36}|[0-9a-f-]+…)", "eid=", lines).splitlines()


def test_its_first_program_sends_two_events_that_the_collector_prints(tmp_path):
    program, shown = blocks("python")[0], blocks("console")[0]
    assert program.page == shown.page == "README.md"
    with subprocess.Popen(COLLECTOR, stdout=subprocess.PIPE, text=True) as collector:
        assert collector.stdout is not None
        port = collector.stdout.readline().rpartition(":")[2].strip()
        command = [sys.executable, "-c", program.text.replace("9090", port)]
        subprocess.run(command, cwd=tmp_path, check=True)
        collector.send_signal(signal.SIGTERM)
        printed, _ = collector.communicate(timeout=10)
    *events, counts = without_ids(printed)
    assert events == without_ids(shown.text)
    assert counts == "stopped: 2 events, 2 good, 0 bad"
