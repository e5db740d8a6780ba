"""`/micro/stream`: rows as they arrive, as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from snowplow_tracker.collector.summary import summary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.requests import Request

    from snowplow_tracker.collector.journal import Journal

__all__ = ["Streams"]

_MAX_STREAMS = 32
_GATHER_SECONDS = 0.1
_LAGGED_SECONDS = 1.0
_COMMENT_SECONDS = 15.0
_ROWS_PER_MESSAGE = 200
_MAX_BEHIND = 500
_MAX_DIGITS = 18
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Streams:
    """The open streams of one server.

    A stream has no queue: it reads the journal from the last row that it has sent. So one that is
    slow takes no memory, and one that is more than 500 rows behind gets only the newest of them.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._open: set[_Stream] = set()
        self._closed = False

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/micro/stream", self._stream, methods=["GET"])]

    def close(self) -> None:
        """End all streams. May be called from any thread."""
        self._closed = True
        for stream in tuple(self._open):
            stream.close()

    async def _stream(self, request: Request) -> Response:
        if self._closed or len(self._open) >= _MAX_STREAMS:
            return PlainTextResponse(f"more than {_MAX_STREAMS} streams", 503)
        last_id = request.headers.get("last-event-id") or request.query_params.get("after")
        stream = _Stream(self._journal, last_id)
        self._open.add(stream)
        return _StreamResponse(self._messages(stream), headers=_HEADERS)

    async def _messages(self, stream: _Stream) -> AsyncIterator[str]:
        try:
            async for message in stream.messages():
                yield message
        finally:
            stream.close()
            self._open.discard(stream)


class _StreamResponse(StreamingResponse):
    media_type = "text/event-stream"


class _Stream:
    """What one client has been sent, and a wait for more."""

    def __init__(self, journal: Journal, last_id: str | None) -> None:
        self._journal = journal
        self._resets = journal.resets
        self._sent = journal.last
        self._lags = False
        if last_id and last_id.isascii() and last_id.isdigit():
            after = int(last_id[:_MAX_DIGITS])
            # The row of a higher number was one of an earlier process.
            self._lags = after > journal.last
            self._sent = min(after, journal.last)
        self._loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()
        self._changed = asyncio.Event()
        # Whether `_changed` will be set: waking the loop for each row would slow the journal down.
        self._is_notified = False
        self._end_listening = journal.listen(self._notify)

    def close(self) -> None:
        self._end_listening()
        self._call(self._closed.set)
        self._call(self._changed.set)

    def _notify(self) -> None:
        if not self._is_notified:
            self._is_notified = True
            self._call(self._changed.set)

    def _call(self, function: Callable[[], None]) -> None:
        # The loop is closed if the server has stopped meanwhile.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    async def messages(self) -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        self._notify()
        while not self._closed.is_set():
            if not await _is_set(self._changed, _COMMENT_SECONDS):
                yield ":\n\n"
                continue
            self._changed.clear()
            self._is_notified = False
            for message in self._news():
                yield message
            # Meanwhile the rows of a burst gather, to be sent in one message.
            await _is_set(self._closed, _LAGGED_SECONDS if self._lags else _GATHER_SECONDS)
            self._lags = False

    def _news(self) -> Iterator[str]:
        journal = self._journal
        if self._resets != journal.resets:
            self._resets = journal.resets
            yield _message("reset", {"n": journal.last + 1})
        rows = journal.numbered_rows(self._sent)
        if len(rows) > _MAX_BEHIND:
            self._lags = True
            del rows[_ROWS_PER_MESSAGE:]
        if self._lags:
            yield _message("lagged", {"n": journal.last})
        rows.reverse()
        for start in range(0, len(rows), _ROWS_PER_MESSAGE):
            part = [summary(number, row) for number, row in rows[start : start + _ROWS_PER_MESSAGE]]
            self._sent = rows[start : start + _ROWS_PER_MESSAGE][-1][0]
            yield _message("rows", part, self._sent)
        yield _message("counts", journal.counts())


async def _is_set(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event. Returns whether it came in time."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except asyncio.TimeoutError:
        return False
    return True


def _message(event: str, data: object, identifier: int | None = None) -> str:
    number = "" if identifier is None else f"id: {identifier}\n"
    return f"event: {event}\n{number}data: {json.dumps(data)}\n\n"
