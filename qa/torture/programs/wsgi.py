"""A WSGI application: each request tracks an event, and gets the id of this process.

Some are tracked on loading. TORTURE_PLAN is a client's plan, with `flushes`: whether these are sent
before the server forks.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from qa.torture.programs.client import worker_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["application"]

_client, _plan = worker_client()
_client.track(3)
if _plan["flushes"]:
    _client.tracker.flush()


def application(
    _environment: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    _client.track(1)
    body = str(os.getpid()).encode()
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]
