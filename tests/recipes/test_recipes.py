"""The recipes for bulk loads in the libraries that they are for: `make test-recipes`.

Those of pandas, polars and pyarrow run with all other programs of the documentation, and those of
Airflow and Celery in tests/servers.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from tests.docs.pages import Block, blocks
from tests.support import ScriptedServer, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support import Request

pytestmark = [
    pytest.mark.skipif("TEST_RECIPES" not in os.environ, reason="make test-recipes runs it"),
    pytest.mark.timeout(240),
]

PARTITIONS = 4  # as many as a topic has that librdkafka emulates
IN_PARTITION = 100
BAD = [b"not JSON", None]


def recipe(name: str) -> Block:
    page = "docs/guides/bulk-recipes.md"
    (block,) = (
        block
        for block in blocks("python")
        if block.page == page and block.text.startswith(f"# {name}\n")
    )
    return block


def write(name: str, folder: Path, port: int, before: str = "", **replaced: str) -> Path:
    text = before + recipe(name).text
    for word, other in {"9090": str(port), **replaced}.items():
        assert word in text
        text = text.replace(word, other)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def run(path: Path) -> str:
    # Without warnings: they are those of the libraries among each other.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", path.name],
        cwd=path.parent,
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def needs(library: str) -> None:
    if find_spec(library) is None:
        pytest.skip(f"needs {library}")


def sent_ids(server: ScriptedServer) -> list[str]:
    return [event["eid"] for request in list(server.requests) for event in request.events]


def test_dask_sends_every_partition_once(server, tmp_path):
    needs("dask")
    assert run(write("dask_orders.py", tmp_path, server.port)) == recipe("dask_orders.py").output
    assert len(sent_ids(server)) == len(set(sent_ids(server))) == 1000


def test_ray_sends_every_block_once(server, tmp_path):
    needs("ray")
    local = (
        "import ray\n"
        "ray.init(num_cpus=2, include_dashboard=False, object_store_memory=100_000_000,\n"
        "         _node_ip_address='127.0.0.1', logging_level='ERROR')\n"
    )
    path = write("ray_orders.py", tmp_path, server.port, local)
    assert recipe("ray_orders.py").output in run(path)
    assert len(sent_ids(server)) == len(set(sent_ids(server))) == 1000


class Cluster:
    """A Kafka cluster that librdkafka emulates within the process of the test."""

    def __init__(self) -> None:
        kafka: Any = pytest.importorskip("confluent_kafka")
        self._kafka = kafka
        self._producer = kafka.Producer({"test.mock.num.brokers": 1})
        broker = next(iter(self._producer.list_topics(timeout=30).brokers.values()))
        self.address = f"{broker.host}:{broker.port}"
        # A topic of the emulation comes into being when somebody asks for it.
        topic = self._producer.list_topics("orders", timeout=30).topics["orders"]
        assert len(topic.partitions) == PARTITIONS

    def produce(self) -> None:
        for partition in range(PARTITIONS):
            for number in range(IN_PARTITION):
                value = json.dumps({"order_id": partition * IN_PARTITION + number})
                self._producer.produce("orders", value, partition=partition)
            for bad in BAD:
                self._producer.produce("orders", bad, partition=partition)
        assert self._producer.flush(30) == 0

    def committed(self) -> list[int]:
        """Return the offset to go on from of each partition."""
        settings = {"bootstrap.servers": self.address, "group.id": "snowplow"}
        consumer = self._kafka.Consumer(settings)
        try:
            partitions = [self._kafka.TopicPartition("orders", n) for n in range(PARTITIONS)]
            return [max(each.offset, 0) for each in consumer.committed(partitions, timeout=30)]
        finally:
            consumer.close()


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@contextmanager
def consuming(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (
        (path.parent / "log").open("ab") as log,
        subprocess.Popen([sys.executable, path.name], cwd=path.parent, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def consumer_program(folder: Path, server: ScriptedServer, cluster: Cluster) -> Path:
    # Commits are frequent, and a consumer that was killed soon leaves its group.
    hasty = '"auto.commit.interval.ms": 50, "session.timeout.ms": 6000, "group.id"'
    replaced = {"localhost:9092": cluster.address, '"group.id"': hasty}
    return write("kafka_orders.py", folder, server.port, **replaced)


END = [IN_PARTITION + len(BAD)] * PARTITIONS


def test_kafka_commits_what_is_delivered_or_dead(cluster, server, tmp_path):
    cluster.produce()
    path = consumer_program(tmp_path, server, cluster)
    with consuming(path) as process:
        wait_until(lambda: len(sent_ids(server)) == IN_PARTITION * PARTITIONS, 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, (tmp_path / "log").read_text()
    assert len(set(sent_ids(server))) == IN_PARTITION * PARTITIONS
    assert cluster.committed() == END
    assert (tmp_path / "log").read_text().count("unreadable") == len(BAD) * PARTITIONS


def test_kafka_commits_nothing_that_a_kill_would_lose(cluster, server, tmp_path):
    refused: list[Request] = []

    def unavailable(request: Request) -> int:
        refused.append(request)
        return 503

    server.otherwise = unavailable
    cluster.produce()
    path = consumer_program(tmp_path, server, cluster)
    with consuming(path) as process:
        wait_until(lambda: len(refused) >= 3, 60)
        process.kill()
        process.wait(60)
    assert cluster.committed() == [0] * PARTITIONS
    before = set(sent_ids(server))
    server.otherwise = 200
    server.requests.clear()
    with consuming(path) as process:
        wait_until(lambda: len(set(sent_ids(server))) == IN_PARTITION * PARTITIONS, 120)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, (tmp_path / "log").read_text()
    assert before <= set(sent_ids(server))
    assert cluster.committed() == END
