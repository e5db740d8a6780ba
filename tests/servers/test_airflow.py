"""The DAGs of the guide and of the recipe, run by Airflow: `make test-airflow`."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.docs.named_tests import ROOT
from tests.servers.harness import write_program
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON = os.environ.get("TEST_AIRFLOW", "")

pytestmark = [
    pytest.mark.skipif(not PYTHON, reason="it has an environment of its own: make test-airflow"),
    pytest.mark.timeout(300),
]

HOURS = sorted(str(hour) for hour in range(24))
WAITING = """
    open("entered", "w").close()
    while not os.path.exists("released"):
        time.sleep(0.01)
"""


def environment(folder: Path) -> dict[str, str]:
    settings = {"HOME": folder / "home", "CORE__DAGS_FOLDER": folder, "CORE__LOAD_EXAMPLES": False}
    names = {"HOME": "AIRFLOW_HOME"}
    variables = {names.get(name, f"AIRFLOW__{name}"): str(each) for name, each in settings.items()}
    return {**os.environ, **variables, "PYTHONPATH": str(ROOT / "python")}


@contextmanager
def running(folder: Path, program: str = "orders_dag.py") -> Iterator[subprocess.Popen[bytes]]:
    """Run the DAG, which must succeed."""
    python = str(ROOT / PYTHON)
    airflow = str(Path(python).with_name("airflow"))
    log = folder / "log"
    with log.open("w") as output:
        how = {"cwd": folder, "env": environment(folder), "stdout": output, "stderr": output}
        subprocess.run([airflow, "db", "migrate"], check=True, **how)  # type: ignore[call-overload]
        with subprocess.Popen(
            [python, program],
            **how,  # type: ignore[call-overload]
        ) as process:
            try:
                yield process
            finally:
                process.kill()


def hours(collector) -> list[str]:
    return sorted(row["event"]["se_property"] for row in collector.journal.good())


def write_load(folder: Path, port: int, *rows: str) -> None:
    write_program("load_dag.py", folder, port)
    orders = [json.dumps({"order_id": number}) for number in range(100)]
    (folder / "orders.ndjson").write_text("\n".join([*orders, *rows]), encoding="utf-8")


def test_a_load_with_a_dead_row_fails_and_is_not_repeated(collector, tmp_path):
    write_load(tmp_path, collector.port, "not JSON")
    with running(tmp_path, "load_dag.py") as process:
        process.wait(120)
    log = (tmp_path / "log").read_text()
    assert "some rows are not delivered: see orders.ndjson.dead" in log
    assert "state=failed" in log
    assert "up_for_retry" not in log
    assert collector.journal.counts() == {"total": 100, "good": 100, "bad": 0}


def test_a_load_delivers_each_row(collector, tmp_path):
    write_load(tmp_path, collector.port)
    for _ in range(2):  # The second run finds that there is nothing left to do.
        with running(tmp_path, "load_dag.py") as process:
            assert process.wait(120) == 0, (tmp_path / "log").read_text()
        assert collector.journal.counts() == {"total": 100, "good": 100, "bad": 0}


def test_a_task_delivers(collector, tmp_path):
    write_program("orders_dag.py", tmp_path, collector.port)
    with running(tmp_path) as process:
        assert process.wait(120) == 0, (tmp_path / "log").read_text()
    assert hours(collector) == HOURS


def test_a_task_delivers_if_sigterm_comes_while_it_runs(collector, tmp_path):
    path = write_program("orders_dag.py", tmp_path, collector.port)
    text = path.read_text(encoding="utf-8")
    header = "def count_orders(day: str):\n"
    path.write_text("import os, time\n" + text.replace(header, header + WAITING[1:]))
    with running(tmp_path) as process:
        wait_until((tmp_path / "entered").exists, 120)
        process.terminate()
        (tmp_path / "released").touch()
        assert process.wait(120) == 0, (tmp_path / "log").read_text()
    assert hours(collector) == HOURS
