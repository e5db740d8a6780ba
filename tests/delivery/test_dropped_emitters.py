"""Programs that create an emitter for each event and drop it: all arrives, nothing runs out."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

PROGRAM = """
import gc, logging, os, resource, sys, threading
import snowplow_tracker
from snowplow_tracker import StructuredEvent, Tracker
from snowplow_tracker._lifecycle.process import registered

kind, url, count, seconds = getattr(snowplow_tracker, sys.argv[1]), *sys.argv[2:]
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
lines = []

class Keep(logging.Handler):
    def emit(self, record):
        lines.append(record.getMessage())

logging.getLogger().addHandler(Keep())
threads = files = 0
for number in range(int(count)):
    Tracker("ns", kind(url, protocol="http", exit_timeout=float(seconds))).track(
        StructuredEvent("shop", "add", str(number)))
    open("/dev/null").close()
    if number % 20 == 0:
        threads = max(threads, len(os.listdir("/proc/self/task")))
        files = max(files, len(os.listdir("/proc/self/fd")))
gc.collect()
while seconds == "5" and registered():
    threading.Event().wait(0.01)
    gc.collect()
unexpected = [line for line in lines if "not sent" not in line and "not delivered" not in line]
print(threads, files, unexpected)
sys.stdout.flush()
if seconds != "5":
    os._exit(0)
"""


def run(*arguments: object) -> tuple[int, int, str]:
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    threads, files, lines = ran.stdout.strip().split(" ", 2)
    return int(threads), int(files), lines


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_all_events_arrive_with_a_few_threads_and_one_warning(server, kind):
    threads, files, lines = run(kind, server.url, 300, 5)
    assert sorted(server.labels(), key=int) == [str(number) for number in range(300)]
    assert (threads < 15, files < 60) == (True, True), (threads, files)
    assert lines.count("Create one tracker when the program starts") == 1
    assert lines.count("',") == 0, lines


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_the_program_has_files_while_the_collector_hangs(server, kind):
    server.otherwise = "hang"
    threads, files, _ = run(kind, server.url, 300, 0.5)
    assert (threads < 40, files < 60) == (True, True), (threads, files)
