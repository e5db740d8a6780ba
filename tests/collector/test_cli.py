"""`python -m snowplow_tracker.collector`: output, options and exit."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests

pytestmark = pytest.mark.processes

COMMAND = [sys.executable, "-m", "snowplow_tracker.collector"]


@contextmanager
def running(*arguments):
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1]
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


@pytest.mark.parametrize("port", ["65536", "-1", "x"])
def test_no_port(port):
    result = subprocess.run(
        [*COMMAND, f"--port={port}"], capture_output=True, text=True, timeout=10, check=False
    )
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_without_the_extra():
    program = (
        "import sys; sys.modules['uvicorn'] = None;"
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


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("--path=acme", "argument --path: 'acme' is not a path of two segments"),
        ("--path=/micro/x", "argument --path: '/micro/x': /micro/ is for queries"),
        ("--path=/a/b=c", "argument --path: 'c' is not a path"),
        ("--allow-host=a:80", "argument --allow-host: 'a:80' is not a host name, without port"),
    ],
)
def test_malformed_arguments_are_refused_with_a_reason(argument, reason):
    result = subprocess.run(
        [*COMMAND, argument], capture_output=True, text=True, timeout=10, check=False
    )
    assert result.returncode == 2
    assert reason in result.stderr.splitlines()[-1]
