"""The requests session of an emitter. Imported when a first request is due: requests is heavy."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy

import requests

__all__ = ["EmitterSession"]

_KEEP_THE_METHOD = frozenset({307, 308})


class EmitterSession(requests.Session):
    """A session that keeps connections alive and nothing else.

    It keeps no cookies: a collector tells users apart by one, and would take all users of a
    service for the same. It follows only redirects that keep the method: any other one turns a
    POST into a GET without its events.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where to follow a redirect to, None to take it for the answer."""
        # A response that a program's test made up need not know its request.
        is_post = getattr(resp.request, "method", None) == "POST"
        if is_post and resp.status_code not in _KEEP_THE_METHOD:
            return None
        return super().get_redirect_target(resp)
