"""A gunicorn application: each request tracks an event. TORTURE_PLAN is a client's plan."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from qa.torture.programs.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["application"]

_client = Client(json.loads(os.environ["TORTURE_PLAN"]))


def application(
    _environment: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    _client.track(1)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
