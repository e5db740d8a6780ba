"""Collector URLs, and what a request to one may contain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
_PATHS = {"get": "i", "post": "com.snowplowanalytics.snowplow/tp2"}
# A collector refuses request lines above 20,480 bytes. The rest is for what proxies may add.
_MAX_GET_BYTES = 16_000


def collector_uri(endpoint: str, protocol: HttpProtocol, port: int | None, method: Method) -> str:
    """Return the URL of a collector for a method: see `Emitter.as_collector_uri`.

    Raises:
        ValueError: The endpoint is empty or no text.
    """
    if not isinstance(endpoint, str) or not endpoint:
        raise ValueError(f"endpoint must be the address of a collector: {endpoint!r}")
    scheme, separator, rest = endpoint.rstrip("/").partition("://")
    if not separator:
        scheme, rest = protocol, endpoint.rstrip("/")
    host, slash, path = rest.partition("/")
    if port is not None and not _has_port(host):
        host = f"{host}:{port}"
    return f"{scheme}://{host}{slash}{path}/{_PATHS[method]}"


def _has_port(host: str) -> bool:
    _, colon, port = host.rpartition(":")
    return bool(colon) and port.isdecimal()


def post_uri(get_uri: str) -> str:
    """Return the URL for POST requests to the collector of a URL for GET requests."""
    return get_uri.removesuffix(_PATHS["get"]) + _PATHS["post"]


def redact_url(uri: object) -> str:
    """Return a URL without its user name and password, as it may be logged."""
    scheme, separator, rest = str(uri).partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


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
    host = endpoint.partition("/")[0]
    if host.startswith("[::1]"):
        return host[5:6] in ("", ":")
    name = host.partition(":")[0]
    is_ipv4 = name.startswith("127.") and name.replace(".", "").isdecimal()
    return name == "localhost" or is_ipv4
