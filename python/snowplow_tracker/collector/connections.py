"""HTTP connections with time limits: uvicorn has none for a client that sends or reads slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["MAX_CONNECTIONS", "LimitedConnection"]

MAX_CONNECTIONS = 2_000
"""Requests of further connections are answered 503, which trackers retry."""
HEAD_SECONDS = 30.0
"""Time for a client to send the first request, or the rest of a request line and headers."""
WRITE_SECONDS = 30.0
"""Time for a client to read what the system does not buffer."""


class LimitedConnection(H11Protocol):
    """Closes a connection whose client takes too long. Bodies have a limit where they are read."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._head_timer = _Timer()
        self._write_timer = _Timer()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for the first request."""
        super().connection_made(transport)
        self._head_timer.start(self.loop, HEAD_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        """Handle data. After a response, the first byte of the next request starts the timer."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._head_timer.cancel()
        else:
            self._head_timer.start(self.loop, HEAD_SECONDS, self.transport.close)

    def pause_writing(self) -> None:
        """Start to wait for the client to read."""
        super().pause_writing()
        self._write_timer.start(self.loop, WRITE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """End to wait for the client to read."""
        super().resume_writing()
        self._write_timer.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers."""
        super().connection_lost(exc)
        self._head_timer.cancel()
        self._write_timer.cancel()


class _Timer:
    def __init__(self) -> None:
        self._handle: asyncio.TimerHandle | None = None

    def start(
        self, loop: asyncio.AbstractEventLoop, seconds: float, action: Callable[[], object]
    ) -> None:
        """Start the timer, unless it runs."""
        if self._handle is None:
            self._handle = loop.call_later(seconds, action)

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
