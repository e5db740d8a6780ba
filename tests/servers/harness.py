"""Runs the programs of the guides on servers, and ends them with SIGTERM while they respond."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.docs.pages import PAGES
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snowplow_tracker.collector import CollectorServer

# How to run in servers, one page for each framework, and recipes for bulk loads.
GUIDE = "\n".join(
    text
    for page, text in PAGES.items()
    if page.startswith("docs/guides/frameworks/")
    or page in {"docs/guides/servers.md", "docs/guides/bulk-recipes.md"}
)
PROGRAMS = re.findall(r"^```python\n# (\S+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
HERE = Path(__file__).parent
# With the options of uWSGI's page.
UWSGI = [
    *(sys.executable, "-c", "import pyuwsgi; pyuwsgi.run()", "--lazy-apps", "--enable-threads"),
    *("--master", "--hook-master-start", "unix_signal:15 gracefully_kill_them_all"),
]


@contextmanager
def celery_worker(
    folder: Path, application: str, pool: str, concurrency: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker of Celery until the block ends. Its output is in the file `log`."""
    command = f"-m celery -A {application} worker --pool {pool} --concurrency {concurrency}"
    quiet = "--without-gossip --without-mingle --without-heartbeat --loglevel=ERROR"
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, *command.split(), *quiet.split()], cwd=folder, stdout=log, stderr=log
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def write_program(name: str, folder: Path, port: int, **replaced: str) -> Path:
    """Write a program of the guides, which sends to a collector on the given port.

    Args:
        name: Path of its file, which is the first line of its block.
        replaced: Words to replace.
    """
    (text,) = (text for path, text in PROGRAMS if path == name)
    for word, other in {"9090": str(port), **replaced}.items():
        text = text.replace(word, other)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Server:
    """A running server, and the responses to the requests that it was sent.

    Attributes:
        statuses: By number of the request. A request without a response has none.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self.folder = folder
        self.statuses: dict[str, int] = {}

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def get(self, number: str, path: str = "/") -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", f"{path}?n={number}")
            response = connection.getresponse()
            response.read()
            self.statuses[number] = response.status
        except (OSError, http.client.HTTPException):
            return  # no response
        finally:
            connection.close()

    def terminate_while_responding(self, in_progress: int, sign: str) -> None:
        """Send SIGTERM while requests are in progress, which go on when the server knows of it.

        Args:
            in_progress: Number of requests in progress.
            sign: The server logs this when it has received the signal.
        """
        threads = [
            threading.Thread(target=self.get, args=(f"slow-{number}",))
            for number in range(in_progress)
        ]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(list(self.folder.glob("entered-*"))) == in_progress)
        self.process.terminate()
        wait_until(lambda: sign in self.log or self.process.poll() is not None)
        (self.folder / "released").touch()
        for thread in threads:
            thread.join()
        self.process.wait(30)

    def is_answering(self) -> bool:
        assert self.process.poll() is None, self.log
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def running(
    command: Sequence[str], folder: Path, port: int, application: str = ""
) -> Iterator[Server]:
    """Run a server in a group of processes of its own, until the block ends.

    Args:
        application: Where `slow_wsgi` and `slow_asgi` find the program's: "module:name".
    """
    path = os.pathsep.join([str(folder), str(HERE)])
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": path,
                "HOME": str(folder),
                "FOLDER": str(folder),
                "APPLICATION": application,
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        server = Server(process, port, folder)
        try:
            wait_until(server.is_answering)
            yield server
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def module(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def arrived(collector: CollectorServer) -> list[str]:
    """Return the numbers of the requests whose events arrived."""
    events: list[dict[str, Any]] = [each["event"] for each in collector.journal.good()]
    return sorted(parse_qs(urlsplit(event["page_url"]).query)["n"][0] for event in events)
