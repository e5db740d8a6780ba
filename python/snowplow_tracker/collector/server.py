"""The collector as an HTTP server in a thread of this process."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

from snowplow_tracker.collector.journal import Counts, Journal
from snowplow_tracker.collector.protocol import MAX_HEADERS, MAX_REQUEST_LINE

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    import uvicorn
    from typing_extensions import Self

__all__ = ["CollectorServer"]

_BACKLOG = 2048
_START_SECONDS = 10.0
_STOP_SECONDS = 5.0
_DRAIN_SECONDS = 1
_KEEP_ALIVE_SECONDS = 75


class CollectorServer:
    """Collector that listens as long as a `with` block lasts.

    Args:
        host: Address to listen at; by default only this machine reaches it.
        port: Port to listen at; 0 takes a free one, and keeps it for a later `start`.
        journal: Where events go; a new `Journal` by default.
        report: Called with lines of text about the events of each request.

    Raises:
        RuntimeError: The extra `collector` is not installed.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        journal: Journal | None = None,
        report: Callable[[str], None] | None = None,
    ) -> None:
        _require_extra()
        self.host = host
        self.port = port
        self.journal = journal or Journal()
        self._report = report
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Base URL, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the server answers."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Listens, and returns when requests are answered.

        Raises:
            OSError: The address cannot be had, as when the port is in use.
        """
        if self.running:
            return
        listener = _listen(self.host, self.port)
        self.port = listener.getsockname()[1]
        server = self._make_server()
        self._server = server
        self._thread = threading.Thread(
            target=_serve, args=(server, listener), name="snowplow-collector", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not server.started:
            if not self.running or time.monotonic() > deadline:
                listener.close()
                raise RuntimeError(f"the collector did not start at {self.url}")
            time.sleep(0.002)

    def stop(self) -> None:
        """Answers what is under way, closes every connection and gives the port back."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)
        self._server.force_exit = True
        self._thread.join()
        self._server = self._thread = None

    def reset(self) -> Counts:
        """Forgets all events and counts from zero again."""
        return self.journal.reset()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _make_server(self) -> uvicorn.Server:
        import uvicorn  # noqa: PLC0415  # of the extra

        from snowplow_tracker.collector.routes import application  # noqa: PLC0415

        config = uvicorn.Config(
            application(self.journal, self._report),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            # Above the limits that the routes answer with 414 and 431, so that those come to bear.
            h11_max_incomplete_event_size=4 * (MAX_REQUEST_LINE + MAX_HEADERS),
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )
        return uvicorn.Server(config)


class _SteadyLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock goes on where a test has frozen or moved that of `time`."""

    def time(self, *, clock: Callable[[], float] = time.monotonic) -> float:
        return clock()


def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    loop = _SteadyLoop()
    try:
        loop.run_until_complete(server.serve(sockets=[listener]))
        loop.run_until_complete(_cancel_what_is_left())
    finally:
        loop.close()


async def _cancel_what_is_left() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _require_extra() -> None:
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        raise RuntimeError(
            "the collector needs starlette and uvicorn: "
            "pip install 'snowplow-tracker-rs[collector]'"
        )


def _listen(host: str, port: int) -> socket.socket:
    # With the protocol named, unlike socket.create_server, asyncio switches Nagle's algorithm off;
    # with it on, each answer on a kept connection takes 40 ms.
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
