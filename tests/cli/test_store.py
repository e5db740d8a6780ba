"""`snowplow-tracker store`: the file of a durable store whose service is gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.commands import letters_in, run

from snowplow_tracker import Emitter, SQLiteEventStore, StructuredEvent, Tracker

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processes


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "events.db"
    emitter = Emitter(
        "http://127.0.0.1:9", batch_size=10_000, event_store=SQLiteEventStore(path), exit_timeout=0
    )
    tracker = Tracker("ns", emitter)
    for number in range(1200):
        tracker.track(StructuredEvent("c", "a", label=str(number), true_timestamp=10**12))
    emitter.close()
    return path


def count(path: Path) -> dict[str, Any]:
    done = run("store", "info", path, "--json", folder=path.parent)
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def test_counts_and_ages(path):
    facts = count(path)
    assert facts["events"] == 1200
    assert facts["oldest"] <= facts["newest"]
    done = run("store", "info", path, folder=path.parent)
    assert f"{path}: 1200 events, " in done.stdout


def test_an_export_leaves_the_events_where_they_are(path):
    done = run("store", "export", path, folder=path.parent)
    labels = [json.loads(line)["se_la"] for line in done.stdout.splitlines()]
    assert labels == [str(number) for number in range(1200)]
    assert count(path)["events"] == 1200


def test_all_events_are_sent_and_deleted(server, path):
    done = run("store", "send", "-c", server.url, path, folder=path.parent)
    assert done.returncode == 0, done.stderr
    assert sorted(map(int, server.labels())) == list(range(1200))
    assert count(path)["events"] == 0


def test_refused_events_are_dead_letters(server, path):
    server.otherwise = lambda request: 400 if "700" in request.labels else 200
    done = run("store", "send", "-c", server.url, path, "--batch-size", "100", folder=path.parent)
    assert done.returncode == 1
    letters = letters_in(path.parent)
    assert {letter["source"] for letter in letters} == {str(path)}
    assert "700" in {letter["record"]["se_la"] for letter in letters}
    assert count(path)["events"] == 0


def test_events_that_nobody_accepts_stay_in_the_file(server, path):
    server.otherwise = 503
    options = ["--give-up-after", "1s"]
    done = run("store", "send", "-c", server.url, path, *options, folder=path.parent)
    assert done.returncode == 5
    assert count(path)["events"] == 1200
    server.otherwise = 200
    server.requests.clear()
    assert run("store", "send", "-c", server.url, path, folder=path.parent).returncode == 0
    assert sorted(map(int, server.labels())) == list(range(1200))


@pytest.mark.parametrize("command", ["info", "export"])
def test_a_file_that_is_no_store(tmp_path, command):
    (tmp_path / "x.db").write_text("no database" * 100)
    done = run("store", command, "x.db", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert run("store", command, "missing.db", folder=tmp_path).returncode == 2
