"""Collector URLs, and what a request to one may contain."""

from __future__ import annotations

from snowplow_tracker._http.redact import redact_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from snowplow_tracker.typing import HttpProtocol, Method

__all__ = [
    "GET_PATH",
    "HEADERS",
    "POST_PATH",
    "collector_uri",
    "fits_request_line",
    "is_loopback",
    "post_uri",
    "redact_url",
    "require_path",
    "resolve_paths",
    "to_ascii",
]

HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_WITH_HOST_AND_PORT = ("http", "https")
_MAX_PORT = 65_535
GET_PATH = "i"
POST_PATH = "com.snowplowanalytics.snowplow/tp2"
_PATHS = {"get": GET_PATH, "post": POST_PATH}
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


def require_path(value: Any, *, name: str) -> str:
    """Return a path below that of an endpoint, or an absolute one, which begins with a slash.

    Raises:
        ValueError: It is no text, is empty, or contains blanks, line ends, a query or a fragment.
    """
    is_text = isinstance(value, str) and bool(value.strip("/"))
    if not is_text or not value.isprintable() or set(" ?#") & set(value):
        raise ValueError(f"{name} must be a path such as {POST_PATH!r}: {value!r}")
    path: str = value
    return path


def resolve_paths(uri: str, method: Method, get_path: str, post_path: str) -> tuple[str, str]:
    """Put the paths of the program into the URL of a collector.

    Args:
        uri: What `collector_uri` returns for the method. Any other URL is the program's own.
        method: "post" or "get".
        get_path: The path of GET requests.
        post_path: The path of POST requests.

    Returns:
        The URL for the method, and the path of POST requests. It is absolute if `get_path` is, as
        the path of the endpoint itself is not in the URL then.
    """
    base = uri.removesuffix(_PATHS[method])
    if base == uri or not base.endswith("/"):
        return uri, post_path
    if method == "post":
        return _joined(base, post_path), post_path
    if get_path.startswith("/") and not post_path.startswith("/"):
        post_path = _joined(base, post_path).removeprefix(_joined(base, "/")[:-1])
    return _joined(base, get_path), post_path


def post_uri(get_uri: str, get_path: str = GET_PATH, post_path: str = POST_PATH) -> str:
    """Return the URL for POST requests to the collector of a URL for GET requests."""
    base = get_uri.removesuffix(get_path)
    if base == get_uri or not base.endswith("/"):
        base = _joined(f"{get_uri}/", "/")
    return _joined(base, post_path)


def _joined(base: str, path: str) -> str:
    """Return a URL that ends with a slash, with a path below it; an absolute path replaces its."""
    if not path.startswith("/"):
        return base + path
    scheme, separator, rest = base.partition("://")
    return f"{scheme}{separator}{rest.partition('/')[0]}{path}"


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
