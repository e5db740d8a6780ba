"""`snowplow-tracker send`: events, exit statuses, dead letters and reports."""

from __future__ import annotations

import gzip
import json
import resource
import signal
import subprocess
import sys
from typing import Any

import pytest
from tests.cli.commands import letters_in, record, run, start, write_records

from snowplow_tracker import VERSION, __version__

pytestmark = pytest.mark.processes

SCHEMA = "iglu:com.acme/order/jsonschema/1-0-0"


def fields(event: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(event.get(name) for name in names)


def test_all_delivered_is_status_0(server, tmp_path):
    write_records(tmp_path / "a.ndjson", range(1200))
    done = run("send", "-c", server.url, "a.ndjson", "--report", "json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["read"], report["delivered"], report["dead"]) == (1200, 1200, 0)
    assert sorted(map(int, server.labels())) == list(range(1200))
    assert letters_in(tmp_path) == []


def test_the_summary_is_text_by_default(server, tmp_path):
    write_records(tmp_path / "a.ndjson", range(3))
    done = run("send", "-c", server.url, "a.ndjson", folder=tmp_path)
    assert done.stdout == ""
    assert done.stderr.startswith("3 read, 3 delivered, 0 dead, 0 undelivered in 0:00")


def test_several_files_and_formats(server, tmp_path):
    write_records(tmp_path / "a.ndjson", [1, 2])
    packed = "".join(json.dumps(record(label)) + "\n" for label in (3, 4))
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(packed.encode()))
    (tmp_path / "c.json").write_text(json.dumps([record(5)]))
    done = run("send", "-c", server.url, "a.ndjson", "b.ndjson.gz", "c.json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(server.labels()) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input(server, tmp_path, arguments):
    done = run("send", "-c", server.url, *arguments, folder=tmp_path, given=json.dumps(record("x")))
    assert done.returncode == 0, done.stderr
    assert server.labels() == ["x"]


def test_rows_of_a_csv_file(server, tmp_path):
    (tmp_path / "orders.csv").write_text("id,total,who,at\n7,12.5,ann,2024-01-02T03:04:05Z\n")
    schemas = tmp_path / "schemas" / "com.acme" / "order" / "jsonschema"
    schemas.mkdir(parents=True)
    schema = {
        "$schema": "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#",
        "self": {"vendor": "com.acme", "name": "order", "format": "jsonschema", "version": "1-0-0"},
        "type": "object",
        "properties": {"id": {"type": "integer"}, "total": {"type": "number", "maximum": 100}},
    }
    (schemas / "1-0-0").write_text(json.dumps(schema))
    options = ["--schema", SCHEMA, "--id-from", "id", "--time-from", "at", "--user-id-from", "who"]
    more = ["--columns", "id,total", "--schemas", "schemas", "--validate"]
    for _ in range(2):
        done = run("send", "-c", server.url, "orders.csv", *options, *more, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    first, second = (request.events[0] for request in server.requests)
    assert first["eid"] == second["eid"]
    assert fields(first, "uid", "ttm", "aid") == ("ann", "1704164645000", "snowplow-tracker")
    (tmp_path / "orders.csv").write_text("id,total,who,at\n7,500,ann,2024-01-02T03:04:05Z\n")
    done = run("send", "-c", server.url, "orders.csv", *options, *more, folder=tmp_path)
    assert done.returncode == 1
    assert len(server.requests) == 2
    (letter,) = letters_in(tmp_path)
    assert letter["reason"] == "invalid"
    assert "total" in letter["errors"][0]


# --- a single event


def test_a_single_self_describing_event(server, tmp_path):
    data = json.dumps({"schema": SCHEMA, "data": {"id": 1}})
    entity = json.dumps([{"schema": SCHEMA, "data": {"id": 2}}])
    options = ["-J", data, "-e", entity, "-i", "10.1.2.3", "-a", "shop"]
    done = run("send", "-c", server.url, *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    (event,) = server.requests[0].events
    assert fields(event, "e", "aid", "ip", "tv", "tna", "p") == (
        "ue",
        "shop",
        "10.1.2.3",
        VERSION,
        "cli",
        "srv",
    )


def test_a_single_event_by_get(server, tmp_path):
    options = ["--schema", SCHEMA, "--json", "{}", "-m", "GET"]
    assert run("send", "-c", server.url, *options, folder=tmp_path).returncode == 0
    assert server.requests[0].method == "GET"


def test_a_single_page_view_and_structured_event(server, tmp_path):
    run("send", "-c", server.url, "--page-url", "https://a.example/", folder=tmp_path)
    options = ["--se-category", "c", "--se-action", "a", "--se-value", "1.5"]
    run("send", "-c", server.url, *options, folder=tmp_path)
    page, structured = (request.events[0] for request in server.requests)
    assert fields(page, "e", "url") == ("pv", "https://a.example/")
    assert fields(structured, "e", "se_ca", "se_va") == ("se", "c", "1.5")


# --- bad input


def test_what_is_no_event_is_a_dead_letter_and_status_1(server, tmp_path):
    lines = [json.dumps(record(1)), "{broken", json.dumps(record(2, colour="red"))]
    (tmp_path / "a.ndjson").write_text("\n".join(lines) + "\n")
    done = run("send", "-c", server.url, "a.ndjson", folder=tmp_path)
    assert done.returncode == 1
    assert "1 delivered, 2 dead" in done.stderr
    unreadable, invalid = letters_in(tmp_path)
    assert fields(unreadable, "source", "line", "reason", "record") == (
        "a.ndjson",
        2,
        "unreadable",
        "{broken",
    )
    assert fields(invalid, "line", "reason") == (3, "invalid")
    assert "unknown key 'colour'" in invalid["errors"][0]
    assert "category" in invalid["errors"][0]


def test_dead_letters_are_records(server, tmp_path):
    server.script.append(400)
    write_records(tmp_path / "a.ndjson", range(3))
    assert run("send", "-c", server.url, "a.ndjson", folder=tmp_path).returncode == 4
    (letters,) = tmp_path.glob("dead-letter-*.ndjson")
    again = ["--dead-letter", "other.ndjson"]
    assert run("send", "-c", server.url, letters, *again, folder=tmp_path).returncode == 0
    first, second = (request.events for request in server.requests)
    assert [each["eid"] for each in first] == [each["eid"] for each in second]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.ndjson"], "which collector?"),
        (["-c", "x", "missing.ndjson"], "cannot read missing.ndjson"),
        (["-c", "x", "a.ndjson", "--rate", "fast"], "not a rate"),
        (["-c", "x", "a.ndjson", "--give-up-after", "soon"], "not a duration"),
        (["-c", "x", "a.ndjson", "--schema", "acme"], "acme"),
        (["-c", "x", "a.ndjson", "--batch-size", "0"], "batch_size"),
        (["-c", "x", "--json", "{}"], "--json needs its --schema"),
        (["-c", "x", "a.ndjson", "--sdjson", "{}"], "cannot be sent together"),
        (["-c", "x", "-J", "{"], "--sdjson: not JSON"),
    ],
)
def test_usage_errors_are_status_2(tmp_path, arguments, message):
    write_records(tmp_path / "a.ndjson", range(3))
    done = run("send", *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_too_many_dead_is_status_3(server, tmp_path):
    good = json.dumps(record(0))
    (tmp_path / "a.ndjson").write_text(f"{good}\n" + "{}\n" * 100)
    done = run("send", "-c", server.url, "a.ndjson", "--max-dead", "7", folder=tmp_path)
    assert done.returncode == 3
    assert len(letters_in(tmp_path)) == 7
    assert "--max-dead" in done.stderr
    done = run("send", "-c", server.url, "a.ndjson", "--max-dead", "0", folder=tmp_path)
    assert done.returncode == 1
    assert len(letters_in(tmp_path)) == 107


def test_a_collector_that_refuses_everything_is_status_4(server, tmp_path):
    server.otherwise = 404
    write_records(tmp_path / "a.ndjson", range(10))
    done = run("send", "-c", server.url, "a.ndjson", folder=tmp_path)
    assert done.returncode == 4
    assert {letter["reason"] for letter in letters_in(tmp_path)} == {"refused 404"}
    assert [letter["line"] for letter in letters_in(tmp_path)] == list(range(1, 11))


@pytest.mark.parametrize("status", [503, "cut"])
def test_a_collector_that_is_unavailable_is_status_5(server, tmp_path, status):
    server.otherwise = status
    write_records(tmp_path / "a.ndjson", range(10))
    options = ["--give-up-after", "1s", "--report", "json"]
    done = run("send", "-c", server.url, "a.ndjson", *options, folder=tmp_path)
    assert done.returncode == 5, done.stderr
    assert json.loads(done.stdout)["undelivered"] == 10
    assert letters_in(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_delivers_what_is_under_way(server, tmp_path, number):
    process = start(
        "send", "-c", server.url, "-", "--checkpoint", "cp", folder=tmp_path, stdin=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write("".join(json.dumps(record(label)) + "\n" for label in range(700)))
    process.stdin.flush()
    server.wait_for(1)  # the rest of them is on its way, and standard input stays open
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert f"interrupted by {signal.Signals(number).name}" in errors
    saved = json.loads((tmp_path / "cp").read_text())
    assert saved["position"]["line"] == len(server.labels())
    assert saved["counts"]["delivered"] == len(server.labels())


def limit_files() -> None:
    """Let no file grow beyond some bytes, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))


@pytest.mark.skipif(sys.platform == "win32", reason="no such limits")
def test_a_full_disk_under_the_dead_letters_stops_the_load(server, tmp_path):
    lines = [json.dumps(record(number)) if number % 2 else "{}" for number in range(50)]
    (tmp_path / "a.ndjson").write_text("\n".join(lines) + "\n")
    done = run(
        "send",
        *("-c", server.url, "a.ndjson", "--report", "json", "-v"),
        folder=tmp_path,
        preexec_fn=limit_files,
    )
    assert done.returncode == 1
    letters = letters_in(tmp_path)  # each of them is whole
    report = json.loads(done.stdout)
    assert 0 < report["dead"] == len(letters) < 25
    assert report["read"] == report["delivered"] + report["dead"] + report["undelivered"]
    assert report["undelivered"] == 0
    assert len(server.labels()) == report["delivered"]


# --- options


def test_skip_and_limit(server, tmp_path):
    write_records(tmp_path / "a.ndjson", range(20))
    options = ["--skip", "5", "--limit", "3"]
    run("send", "-c", server.url, "a.ndjson", *options, folder=tmp_path)
    assert server.labels() == ["5", "6", "7"]


def test_a_dry_run_sends_nothing(server, tmp_path):
    write_records(tmp_path / "a.ndjson", range(5))
    with (tmp_path / "a.ndjson").open("a") as file:
        file.write('{"event": "struct"}\n')
    done = run("send", "-c", server.url, "a.ndjson", "--dry-run", folder=tmp_path)
    assert done.returncode == 1
    assert [json.loads(line)["se_la"] for line in done.stdout.splitlines()] == ["0", "1", "2"]
    assert "a.ndjson:6: " in done.stderr
    assert "6 read, 5 events, 1 dead, none sent" in done.stderr
    assert server.requests == []
    assert letters_in(tmp_path) == []


def test_quiet(server, tmp_path):
    write_records(tmp_path / "a.ndjson", range(5))
    done = run("send", "-c", server.url, "a.ndjson", "-q", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_groups(tmp_path):
    done = run("version", folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout == f"{__version__}\n"
    assert run("--help", folder=tmp_path).stdout.count("\n") > 8
    assert run("nonsense", folder=tmp_path).returncode == 2
    assert run("schemas", "list", ".", folder=tmp_path).returncode == 0


def test_the_command_is_fast_to_start(tmp_path):
    code = "import sys; from snowplow_tracker.cli.main import main; main(['version']); "
    code += "assert not {'requests', 'argparse', 'jsonschema_rs'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
