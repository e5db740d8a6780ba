"""The programs of the pages on notebooks and pandas: in real kernels, and ended by SIGTERM."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers.harness import write_program
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX"),
    pytest.mark.processes,
]

FLUSH = "tracker.flush_within(5.0)"


def labels(collector: Any) -> list[str]:
    return sorted(row["event"].get("se_label", "") for row in collector.journal.good())


@contextmanager
def kernel(folder: Path) -> Iterator[tuple[Any, Any]]:
    """Run a kernel of IPython. Yields its manager and its client."""
    start_new_kernel = pytest.importorskip("jupyter_client.manager").start_new_kernel
    manager, client = start_new_kernel(cwd=str(folder))
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def execute(client: Any, cell: str) -> None:
    reply = client.execute_interactive(cell, timeout=30, output_hook=lambda _: None)
    assert reply["content"]["status"] == "ok", reply["content"]


@pytest.fixture
def cell(collector: Any, tmp_path: Path) -> str:
    return write_program("notebook.py", tmp_path, collector.port).read_text(encoding="utf-8")


def test_a_cell_has_delivered_when_it_ends(cell, collector, tmp_path):
    assert FLUSH in cell
    with kernel(tmp_path) as (_, client):
        execute(client, cell)
        assert labels(collector) == ["baseline"]
        execute(client, cell.replace(FLUSH, "assert await tracker.aflush(5.0)"))
        assert labels(collector) == ["baseline", "baseline"]


def test_a_kernel_that_shuts_down_delivers(cell, collector, tmp_path):
    with kernel(tmp_path) as (manager, client):
        execute(client, cell.replace(FLUSH, ""))
        assert labels(collector) == []
        manager.shutdown_kernel()
        assert labels(collector) == ["baseline"]


def test_a_kernel_that_gets_sigterm_in_a_cell_delivers(cell, collector, tmp_path):
    waiting = "open('entered', 'w').close()\nimport threading\nthreading.Event().wait(30)"
    with kernel(tmp_path) as (manager, client):
        client.execute(cell.replace(FLUSH, waiting))
        wait_until((tmp_path / "entered").exists)
        manager.signal_kernel(signal.SIGTERM)
        wait_until(lambda: not manager.is_alive())
    assert labels(collector) == ["baseline"]


TRACK = "        tracker.track(SelfDescribing(data, event_id=event_id))\n"
REPORT = "        print(event_id, flush=True)\n"


def test_a_loop_over_rows_that_gets_sigterm_has_delivered_what_it_tracked(collector, tmp_path):
    path = write_program("orders.py", tmp_path, collector.port)
    text = path.read_text(encoding="utf-8")
    assert TRACK in text
    endless = text.replace(TRACK, TRACK + REPORT).replace("[1, 2, 3]", "range(1_000_000)")
    path.write_text(endless.replace("[9.5, 12.0, 7.25]", "2.0"), encoding="utf-8")
    with subprocess.Popen([sys.executable, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        tracked = [process.stdout.readline().strip() for _ in range(1_234)]
        process.terminate()
        tracked += process.stdout.read().split()
        assert process.wait(30) == -signal.SIGTERM
    arrived = [row["event"]["event_id"] for row in collector.journal.good()]
    assert set(tracked) <= set(arrived)
    assert len(arrived) == len(set(arrived))
