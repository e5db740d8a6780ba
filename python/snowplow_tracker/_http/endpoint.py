"""Collector URLs, and what a request to one may contain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snowplow_tracker._http.redact import redact_url

if TYPE_CHECKING:
    from snowplow_tracker.typing import HttpProtocol, Method

__all__ = [
    "HEADERS",
    "collector_uri",
    "fits_request_line",
    "is_loopback",
    "post_uri",
    "redact_url",
    "to_ascii",
]

HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_WITH_HOST_AND_PORT = ("http", "https")
_MAX_PORT = 65_535
_PATHS = {"get": "i", "post": "com.snowplowanalytics.snowplow/tp2"}
# A collector refuses request lines above 20,480 bytes. The rest is for what proxies may add.
_MAX_GET_BYTES = 16_000


def collector_uri(endpoint: str, protocol: HttpProtocol, port: int | None, method: Method) -> str:
    """Return the URL of a collector for a method: see `Emitter.as_collector_uri`.

    Blanks and line ends around the endpoint are removed: it may come from a file.

    Raises:
        ValueError: The endpoint is empty or no text, its host or port cannot be, or it contains
            line ends, a query or a fragment. The text does not repeat it, as it may contain a
            password.
    """
    if not isinstance(endpoint, str) or not endpoint.strip():
        raise ValueError(f"endpoint must be the address of a collector: {endpoint!r}")
    address = endpoint.strip()
    if not address.isprintable():
        raise ValueError("endpoint must not contain line ends or control characters")
    if "?" in address or "#" in address:
        raise ValueError(
            "endpoint must have no query and no fragment; in a password, write %3F, %23"
        )
    scheme, separator, rest = address.partition("://")
    if not separator:
        scheme, rest = protocol, address
    authority, slash, path = rest.rstrip("/").partition("/")
    if " " in authority:
        raise ValueError("endpoint must not contain blanks in the name of the host")
    if scheme.lower() in _WITH_HOST_AND_PORT:
        authority = _with_port(authority, port)
    elif port is not None and ":" not in authority:
        authority = f"{authority}:{port}"
    return f"{scheme}://{authority}{slash}{path}/{_PATHS[method]}"


def _with_port(authority: str, port: int | None) -> str:
    """Check an authority, put brackets around an IPv6 address, and add a port if it has none."""
    user, at, address = authority.rpartition("@")
    host, colon, digits = address.rpartition(":")
    if _is_ipv6(address):
        host, digits = f"[{address}]", ""
    elif address.endswith("]") or not colon:
        host, digits = address, ""
    is_bracketed = host.startswith("[") and host.endswith("]") and _is_ipv6(host[1:-1])
    if not host or not (is_bracketed or not set("[]:") & set(host)):
        raise ValueError("endpoint must have the name or address of a host")
    if digits:
        if not (digits.isascii() and digits.isdigit() and int(digits) <= _MAX_PORT):
            raise ValueError(f"endpoint must have a port of at most {_MAX_PORT}")
        return f"{user}{at}{host}:{digits}"
    return f"{user}{at}{host}" if port is None else f"{user}{at}{host}:{port}"


def _is_ipv6(text: str) -> bool:
    """Whether a text is an IPv6 address, with a zone or without."""
    import socket  # noqa: PLC0415 - only needed for addresses with colons

    address, percent, zone = text.partition("%")
    if ":" not in address or (percent and not zone):
        return False
    try:
        socket.inet_pton(socket.AF_INET6, address)
    except OSError:
        return False
    return True


def post_uri(get_uri: str) -> str:
    """Return the URL for POST requests to the collector of a URL for GET requests."""
    return get_uri.removesuffix(_PATHS["get"]) + _PATHS["post"]


def fits_request_line(url: str, params: dict[str, Any]) -> bool:
    """Whether a GET request is short enough for a collector."""
    from urllib.parse import urlencode  # noqa: PLC0415 - slow to import, only needed by GET

    return len(url) + len(urlencode(params, errors="replace")) < _MAX_GET_BYTES


def to_ascii(body: str | bytes) -> str:
    """Return a JSON body as ASCII text, which is the same in any encoding that a session uses."""
    text = body.decode() if isinstance(body, bytes) else body
    if text.isascii():
        return text
    utf16 = text.encode("utf-16-be", "surrogatepass")
    units = (int.from_bytes(utf16[at : at + 2], "big") for at in range(0, len(utf16), 2))
    return "".join(chr(unit) if unit < 0x80 else f"\\u{unit:04x}" for unit in units)  # noqa: PLR2004


def is_loopback(endpoint: str) -> bool:
    """Whether an endpoint without a scheme is on this machine, by its name or address."""
    host = endpoint.strip().partition("/")[0]
    if host == "::1":
        return True
    if host.startswith("[::1]"):
        return host[5:6] in ("", ":")
    name = host.partition(":")[0]
    is_ipv4 = name.startswith("127.") and name.replace(".", "").isdecimal()
    return name == "localhost" or is_ipv4
