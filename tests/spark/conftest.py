"""A Spark of two cores, and what its driver logs."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _missing() -> str | None:
    if "TEST_SPARK" not in os.environ:
        return "make test-spark runs the tests in Spark"
    return None if find_spec("pyspark") else "needs pyspark"


@contextmanager
def _errors_in(path: Path) -> Iterator[None]:
    """Let processes that start meanwhile write their errors to a file."""
    kept = os.dup(2)
    with path.open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@pytest.fixture(scope="session")
def driver_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spark") / "driver.log"


@pytest.fixture(scope="session")
def spark(driver_log: Path) -> Iterator[Any]:
    if reason := _missing():
        pytest.skip(reason)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with warnings.catch_warnings(), _errors_in(driver_log):
        # PySpark looks for a version of pandas that it supports; these tests use none.
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession  # noqa: PLC0415

        from snowplow_tracker.spark import SnowplowDataSource  # noqa: PLC0415

        # Two threads; a task is tried twice.
        builder = SparkSession.builder.master("local[2,2]").appName("tests")
        settings = {
            "spark.ui.enabled": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": "600m",
            "spark.speculation": "true",
            "spark.sql.session.timeZone": "America/New_York",
            "spark.sql.execution.arrow.maxRecordsPerBatch": "50",
            "spark.sql.warehouse.dir": str(driver_log.parent),
        }
        for key, value in settings.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        session.dataSource.register(SnowplowDataSource)
    yield session
    session.stop()
