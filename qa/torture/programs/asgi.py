"""An ASGI application: each request tracks an event, and gets the id of this process.

Some are tracked on loading. TORTURE_PLAN is a client's plan, with `opts_in`: whether
`flush_on_sigterm` delivers in the end, and not the end of the lifespan.
"""

from __future__ import annotations

import os
from typing import Any

from qa.torture.programs.client import worker_client

__all__ = ["application"]

_client, _plan = worker_client()
_client.track(3)
if _plan["opts_in"]:
    _client.emitter.flush_on_sigterm()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    _client.track(1)
    body = str(os.getpid()).encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    if not _plan["opts_in"]:
        _client.tracker.close()
    await send({"type": "lifespan.shutdown.complete"})
