"""The collector in a process of its own, and the questions that the demonstration asks it."""

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
ANSWER_SECONDS = 30.0


class CollectorStartError(RuntimeError):
    """The collector did not come up; the message has what it said."""


class LocalCollector:
    """A running collector, asked as Snowplow Micro is.

    Attributes:
        url: Where it listens, without a trailing slash.
    """

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url = url
        self._session = session

    @property
    def port(self) -> int:
        """The port of `url`."""
        return int(self.url.rpartition(":")[2])

    def counts(self) -> dict[str, int]:
        """How many events came: `total`, `good` and `bad`."""
        counts: dict[str, int] = self._ask("all")
        return counts

    def good(self) -> list[dict[str, Any]]:
        """The good events as Snowplow Micro describes them."""
        rows: list[dict[str, Any]] = self._ask("good")
        return rows

    def bad(self) -> list[dict[str, Any]]:
        """The bad events, each with its `errors`."""
        rows: list[dict[str, Any]] = self._ask("bad")
        return rows

    def reset(self) -> None:
        """Forget all events."""
        self._ask("reset")

    def _ask(self, question: str) -> Any:
        answer = self._session.get(f"{self.url}/micro/{question}", timeout=ANSWER_SECONDS)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def local_collector() -> Iterator[LocalCollector]:
    """A collector on a free port of 127.0.0.1, as long as the `with` block runs.

    Raises:
        CollectorStartError: It does not come up.
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
    raise CollectorStartError(f"did not start: {LOG.read_text().strip()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
