"""`Request`: what the headers of a request say about its user and page, for WSGI and ASGI."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from snowplow_tracker._scope import Page
from snowplow_tracker.web._cookies import parse_sp_cookies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Request", "ip_of", "parse_cookie_header", "quote_escaped", "quote_path"]

_MAX_USER_AGENT_LENGTH = 1_000
_MAX_URL_LENGTH = 4_096
_HOST = re.compile(r"[A-Za-z0-9._~-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
_REFERRER = re.compile(r"(https?|android-app)://[!-~]+", re.IGNORECASE | re.ASCII)
_PREFETCH_HEADERS = ("sec-purpose", "purpose", "x-moz")
# Characters that paths may have: https://www.rfc-editor.org/rfc/rfc3986#section-3.3
_SAFE_IN_PATHS = "/;=,:@!$&'()*+~"


class Request(NamedTuple):
    """One request, as the server received it.

    Attributes:
        method: In upper case.
        scheme: "http" or "https".
        host: The name of the server, for requests whose Host header is missing or malformed.
        path: With escapes.
        query: With escapes, without the question mark.
        peer: The address that the request came from, or None.
        headers: By their names in lower case. Repeated headers are joined.
    """

    method: str
    scheme: str
    host: str
    path: str
    query: str
    peer: str | None
    headers: Mapping[str, str]

    def address(self, trust_forwarded: int) -> str | None:
        """Return the IP address of the user, or None if it is unknown.

        Args:
            trust_forwarded: The number of proxies in front of the server. The client may have
                written all other addresses in X-Forwarded-For.
        """
        if trust_forwarded:
            forwarded = self.headers.get("x-forwarded-for", "").split(",")
            # With fewer entries, the request has not come through all of the proxies.
            if len(forwarded) >= trust_forwarded and any(forwarded):
                return ip_of(forwarded[-trust_forwarded])
        return ip_of(self.peer)

    def language(self) -> str | None:
        """Return the first language of the header Accept-Language."""
        first = self.headers.get("accept-language", "").partition(",")[0]
        language = first.partition(";")[0].strip()
        return language if _LANGUAGE.fullmatch(language) else None

    def opts_out(self) -> bool:
        """Return whether the browser asks for privacy, with Sec-GPC or DNT."""
        return self.headers.get("sec-gpc") == "1" or self.headers.get("dnt") == "1"

    def is_prefetch(self) -> bool:
        """Return whether the browser loads the page before the user asks for it."""
        return any("prefetch" in self.headers.get(name, "").lower() for name in _PREFETCH_HEADERS)

    def page(self, trust_forwarded: int) -> Page:
        """Return the page that the request asks for."""
        scheme, host = self.scheme, self.headers.get("host", "")
        if trust_forwarded:
            forwarded = self.headers.get("x-forwarded-proto", "").lower().split(",")
            entry = forwarded[-min(trust_forwarded, len(forwarded))].strip()
            scheme = entry if entry in {"http", "https"} else scheme
        if not _HOST.fullmatch(host):
            host = self.host
        query = f"?{self.query}" if self.query else ""
        url = f"{scheme}://{host}{self.path}{query}"[:_MAX_URL_LENGTH]
        referrer = self.headers.get("referer", "")
        is_valid = len(referrer) <= _MAX_URL_LENGTH and _REFERRER.fullmatch(referrer)
        return Page(url, referrer if is_valid else None)

    def fields(
        self,
        trust_forwarded: int,
        *,
        cookie_prefix: str | None,
        collector_cookie: str,
    ) -> dict[str, str | int]:
        """Return the fields of the user by their names in the tracker protocol.

        Args:
            trust_forwarded: See `address`.
            cookie_prefix: Of the cookies of the JavaScript tracker. None: read no cookies.
            collector_cookie: The name of the collector's cookie.
        """
        fields = {
            "ip": self.address(trust_forwarded),
            "ua": self.headers.get("user-agent", "")[:_MAX_USER_AGENT_LENGTH],
            "lang": self.language(),
        }
        found: dict[str, str | int] = {name: value for name, value in fields.items() if value}
        cookies = self.headers.get("cookie")
        if cookie_prefix is not None and cookies:
            ids = parse_sp_cookies(
                parse_cookie_header(cookies),
                cookie_prefix=cookie_prefix,
                collector_cookie=collector_cookie,
            )
            if ids is not None:
                found.update(ids.fields())
        return found


def parse_cookie_header(header: str) -> dict[str, str]:
    """Return the cookies of a header. Unlike `http.cookies`, it skips malformed ones."""
    pairs: Iterable[tuple[str, str, str]] = (each.partition("=") for each in header.split(";"))
    return {name.strip(): value.strip().strip('"') for name, is_pair, value in pairs if is_pair}


def ip_of(text: str | None) -> str | None:
    """Return an IP address without port, brackets and zone, or None if it is none."""
    text = (text or "").strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def quote_path(path: str, encoding: str = "utf-8") -> str:
    """Return a path with escapes.

    Args:
        path: Without escapes.
        encoding: "latin-1" for the paths of WSGI, which are bytes as text:
            https://peps.python.org/pep-3333/#unicode-issues
    """
    return quote(path, safe=_SAFE_IN_PATHS, encoding=encoding, errors="replace")


def quote_escaped(text: str) -> str:
    """Return a path or query with escapes for what it must not have. Others stay as they are.

    Args:
        text: Bytes as text.
    """
    return quote(text, safe=_SAFE_IN_PATHS + "?%", encoding="latin-1", errors="replace")
