"""Starts the collector in a process of its own, and queries it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CollectorStartError", "LocalCollector", "local_collector"]

LOG = Path(__file__).with_name("output") / "collector.log"
START_SECONDS = 20.0
STOP_SECONDS = 5.0
RESPONSE_SECONDS = 30.0


class CollectorStartError(RuntimeError):
    """The collector did not start. The message contains its output."""


class LocalCollector:
    """A client of a running collector, which has the API of Snowplow Micro.

    See https://github.com/snowplow/snowplow-micro.

    Args:
        url: The collector's URL, without a trailing slash.
        session: Used for all requests.

    Attributes:
        url: As given.
    """

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url = url
        self._session = session

    @property
    def port(self) -> int:
        """The port of `url`."""
        return int(self.url.rpartition(":")[2])

    def counts(self) -> dict[str, int]:
        """Return how many events were received: `total`, `good` (valid) and `bad` (rejected)."""
        counts: dict[str, int] = self._get("all")
        return counts

    def good(self) -> list[dict[str, Any]]:
        """Return the good events, in the format of Snowplow Micro."""
        rows: list[dict[str, Any]] = self._get("good")
        return rows

    def bad(self) -> list[dict[str, Any]]:
        """Return the bad events, each with its `errors`."""
        rows: list[dict[str, Any]] = self._get("bad")
        return rows

    def reset(self) -> None:
        """Delete all received events."""
        self._get("reset")

    def _get(self, resource: str) -> Any:
        response = self._session.get(f"{self.url}/micro/{resource}", timeout=RESPONSE_SECONDS)
        response.raise_for_status()
        return response.json()


@contextmanager
def local_collector() -> Iterator[LocalCollector]:
    """Run a collector on a free port of 127.0.0.1 for the duration of a `with` block.

    Yields:
        Its client.

    Raises:
        CollectorStartError: The collector does not start.
    """
    process = _start()
    try:
        with requests.Session() as session:
            session.trust_env = False
            yield LocalCollector(_announced_url(process), session)
    finally:
        _stop(process)


def _start() -> subprocess.Popen[bytes]:
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "snowplow_tracker.collector", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )


def _announced_url(process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"(http://127\.0\.0\.1:\d+)\s", LOG.read_text()):
            return found.group(1)
        time.sleep(0.02)
    raise CollectorStartError(f"The collector did not start. Its output: {LOG.read_text().strip()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
