"""`snowplow-tracker replay`: recorded events again, by their time, moved, and at their pace."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.cli.commands import record, run

from snowplow_tracker.cli.replay import Replay
from snowplow_tracker.collector import CollectorServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processes

BY_COLLECTOR = {"stm"}


def write_timed(path: Path, *times: int) -> None:
    lines = (json.dumps(record(each, true_timestamp=each)) + "\n" for each in times)
    path.write_text("".join(lines))


def exported(collector: CollectorServer) -> dict[str, dict[str, str]]:
    return {
        row["rawEvent"]["parameters"]["eid"]: {
            key: value
            for key, value in row["rawEvent"]["parameters"].items()
            if key not in BY_COLLECTOR
        }
        for row in micro(collector)
    }


def micro(collector: CollectorServer) -> list[Any]:
    import urllib.request  # noqa: PLC0415

    with urllib.request.urlopen(f"{collector.url}/micro/good", timeout=10) as response:
        rows: list[Any] = json.load(response)
    return rows


def test_events_of_a_collector_arrive_equal_at_another_one(tmp_path):
    schema = "iglu:com.acme/order/jsonschema/1-0-0"
    records: list[dict[str, Any]] = [
        {"schema": schema, "data": {"id": 1, "text": 'ä"\\ 日本 😀'}, "user": None},
        {"event": "page_view", "page_url": "https://a.example/?q=ä&b=c", "page_title": "t"},
        record("x", subject={"user_id": "u", "ip_address": "10.0.0.1"}, true_timestamp=10**12),
        {"schema": schema, "data": {}, "entities": [{"schema": schema, "data": {"n": [1, None]}}]},
    ]
    del records[0]["user"]
    (tmp_path / "a.ndjson").write_text("".join(json.dumps(each) + "\n" for each in records))
    with CollectorServer() as first, CollectorServer() as second:
        done = run("send", "-c", first.url, "a.ndjson", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        done = run("replay", "-c", second.url, "--from-micro", first.url, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert len(exported(first)) == 4
        assert exported(first) == exported(second)
        options = ["--from-micro", first.url, "--new-ids"]
        done = run("replay", "-c", second.url, *options, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert len(exported(second)) == 8


def test_only_events_of_a_time(server, tmp_path):
    write_timed(tmp_path / "a.ndjson", *(1_700_000_000_000 + number for number in range(10)))
    options = ["--start", "1700000000003", "--end", "1700000000006", "--report", "json"]
    done = run("replay", "-c", server.url, "a.ndjson", *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [label[-1] for label in server.labels()] == ["3", "4", "5"]
    assert json.loads(done.stdout)["read"] == 3


def test_times_move_so_that_the_first_is_now(server, tmp_path):
    write_timed(tmp_path / "a.ndjson", 1_700_000_000_000, 1_700_000_060_000)
    before = time.time() * 1000
    run("replay", "-c", server.url, "a.ndjson", "--shift", "now", folder=tmp_path)
    first, second = server.requests[0].events
    assert before <= int(first["ttm"]) <= time.time() * 1000
    assert int(second["ttm"]) - int(first["ttm"]) == 60_000


def test_times_move_by_a_duration(server, tmp_path):
    write_timed(tmp_path / "a.ndjson", 1_700_000_000_000)
    run("replay", "-c", server.url, "a.ndjson", "--shift=-1h", folder=tmp_path)
    assert server.requests[0].events[0]["ttm"] == str(1_700_000_000_000 - 3_600_000)


class AsItIs:
    def encode_all(self, record: dict[str, str]) -> list[dict[str, str]]:
        return [dict(record)]


def test_the_pace_is_that_of_the_events_times_a_factor():
    settings: dict[str, Any] = {"start_ms": None, "end_ms": None, "is_stopped": lambda: False}
    replay = Replay(cast("Any", AsItIs()), speed=10, shift_ms=0, **settings)
    began = time.monotonic()
    for milliseconds in (0, 1_000, 3_000):
        replay.encode_all({"dtm": str(milliseconds)})
    assert time.monotonic() - began >= 0.3


def test_a_stopped_replay_waits_no_longer():
    settings: dict[str, Any] = {"start_ms": None, "end_ms": None, "is_stopped": lambda: True}
    replay = Replay(cast("Any", AsItIs()), speed=1, shift_ms=0, **settings)
    began = time.monotonic()
    for milliseconds in (0, 60_000):
        replay.encode_all({"dtm": str(milliseconds)})
    assert time.monotonic() - began < 30
