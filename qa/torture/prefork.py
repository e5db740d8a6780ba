"""Scenarios: gunicorn and Celery, whose workers track events and are stopped by SIGTERM."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome, tracked_ids
from qa.torture.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["celery", "gunicorn"]

_SETTINGS = {"batch_size": 25, "request_timeout": 2.0, "max_retry_delay_seconds": 0.3}
_EVENTS_A_TASK = 7
_FAULTS = ["503", "cuts answer", "cuts body"]
_LIMIT = "120"  # seconds, for each server and its workers


def gunicorn(
    folder: Path, seed: int, *, kind: str, worker: str = "sync", preload: bool, requests: int = 500
) -> Outcome:
    """Answer requests that track in four workers, which never flush; lose nothing."""
    loaded = "preloaded" if preload else "loaded in workers"
    outcome = Outcome(f"gunicorn {worker}, {loaded}, {kind}")
    port = _free_port()
    command = f"-m gunicorn --bind 127.0.0.1:{port} --workers 4 --worker-class {worker}".split()
    command += ["--threads", "4"] if worker == "gthread" else []
    command += ["--preload"] if preload else []
    with FaultyCollector(folder, seed, every=100, seconds=0.1, kinds=_FAULTS) as collector:
        plan = _plan(folder, collector, kind)
        with _server([*command, "qa.torture.programs.wsgi:application"], plan) as process:
            _until(lambda: _is_answering(port))
            for _ in range(requests):
                _request(port)
            collector.calm()  # at exit, workers try once
            outcome.problems += _terminate(process, folder)
        outcome.judge(folder, collector)
        outcome.met = f"4 workers, SIGTERM, {collector.summary()['storms']} storms"
    return outcome.conclude()


def celery(folder: Path, seed: int, *, kind: str, tasks: int = 100) -> Outcome:
    """Work off tasks that track in a prefork pool of four, which never flushes; lose nothing."""
    outcome = Outcome(f"Celery prefork, {kind}")
    options = "--pool prefork --concurrency 4 --loglevel ERROR --without-gossip --without-mingle"
    command = f"-m celery -A qa.torture.programs.tasks worker {options}".split()
    with (
        _redis(folder) as broker,
        FaultyCollector(folder, seed, every=100, seconds=0.1, kinds=_FAULTS) as collector,
    ):
        plan = {**_plan(folder, collector, kind), "broker": broker}
        with _server(command, plan) as process:
            _send_tasks(broker, tasks)
            _until(lambda: len(tracked_ids(folder)) >= tasks * _EVENTS_A_TASK)
            collector.calm()  # at exit, workers try once
            outcome.problems += _terminate(process, folder)
        outcome.judge(folder, collector)
        outcome.met = f"4 workers, SIGTERM, {collector.summary()['storms']} storms"
    return outcome.conclude()


def _plan(folder: Path, collector: FaultyCollector, kind: str) -> dict[str, Any]:
    client = {"name": kind, "kind": kind, "url": collector.url, "folder": str(folder)}
    return {**client, "settings": _SETTINGS}


def _send_tasks(broker: str, count: int) -> None:
    import celery as celery_package  # noqa: PLC0415 - of this scenario alone

    with celery_package.Celery(broker=broker) as app:
        for _ in range(count):
            app.send_task("work", [_EVENTS_A_TASK])


@contextmanager
def _server(arguments: list[str], plan: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server of preforked workers in a group of its own, with a limit."""
    folder = Path(plan["folder"])
    settings = {"TORTURE_LIMIT": _LIMIT, "HOME": str(folder)}  # where gunicorn has a socket
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            ["timeout", "--foreground", "--kill-after=5", _LIMIT, sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "TORTURE_PLAN": json.dumps(plan), **settings},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _terminate(process: subprocess.Popen[bytes], folder: Path) -> list[str]:
    """End a server as its supervisor would. Returns what is wrong with its end."""
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        return [f"the server did not end: {_log(folder)}"]
    return [f"the server failed: {_log(folder)}"] if "Traceback" in _log(folder) else []


def _log(folder: Path) -> str:
    return (folder / "server.log").read_text(encoding="utf-8", errors="replace")[-3000:]


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    """Run a broker that keeps nothing on disk. Yields its URL."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("redis-server: not found. Get it: apt install redis-server")
    port = _free_port()
    where = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    command = ["timeout", _LIMIT, program, *where, "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _until(lambda: _takes_connections(port))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _request(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    finally:
        connection.close()


def _is_answering(port: int) -> bool:
    try:
        _request(port)
    except OSError:
        return False
    return True


def _until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the server never came so far")
        time.sleep(0.05)
