"""`CollectorServer`: the collector as an HTTP server on a thread of this process."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

from snowplow_tracker.collector.console import FORMATS, EventFormat
from snowplow_tracker.collector.journal import Counts, Journal
from snowplow_tracker.collector.protocol import MAX_HEADERS, MAX_REQUEST_LINE
from snowplow_tracker.collector.schemas import open_schemas
from snowplow_tracker.collector.settings import (
    Settings,
    checked_host,
    checked_hosts,
    checked_paths,
    checked_port,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    import uvicorn
    from starlette.applications import Starlette
    from typing_extensions import Self

    from snowplow_tracker.collector.schemas import SchemaSource
    from snowplow_tracker.iglu import Resolver

__all__ = ["CollectorServer"]

_BACKLOG = 2048
_START_SECONDS = 10.0
_STOP_SECONDS = 5.0
_DRAIN_SECONDS = 1
_KEEP_ALIVE_SECONDS = 75


class CollectorServer:
    """A collector that listens for the duration of a `with` block.

    Args:
        host: Address to listen on. Default "127.0.0.1", which only this machine can reach.
        port: Port to listen on. Default 0: a free port, which later calls of `start` use again.
        journal: Stores the events. Default: a new `Journal`.
        report: Called with a text of one or more lines about the events of each request.
        report_format: "line"; "json", an object in a line for each event; or "full", a line and
            the indented event. Default "line".
        report_colors: Whether "line" and "full" have the colors of terminals. Default False.
        paths: Aliases of paths, such as `{"/acme/track": "/com.snowplowanalytics.snowplow/tp2"}`.
        forwarded: Whether the client's address is the first of `X-Forwarded-For`. Default True.
        schemas: Folders with schemas, or a `Resolver`, to validate self-describing data with. The
            standard schemas are always known in addition to folders. A file that changes counts at
            the next event. Default: the standard schemas.
        unknown_schemas: Whether data is "good" or "bad" if its schema is not found. Default: "bad"
            if `schemas` are given, else "good".
        page: Whether `/micro/ui` shows the events on a page, with its stream and exports. Default
            True.
        allow_hosts: Host names at which `/micro/` may be called. Local names and addresses always
            may: others are refused, so that no web page can read the events by DNS rebinding.

    Raises:
        RuntimeError: The extra `collector` is not installed.
        ValueError: An argument is malformed. The message names it.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        journal: Journal | None = None,
        report: Callable[[str], None] | None = None,
        report_format: str = "line",
        report_colors: bool = False,
        paths: Mapping[str, str] | None = None,
        forwarded: bool = True,
        allow_hosts: Iterable[str] = (),
        schemas: SchemaSource | Sequence[SchemaSource] | Resolver | None = None,
        unknown_schemas: str | None = None,
        page: bool = True,
    ) -> None:
        _require_extra()
        self.host = checked_host(host)
        self.port = checked_port(port)
        if report_format not in FORMATS:
            raise ValueError(f"report_format: {report_format!r} is not one of {', '.join(FORMATS)}")
        self.__schemas = open_schemas(schemas, unknown_schemas)
        self.__settings = Settings(
            paths=checked_paths(paths or {}),
            forwarded=forwarded,
            hosts=checked_hosts(allow_hosts) | {self.host.lower()},
            schemas=self.__schemas,
            format=EventFormat(report_format, report_colors),
            has_page=page,
        )
        self.journal = journal or Journal()
        self.__report = report
        self.__thread: _ServerThread | None = None

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def use_schemas(
        self,
        schemas: SchemaSource | Sequence[SchemaSource] | Resolver | None,
        unknown_schemas: str | None = None,
    ) -> None:
        """Validate the following events with other schemas.

        Args:
            schemas: As in the constructor.
            unknown_schemas: As in the constructor.
        """
        self.__schemas.become(open_schemas(schemas, unknown_schemas))

    def schema_problems(self) -> list[str]:
        """Return a line for each folder or file of schemas that cannot be used."""
        return list(self.__schemas.problems())

    @property
    def running(self) -> bool:
        """Whether the server accepts requests."""
        return self.__thread is not None and self.__thread.is_alive()

    def start(self) -> None:
        """Listen, and return when the server accepts requests.

        Raises:
            OSError: The address is not available, for example because the port is in use.
            RuntimeError: The server does not start within 10 seconds.
        """
        if self.running:
            return
        listener = _listen(self.host, self.port)
        self.port = listener.getsockname()[1]
        app = _application(self.journal, self.__report, self.__settings)
        self.__thread = _ServerThread(app, listener)
        if not self.__thread.start_serving():
            listener.close()
            raise RuntimeError(f"the collector did not start at {self.url}")

    def stop(self) -> None:
        """Answer the pending requests, close all connections and release the port."""
        if self.__thread is not None:
            self.__thread.stop()
            self.__thread = None

    def reset(self) -> Counts:
        """Remove all events and set the counts to zero."""
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


class _ServerThread:
    """The server of one call of `start`, and the thread that it runs on."""

    def __init__(self, app: Starlette, listener: socket.socket) -> None:
        self._app = app
        self._server = _create_server(app)
        self._thread = threading.Thread(
            target=_serve, args=(self._server, listener), name="snowplow-collector", daemon=True
        )

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start_serving(self) -> bool:
        """Start the thread. Returns whether the server accepts requests in time."""
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self.is_alive() or time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    def stop(self) -> None:
        self._app.state.close_streams()
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)
        self._server.force_exit = True
        self._thread.join()


def _application(
    journal: Journal, report: Callable[[str], None] | None, settings: Settings
) -> Starlette:
    from snowplow_tracker.collector.routes import application  # noqa: PLC0415  # of the extra

    return application(journal, report, settings)


def _create_server(app: Starlette) -> uvicorn.Server:
    import uvicorn  # noqa: PLC0415  # of the extra

    from snowplow_tracker.collector.connections import (  # noqa: PLC0415
        MAX_CONNECTIONS,
        LimitedConnection,
    )

    config = uvicorn.Config(
        app,
        http=LimitedConnection,
        limit_concurrency=MAX_CONNECTIONS,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        # h11 rejects requests above this size with 400. The routes answer 414 and 431 before that.
        h11_max_incomplete_event_size=4 * (MAX_REQUEST_LINE + MAX_HEADERS),
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    return uvicorn.Server(config)


class _SteadyLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock keeps running if a test freezes or moves the functions of `time`.

    freezegun and time-machine replace `time.monotonic`, by which asyncio runs its timers.
    """

    def time(self, *, clock: Callable[[], float] = time.monotonic) -> float:
        return clock()


def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    loop = _SteadyLoop()
    try:
        loop.run_until_complete(server.serve(sockets=[listener]))
        loop.run_until_complete(_cancel_pending_tasks())
    finally:
        loop.close()


async def _cancel_pending_tasks() -> None:
    pending = asyncio.all_tasks() - {asyncio.current_task()}
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


def _require_extra() -> None:
    if any(find_spec(name) is None for name in ("jsonschema_rs", "starlette", "uvicorn")):
        raise RuntimeError(
            "the collector needs starlette, uvicorn and jsonschema-rs: "
            "pip install 'snowplow-tracker-rs[collector]'"
        )


def _listen(host: str, port: int) -> socket.socket:
    # asyncio (base_events._set_nodelay) sets TCP_NODELAY only on sockets that were created with
    # IPPROTO_TCP. socket.create_server does not do that. Without TCP_NODELAY, each response on a
    # connection that is kept alive takes 40 ms.
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
