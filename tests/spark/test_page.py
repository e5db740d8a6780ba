"""The programs of the page on Spark."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from tests.docs.pages import blocks
from tests.support import wait_until

from snowplow_tracker.collector import CollectorServer

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("default")]

PROGRAMS = [block for block in blocks("python") if block.page == "docs/guides/spark.md"]


def test_the_page_has_programs():
    assert len(PROGRAMS) == 4


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_a_program_sends_the_rows(block, spark, tmp_path):
    folder = tmp_path / "orders"
    query = "SELECT id AS order_id, TIMESTAMP '2024-02-29 08:00:00' AS ordered_at FROM range(3)"
    orders = spark.sql(query)
    orders.write.parquet(str(folder))
    if "writeStream" in block.text:
        orders = spark.readStream.schema(orders.schema).parquet(str(folder))
    with CollectorServer() as collector:
        options = {"collector": collector.url, "schema": "iglu:com.acme/order/jsonschema/1-0-0"}
        program = block.text.replace("https://collector.example.com", collector.url)
        program = program.replace("/data/checkpoints", str(tmp_path / "checkpoints"))
        names: dict[str, Any] = {"spark": spark, "orders": orders, "options": options}
        exec("from functools import partial", names)
        exec("from snowplow_tracker.spark import send_partition", names)
        exec(program, names)
        wait_until(lambda: _counts(collector)[0] >= 3, 120)
        assert _counts(collector) == (3, 0)
        for running in spark.streams.active:
            running.stop()


def _counts(collector: CollectorServer) -> tuple[int, int]:
    counts = requests.get(f"{collector.url}/micro/all", timeout=30).json()
    return counts["good"], counts["bad"]
