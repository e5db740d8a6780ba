"""`python -m snowplow_tracker.collector`: output, options and exit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests

pytestmark = pytest.mark.processes

COMMAND = [sys.executable, "-m", "snowplow_tracker.collector"]


@contextmanager
def running(*arguments, environment=None, first_line="stdout"):
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "", "FORCE_COLOR": "", **(environment or {})},
    ) as process:
        try:
            yield process, getattr(process, first_line).readline().split()[-1]
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    output, errors = process.communicate(timeout=10)
    assert errors == ""
    return process.returncode, output.splitlines()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_line_an_event_and_a_count_at_the_end(number):
    with running() as (process, url):
        requests.get(f"{url}/i?e=pv&aid=shop", timeout=5)
        process.send_signal(number)
        status, lines = ended(process)
    assert status == 0
    assert lines[0].startswith("bad   pv  aid=shop: ")
    assert lines[1:] == ["stopped: 1 events, 0 good, 1 bad"]


def test_quiet():
    with running("--quiet") as (process, url):
        requests.get(f"{url}/i?e=pv", timeout=5)
        process.send_signal(signal.SIGTERM)
        assert ended(process) == (0, ["stopped: 1 events, 0 good, 1 bad"])


def test_text_that_the_output_cannot_encode(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    with running() as (process, url):
        assert requests.get(f"{url}/i?e=pv&aid=%C3%BC", timeout=5).status_code == 200
        process.send_signal(signal.SIGTERM)
        _, lines = ended(process)
    assert lines[0].startswith("bad   pv  aid=\\xfc: ")


def test_it_goes_on_when_nobody_reads():
    with running() as (process, url):
        assert process.stdout is not None
        process.stdout.close()
        answers = [requests.get(f"{url}/i?e=pv", timeout=5) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_port_in_use(collector):
    port = str(collector.port)
    result = subprocess.run(
        [*COMMAND, "--port", port], capture_output=True, text=True, timeout=10, check=False
    )
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: cannot listen at 127.0.0.1:{port}: ")


def refused(*arguments: str) -> tuple[int, str]:
    result = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=20, check=False
    )
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return result.returncode, line


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid", "2001:db8::1"])
def test_a_host_that_is_not_this_machine(host):
    status, line = refused("--host", host)
    assert status == 1
    assert line.startswith(f"error: cannot listen at {host}:9090: ")
    assert line.endswith(
        "use an address of this machine: --host 127.0.0.1, or 0.0.0.0 for all of them"
    )


MALFORMED = [
    *((f"--port={port}", f"{port!r} is not an") for port in ("65536", "-1", "x", "", "9" * 5_000)),
    *((f"--host={host}", f"{host!r} is not an") for host in ("", "a b", "http://a", "a:80")),
    *((f"--host={host}", f"{host!r} is not an") for host in ("a" * 64, "ä", "a\n", ".")),
    ("--path=acme", "'acme' is not a path of two segments"),
    ("--path=/micro/x", "'/micro/x': /micro/ is for queries"),
    ("--path=/a/b=c", "'c' is not a path"),
    ("--allow-host=a:80", "'a:80' is not a host name, without port"),
    *((f"--max-events={number}", f"{number!r} is not an") for number in ("0", "-1", "x", "1e3")),
    ("--format=xml", "invalid choice: 'xml'"),
]


@pytest.mark.parametrize(("argument", "reason"), MALFORMED)
def test_malformed_arguments_are_refused_with_a_reason(argument, reason):
    status, line = refused(argument)
    assert status == 2
    reason = reason.replace("'65536'", "65536").replace(f"'{'9' * 5_000}'", "9" * 9)
    assert line.startswith(f"error: argument {argument.partition('=')[0]}: {reason}")


def test_the_number_of_events_that_are_kept():
    with running("--max-events", "2") as (_, url):
        for _ in range(4):
            requests.get(f"{url}/i?e=pv", timeout=5)
        assert requests.get(f"{url}/micro/all", timeout=5).json()["bad"] == 4
        assert len(requests.get(f"{url}/micro/bad", timeout=5).json()) == 2


def test_an_unknown_argument_is_refused():
    assert refused("--no-such") == (2, "error: unrecognized arguments: --no-such")


def colored(environment: dict[str, str], *arguments: str) -> str:
    with running(*arguments, environment=environment) as (process, url):
        requests.get(f"{url}/i?e=pv&aid=%1b%5b2Jshop", timeout=5)
        process.send_signal(signal.SIGTERM)
        _, lines = ended(process)
    return lines[0]


@pytest.mark.parametrize(
    ("environment", "has_colors"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": ""}, False),
    ],
)
def test_colors(environment, has_colors):
    line = colored(environment)
    assert line.startswith(
        "\033[1;31mbad\033[0m   pv  aid=\\x1b[2Jshop" if has_colors else "bad   pv"
    )


def test_json_has_no_colors_and_nothing_but_objects():
    with running("--format", "json", first_line="stderr", environment={"FORCE_COLOR": "1"}) as (
        process,
        url,
    ):
        requests.get(f"{url}/i?e=pv&aid=%1b%5b2Jshop", timeout=5)
        requests.post(f"{url}/a/b", data=b"x" * 3_000_000, timeout=5)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=10)
    assert errors == "stopped: 1 events, 0 good, 1 bad\n"
    event, rejected = map(json.loads, output.splitlines())
    assert (event["status"], event["repeated"]) == ("bad", False)
    assert event["event"]["app_id"] == "\x1b[2Jshop"
    assert event["errors"]
    assert rejected["status"] == "rejected"
    assert output.isascii()


@pytest.mark.parametrize("missing", ["uvicorn", "starlette"])
def test_without_the_extra(missing):
    program = (
        f"import sys; sys.modules[{missing!r}] = None;"
        "from snowplow_tracker.collector.__main__ import main; sys.exit(main([]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=10, check=False
    )
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "pip install 'snowplow-tracker-rs[collector]'" in line


def test_paths_and_hosts():
    arguments = ("--path", "/acme/track", "--path=/a/b=/r/tp2", "--allow-host", "dev.acme.example")
    with running(*arguments) as (_, url):
        assert requests.get(f"{url}/acme/track?e=pv", timeout=5).status_code == 200
        assert requests.get(f"{url}/a/b", timeout=5).status_code == 404
        for host, status in [("dev.acme.example", 200), ("other.example", 403)]:
            headers = {"Host": host}
            answer = requests.get(f"{url}/micro/all", headers=headers, timeout=5)
            assert answer.status_code == status
