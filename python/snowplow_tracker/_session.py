"""The requests session of an emitter. Imported when a first request is due: requests is heavy."""

from __future__ import annotations

import encodings.idna  # noqa: F401 - imported by a first request else, when a fork does not wait
import netrc  # noqa: F401 - likewise
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter

from snowplow_tracker._route import Route, is_untouched, settings_of_environment
from snowplow_tracker._timed_answers import TimedAdapter, free_connection

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EmitterSession", "Reply", "start_anew"]

_KEEP_THE_METHOD = frozenset({307, 308})
_inherited: list[object] = []


class Reply(NamedTuple):
    """What an emitter reads of a `requests.Response`."""

    status_code: int
    headers: Mapping[str, str]


class EmitterSession(requests.Session):
    """A session that keeps connections alive and nothing else.

    It keeps no cookies: a collector tells users apart by one, and would take all users of a
    service for the same. It follows only redirects that keep the method: any other one turns a
    POST into a GET without its events.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for prefix in ("https://", "http://"):
            self.mount(prefix, TimedAdapter())
        # In one, with what it is for: Ctrl-C may come between any two assignments.
        self._route: tuple[tuple[object, ...], Route] | None = None

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where to follow a redirect to, None to take it for the answer."""
        # A response that a program's test made up need not know its request.
        is_post = getattr(resp.request, "method", None) == "POST"
        if is_post and resp.status_code not in _KEEP_THE_METHOD:
            return None
        return super().get_redirect_target(resp)

    @staticmethod
    def has_short_way() -> bool:
        """Whether there is one: no program has put functions of its own on the usual way."""
        return is_untouched()

    def send_by_short_way(
        self,
        method: str,
        url: str,
        *,
        timeout: Any,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> Reply | requests.Response:
        """Do as `request`, but work out the route only once, and leave the answer's body alone."""
        response = self._route_to(method, url, headers).send(timeout=timeout, **content)
        free_connection(response)
        if 300 <= response.status < 400:  # noqa: PLR2004 - HTTP's own numbers
            request = requests.Request(method, url, headers, **content)
            return self._follow(request, response, timeout)
        return Reply(response.status, response.headers)

    def _route_to(self, method: str, url: str, headers: Mapping[str, str] | None) -> Route:
        connection = self.headers.get("Connection")
        wanted = (method, url, headers, connection, *settings_of_environment())
        if self._route is None or self._route[0] != wanted:
            self._route = wanted, Route(self, method, url, headers)
        return self._route[1]

    def _follow(self, request: requests.Request, redirect: Any, timeout: Any) -> requests.Response:
        prepared = self.prepare_request(request)
        adapter: Any = self.get_adapter(str(prepared.url))
        settings: Any = self.merge_environment_settings(prepared.url, {}, True, None, None)
        answer: requests.Response = adapter.build_response(prepared, redirect)
        for step in self.resolve_redirects(answer, prepared, timeout=timeout, **settings):
            answer = step
            free_connection(answer.raw)
        return answer


def start_anew(session: object) -> None:
    """Give a session connections of its own in a forked child: a program's session has none.

    Those of the parent are neither used nor closed, and their locks, which a thread of the parent
    may have held, are not taken.
    """
    if not isinstance(session, requests.Session):
        return
    adapters = session.adapters.values()
    own: list[Any] = [adapter for adapter in adapters if isinstance(adapter, HTTPAdapter)]
    for adapter in own:
        _inherited.append((adapter.poolmanager, adapter.proxy_manager))
        adapter.__setstate__(adapter.__getstate__())
