"""Talks HTTP: one request out over requests, its response back."""

from __future__ import annotations

import importlib
import os
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

    from snowplow_tracker._session import EmitterSession

__all__ = ["HEADERS", "Timeout", "Transport", "lossy_redirect", "to_ascii"]

HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_LOSE_THE_BODY = (301, 302, 303)
Timeout = float | tuple[float, float]


class Transport:
    """Keeps a session for each thread of each process, made when first needed.

    Where a program has replaced `requests.post` or `requests.get`, those are called instead.
    """

    def __init__(self) -> None:
        self._local = threading.local()

    def post(
        self, url: str, *, data: str | bytes, headers: dict[str, str], timeout: Timeout
    ) -> requests.Response:
        """Send a POST."""
        post = _replaced("post")
        if post is None:
            return self._session().post(url, data=data, headers=headers, timeout=timeout)
        response: requests.Response = post(
            url, data=to_ascii(data), headers=headers, timeout=timeout
        )
        return response

    def get(self, url: str, *, params: dict[str, Any], timeout: Timeout) -> requests.Response:
        """Send a GET."""
        get = _replaced("get") or self._session().get
        response: requests.Response = get(url, params=params, timeout=timeout)
        return response

    def _session(self) -> EmitterSession:
        if getattr(self._local, "pid", None) != os.getpid():
            module = importlib.import_module("snowplow_tracker._session")
            self._local.session = module.EmitterSession()
            self._local.pid = os.getpid()
        session: EmitterSession = self._local.session
        return session


def _replaced(name: str) -> Any:
    """Return a function of requests if a program has put another in its place."""
    function = getattr(importlib.import_module("requests"), name)
    is_genuine = getattr(function, "__module__", None) == "requests.api"
    return None if is_genuine else function


def to_ascii(body: str | bytes) -> str:
    """Return a JSON body as text in ASCII, which any HTTP stack takes without an encoding."""
    text = body.decode() if isinstance(body, bytes) else body
    if text.isascii():
        return text
    utf16 = text.encode("utf-16-be", "surrogatepass")
    units = (int.from_bytes(utf16[at : at + 2], "big") for at in range(0, len(utf16), 2))
    return "".join(chr(unit) if unit < 0x80 else f"\\u{unit:04x}" for unit in units)  # noqa: PLR2004


def lossy_redirect(response: Any) -> tuple[int, str | None] | None:
    """Return status and Location of a redirect at which a POST left its events behind, if any."""
    history = getattr(response, "history", None)
    for step in [*(history if isinstance(history, list) else []), response]:
        status = getattr(step, "status_code", None)
        if status in _LOSE_THE_BODY:
            return status, step.headers.get("Location")
    return None
