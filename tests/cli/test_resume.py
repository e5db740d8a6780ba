"""A load that is killed goes on from its checkpoint: nothing is lost, little is repeated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from qa.bulk.resume import run as run_campaign
from tests.cli.commands import run, write_records

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import ScriptedServer

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.timeout(120)
def test_killed_and_resumed(tmp_path, seed):
    ledger = run_campaign(1000 + seed, 3_000, tmp_path)
    assert ledger.is_right(), ledger


def load(server: ScriptedServer, folder: Path, *more: str) -> tuple[int, str]:
    done = run("send", "-c", server.url, "a.ndjson", "--checkpoint", "cp", *more, folder=folder)
    return done.returncode, done.stderr


def test_a_finished_load_sends_nothing_again(server, tmp_path):
    write_records(tmp_path / "a.ndjson", range(10))
    assert load(server, tmp_path)[0] == 0
    assert load(server, tmp_path)[0] == 0
    assert len(server.labels()) == 10
    saved = json.loads((tmp_path / "cp").read_text())
    assert saved["counts"] == {"read": 10, "delivered": 10, "dead": 0}
    assert list(tmp_path.glob("*.tmp")) == []


def test_lines_that_were_appended_are_sent_alone(server, tmp_path):
    path = write_records(tmp_path / "a.ndjson", range(10))
    load(server, tmp_path)
    with path.open("a") as file:
        file.write(json.dumps({"event": "struct", "category": "c", "action": "a", "label": "new"}))
    assert load(server, tmp_path)[0] == 0
    assert server.labels()[10:] == ["new"]


def test_what_was_not_delivered_is_sent_by_the_next_run(server, tmp_path):
    write_records(tmp_path / "a.ndjson", range(30))
    server.otherwise = lambda request: 503 if "20" in request.labels else 200
    options = ["--batch-size", "10", "--give-up-after", "1s"]
    assert load(server, tmp_path, *options)[0] == 5
    server.otherwise = 200
    server.requests.clear()
    assert load(server, tmp_path)[0] == 0
    assert server.labels() == [str(number) for number in range(20, 30)]


def test_compressed_files_and_several_inputs(server, tmp_path):
    import gzip  # noqa: PLC0415

    lines = write_records(tmp_path / "a.ndjson", range(10)).read_bytes()
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(lines))
    for limit in ("7", "7", "100"):
        options = ["a.ndjson", "b.ndjson.gz", "--checkpoint", "cp", "--limit", limit]
        assert run("send", "-c", server.url, *options, folder=tmp_path).returncode == 0
    assert server.labels() == [str(number) for number in [*range(10), *range(10)]]


@pytest.mark.parametrize("change", ["replaced", "shorter"])
def test_the_checkpoint_of_another_file_is_refused(server, tmp_path, change):
    path = write_records(tmp_path / "a.ndjson", range(10))
    load(server, tmp_path)
    write_records(path, range(50, 60) if change == "replaced" else range(5))
    status, errors = load(server, tmp_path)
    assert status == 2
    assert "a.ndjson is not the file it was" in errors
    assert len(server.labels()) == 10


@pytest.mark.parametrize("content", ["{}", "[]", "not JSON", '{"version": 99}'])
def test_what_is_no_checkpoint_is_refused(server, tmp_path, content):
    write_records(tmp_path / "a.ndjson", range(10))
    (tmp_path / "cp").write_text(content)
    status, errors = load(server, tmp_path)
    assert status == 2
    assert "cp: " in errors
    assert server.requests == []
