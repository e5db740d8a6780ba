"""Requests with headers of the program: what redirects, credentials and cookies do to these."""

from __future__ import annotations

from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
from requests.cookies import RequestsCookieJar

from snowplow_tracker._http.headers import is_anonymous

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KeepsHeaders", "view_with_headers"]

_OF_THE_BODY = frozenset(("content-length", "content-type", "sp-anonymous"))


class KeepsHeaders(requests.Session if TYPE_CHECKING else object):  # type: ignore[misc]
    """A session that sends the headers of a request to the host that they are meant for, only."""

    def is_added(self, name: str) -> bool:
        """Return whether the program has added a header, given in lower case, to the request."""
        return name not in _OF_THE_BODY

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare a request. Its own credentials precede those of a URL and of a netrc file."""
        prepared: requests.PreparedRequest = super().prepare_request(request)
        for name, value in (request.headers or {}).items():
            if name.lower() == "authorization":
                prepared.headers[name] = str(value)
        return prepared

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """Adapt the headers of a request to a redirect, if that leads to another host.

        requests itself leaves out the header Authorization only.
        """
        headers = prepared_request.headers
        if is_anonymous(headers):
            headers.pop("Cookie", None)  # of the redirect
        if not self.should_strip_auth(str(response.request.url), str(prepared_request.url)):
            return
        for name in list(headers):
            if self.is_added(name.lower()):
                del headers[name]
                if name in self.headers:
                    headers[name] = str(self.headers[name])
        super().rebuild_auth(prepared_request, response)


def view_with_headers(session: Any, headers: Mapping[str, str]) -> Any:
    """Return a view of a session of the program, for a request with additional headers.

    The view has the very attributes of the session, except for its cookies if the request is
    anonymous. Any other object than a `requests.Session` is returned as it is.

    Args:
        session: The session.
        headers: The headers that the request has in addition.
    """
    if not isinstance(session, requests.Session):
        return session
    kind: Any = type(session)
    view: Any = object.__new__(_view_of(kind, is_anonymous(headers)))
    view.__dict__ = vars(session)
    view.added = frozenset(name.lower() for name in headers if name.lower() not in _OF_THE_BODY)
    return view


@cache
def _view_of(kind: Any, without_cookies: bool) -> type[requests.Session]:
    class View(KeepsHeaders, kind):  # type: ignore[misc]
        # A slot is no entry of the dict, which is that of the session.
        __slots__ = ("added",)
        added: frozenset[str]

        def is_added(self, name: str) -> bool:
            return name in self.added

    if not without_cookies:
        return View

    class ViewWithoutCookies(View):
        __slots__ = ()

        cookies: Any = property(lambda _: _jar_without_cookies())

        def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
            prepared = super().prepare_request(request)
            prepared.headers.pop("Cookie", None)  # of the headers of the session
            return prepared

    return ViewWithoutCookies


def _jar_without_cookies() -> RequestsCookieJar:
    return RequestsCookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
