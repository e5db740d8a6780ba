"""Runs servers whose workers track events, and sends requests to them."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qa.torture.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from qa.torture.collector import FaultyCollector
    from typing_extensions import Self

__all__ = ["Load", "free_port", "plan_of", "problems", "redis", "server", "until"]

_BOTH = 2
_LIMIT = "120"  # seconds, for each server and its workers


def plan_of(
    folder: Path, collector: FaultyCollector, kind: str, settings: dict[str, Any]
) -> dict[str, Any]:
    """Return the plan of the clients in a server's workers."""
    client = {"name": kind, "kind": kind, "url": collector.url, "folder": str(folder)}
    return {**client, "settings": settings}


@contextmanager
def server(
    folder: Path, arguments: list[str], plan: dict[str, Any]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server of Python in a group of processes of its own, with a limit."""
    # gunicorn has a socket in HOME.
    settings = {"TORTURE_PLAN": json.dumps(plan), "TORTURE_LIMIT": _LIMIT, "HOME": str(folder)}
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            ["timeout", "--foreground", "--kill-after=40", _LIMIT, sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **settings},
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


def problems(process: subprocess.Popen[bytes], folder: Path) -> list[str]:
    """Wait for the end of a server that got SIGTERM. Returns what is wrong with its end."""
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        return [f"the server did not end: {_log(folder)}"]
    return [f"the server failed: {_log(folder)}"] if "Traceback" in _log(folder) else []


def _log(folder: Path) -> str:
    return (folder / "server.log").read_text(encoding="utf-8", errors="replace")[-3000:]


class Load:
    """Requests to a server, on several threads, until the block ends.

    Args:
        port: Where the server listens. Each response is the id of the process that gave it.
        threads: So many requests are in progress at the same time.

    Attributes:
        processes: The ids of the processes that responded, the last one last.
        failures: Statuses other than 200, and errors of connections.
    """

    def __init__(self, port: int, threads: int = 8) -> None:
        self._port = port
        self._stopped = threading.Event()
        self.processes: list[int] = []
        self.failures: list[str] = []
        self._killed: set[int] = set()
        self._crowd = [threading.Thread(target=self._request_on) for _ in range(threads)]

    def __enter__(self) -> Self:
        until(self._is_answered)
        for thread in self._crowd:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._crowd:
            thread.join()

    def wait_for(self, responses: int) -> None:
        """Wait until there were so many responses."""
        until(lambda: len(self.processes) >= responses)

    def kill_one(self) -> int:
        """Kill one of two processes, and wait until another one responds. Returns its id."""
        self.wait_for_both()
        process = (set(self.processes) - self._killed).pop()
        self._killed.add(process)
        os.kill(process, signal.SIGKILL)
        self.wait_for_both()  # a signal to a server that is just starting a process may miss it
        return process

    def wait_for_both(self) -> None:
        """Wait until two processes respond."""
        until(lambda: len(set(self.processes) - self._killed) >= _BOTH)

    def _request_on(self) -> None:
        while not self._stopped.is_set():
            try:
                status, body = _request(self._port)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                self._stopped.wait(0.05)
                continue
            if status == 200:
                self.processes.append(int(body))
            else:
                self.failures.append(f"status {status}")

    def _is_answered(self) -> bool:
        try:
            return _request(self._port)[0] == 200
        except (OSError, http.client.HTTPException):
            return False


def _request(port: int) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/")
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """Run a Redis that keeps nothing on disk. Yields its port."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("redis-server: not found. Get it: apt install redis-server")
    port = free_port()
    where = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    command = ["timeout", _LIMIT, program, *where, "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until(lambda: _takes_connections(port))
        yield port
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until a condition holds, with a limit."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the condition never came to hold")
        time.sleep(0.02)
