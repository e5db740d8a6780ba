"""DataFrames sent to the local collector by a real Spark."""

from __future__ import annotations

import json
import os
import signal
import time
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import requests
from tests.support import wait_until

from snowplow_tracker.bulk.ids import NAMESPACE
from snowplow_tracker.collector import CollectorServer
from snowplow_tracker.spark import send_partition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("default")]

SCHEMA = "iglu:com.acme/order/jsonschema/1-0-0"
ID_NAMESPACE = uuid.UUID(bytes=NAMESPACE)


@pytest.fixture
def collector() -> Iterator[CollectorServer]:
    with CollectorServer() as server:
        yield server


def rows(collector: CollectorServer) -> list[dict[str, Any]]:
    answer = requests.get(f"{collector.url}/micro/good", timeout=30)
    return [row["event"] for row in answer.json()]


def write(frame: Any, collector: CollectorServer, **options: str) -> None:
    given = {"collector": collector.url, "batchSize": "20", **options}
    frame.write.format("snowplow").mode("append").options(**given).save()


TYPED = """
    SELECT 'o-1' AS id, 17 AS n, CAST(12.50 AS DECIMAL(10, 2)) AS total, true AS paid,
        TIMESTAMP '2024-02-29 08:00:00' AS at, TIMESTAMP_NTZ '2024-02-29 08:00:00' AS at_ntz,
        DATE '2024-02-29' AS day, map('a', 1) AS m, array(1.5D) AS list,
        named_struct('x', CAST(NULL AS INT), 'y', named_struct('z', DATE '2024-01-01')) AS s,
        CAST(NULL AS STRING) AS nothing
"""
TYPED_DATA = {
    "id": "o-1",
    "n": 17,
    "total": 12.5,
    "paid": True,
    "at": "2024-02-29T13:00:00Z",
    "at_ntz": "2024-02-29T08:00:00Z",
    "day": "2024-02-29",
    "m": {"a": 1},
    "list": [1.5],
    "s": {"y": {"z": "2024-01-01"}},
}


def test_a_row_is_the_data_of_an_event(spark, collector):
    frame = spark.sql(TYPED)
    write(frame, collector, schema=SCHEMA, idFrom="id", timeFrom="at", appId="shop")
    [event] = rows(collector)
    assert event["unstruct_event"]["data"] == {"schema": SCHEMA, "data": TYPED_DATA}
    assert event["event_id"] == str(uuid.uuid5(ID_NAMESPACE, "o-1"))
    assert event["true_tstamp"] == "2024-02-29T13:00:00.000Z"
    assert (event["app_id"], event["name_tracker"]) == ("shop", "spark")


def test_rows_may_be_records(spark, collector):
    write(
        spark.sql("""
            SELECT 'page_view' AS event, 'https://a.com' AS page_url, NULL AS schema, NULL AS data,
                named_struct('user_id', 'u', 'lang', NULL) AS subject, 'one' AS event_id,
                array(named_struct('schema', 'iglu:com.acme/user/jsonschema/1-0-0',
                    'data', named_struct('plan', 'free'))) AS entities
            UNION ALL
            SELECT NULL, NULL, 'iglu:com.acme/order/jsonschema/1-0-0', '{"total": 1}',
                NULL, 'two', NULL
        """),
        collector,
    )
    second, first = sorted(rows(collector), key=lambda event: event["event"])
    assert (first["page_url"], first["user_id"]) == (None, None)
    assert first["unstruct_event"]["data"] == {"schema": SCHEMA, "data": {"total": 1}}
    assert (second["page_url"], second["user_id"]) == ("https://a.com", "u")
    assert [entity["data"] for entity in second["contexts"]["data"]] == [{"plan": "free"}]


def test_rows_that_cannot_be_events_are_dead_letters(spark, collector, tmp_path):
    frame = spark.sql("""
        SELECT id, IF(id = 1, DOUBLE('NaN'), 1.5D) AS x, IF(id = 2, unhex('ff'), NULL) AS b
        FROM range(0, 4, 1, 1)
    """)
    write(frame, collector, schema=SCHEMA, idFrom="id", deadLetter=str(tmp_path / "dead"))
    assert len(rows(collector)) == 2
    [path] = (tmp_path / "dead").iterdir()
    assert path.name == "00000-0.ndjson"
    letters = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(letter["line"], letter["errors"]) for letter in letters] == [
        (2, ["x: JSON has no nan"]),
        (3, ["b: JSON has no bytes; cast it to text or a number"]),
    ]


def test_too_many_dead_records_fail_the_job(spark, collector):
    frame = spark.sql("SELECT DOUBLE('NaN') AS x FROM range(0, 10, 1, 1)")
    with pytest.raises(Exception, match="more than maxDead=2 records are dead"):
        write(frame, collector, schema=SCHEMA, maxDead="2")


def test_a_collector_that_cannot_be_reached_fails_the_job(spark, collector):
    collector.stop()
    with pytest.raises(Exception, match=r"undelivered|accepted nothing for 1 s"):
        write(spark.range(3), collector, schema=SCHEMA, idFrom="id", giveUpAfter="1s")


@pytest.mark.parametrize(
    ("mode", "options", "reason"),
    [
        ("overwrite", {}, "cannot be overwritten"),
        ("append", {"colector": "x"}, "unknown option 'colector'"),
    ],
)
def test_a_wrong_use_is_an_error_of_the_driver(spark, collector, mode, options, reason):
    writer = spark.range(1).write.format("snowplow").mode(mode).option("schema", SCHEMA)
    with pytest.raises(Exception, match=reason):
        writer.options(collector=collector.url, **options).save()
    assert rows(collector) == []


def _dying_once(url: str, batches: Any) -> Any:
    """Kill this worker in the middle of the first attempt, once some of its events have arrived."""
    from pyspark import TaskContext  # noqa: PLC0415

    context = TaskContext.get()
    assert context is not None
    for number, batch in enumerate(batches):
        if number == 3 and context.attemptNumber() == 0:
            end = time.monotonic() + 60
            while requests.get(f"{url}/micro/all", timeout=30).json()["total"] < 40:
                assert time.monotonic() < end, "no event arrived"
            os.kill(os.getpid(), signal.SIGKILL)
        yield batch


def test_a_task_that_is_killed_is_repeated_with_the_same_ids(spark, collector):
    # Spark passes rows on when it has some 64 KiB of them.
    frame = spark.sql("SELECT id, repeat('x', 5000) AS pad FROM range(0, 300, 1, 1)")
    frame = frame.mapInArrow(partial(_dying_once, collector.url), frame.schema)
    write(frame, collector, schema=SCHEMA, columns="id", idFrom="id", threads="1")
    ids = [event["event_id"] for event in rows(collector)]
    assert set(ids) == {str(uuid.uuid5(ID_NAMESPACE, str(number))) for number in range(300)}
    assert len(ids) >= 340, "the first attempt had sent some"


def test_a_stream_is_written_batch_by_batch(spark, collector, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.json").write_text(json.dumps({"id": number, "day": "2024-01-01"}))
    stream = spark.readStream.schema("id long, day date").option("maxFilesPerTrigger", 1)
    query = (
        stream.json(str(folder))
        .writeStream.format("snowplow")
        .options(collector=collector.url, schema=SCHEMA, idFrom="id")
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .trigger(availableNow=True)
        .start()
    )
    assert query.awaitTermination(120)
    data = [event["unstruct_event"]["data"]["data"] for event in rows(collector)]
    assert sorted(item["id"] for item in data) == [0, 1, 2]
    assert data[0]["day"] == "2024-01-01"


def test_partitions_may_be_sent_without_a_data_source(spark, collector):
    options = {"collector": collector.url, "schema": SCHEMA, "idFrom": "id"}
    frame = spark.sql(TYPED).drop("at_ntz")
    frame.foreachPartition(partial(send_partition, options=options))
    [event] = rows(collector)
    expected = {key: value for key, value in TYPED_DATA.items() if key != "at_ntz"}
    assert event["unstruct_event"]["data"]["data"] == expected


def test_the_driver_logs_totals_and_warns(spark, collector, driver_log: Path):
    before = driver_log.stat().st_size
    write(spark.range(5), collector, schema=SCHEMA)

    def logged() -> str:
        return driver_log.read_bytes()[before:].decode()

    wait_until(lambda: "5 records read, 5 events delivered, 0 records dead" in logged())
    assert "Set idFrom, or add a column event_id" in logged()
    assert "spark.speculation is on" in logged()
    before += len(logged().encode())
    write(spark.range(5), collector, schema=SCHEMA, idFrom="id")
    wait_until(lambda: "5 events delivered" in logged())
    assert "Set idFrom" not in logged()
