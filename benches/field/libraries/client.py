"""`serve_client`: the tasks that all libraries of Python serve."""

from __future__ import annotations

import sys
import urllib.request
from contextlib import contextmanager, nullcontext
from importlib.metadata import version
from io import BytesIO
from typing import TYPE_CHECKING, Any, Protocol
from unittest import mock

import requests

from benches.field.job import JOB, ORDER
from benches.targets.collector import ANSWER
from benches.targets.serve import serve, wall_and_cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ENTITIES", "ORDER_DATA", "Client", "serve_client"]

ORDER_DATA: dict[str, Any] = JOB["order"]
# The entities of the order for libraries that know none: properties of the event.
ENTITIES: dict[str, Any] = {
    "user": JOB["entities"][0]["data"],
    "session": JOB["entities"][1]["data"],
}
NOWHERE = "http://127.0.0.1:9"


class Client(Protocol):
    """A library that is set up to send to a URL."""

    def order(self) -> object:
        """Track an order, with its entities."""

    def page_view(self) -> object:
        """Track a page view."""

    def finish(self) -> object:
        """Return after the response to the last request."""


@contextmanager
def no_network() -> Iterator[None]:
    """Answer calls of requests and urllib, so that only the libraries' own work is left."""
    response = requests.Response()
    response.status_code, response.reason, response.url = 200, "OK", NOWHERE
    response._content = ANSWER  # noqa: SLF001 - the only way to make one

    # Functions, since a mock would take longer than what it replaces.
    def request(*_: object, **__: object) -> requests.Response:
        return response

    def urlopen(*_: object, **__: object) -> BytesIO:
        return BytesIO(ANSWER)

    session = mock.patch.object(requests.Session, "request", request)
    with session, mock.patch.object(urllib.request, "urlopen", urlopen):
        yield


def serve_client(package: str, open_client: Callable[[str, bool], Client]) -> None:
    """Serve the tasks of a library.

    Args:
        package: Its name on PyPI.
        open_client: Sets it up with the URL of a sink, and with whether there is none.
    """

    def deliver(kind: str, url: str | None, events: int) -> dict[str, float]:
        """Return the seconds of tracking events, and of sending them if there is a URL."""
        with no_network() if url is None else nullcontext():
            client = open_client(url or NOWHERE, url is None)
            track = client.order if kind == ORDER else client.page_view

            def work() -> None:
                for _ in range(events):
                    track()
                client.finish()

            wall, cpu = wall_and_cpu_seconds(work)
        return {"wall": wall, "cpu": cpu}

    about = {"name": package, "version": version(package), "runtime": f"CPython {sys.version[:7]}"}
    serve({"about": lambda: about, "deliver": deliver})
