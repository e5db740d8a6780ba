"""What a collector can be told: paths, hosts, and whose addresses it believes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

from snowplow_tracker._canonical_event import VENDOR
from snowplow_tracker.collector.console import EventFormat

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from snowplow_tracker.collector.schemas import EventSchemas

__all__ = [
    "EVENTS_PATH",
    "Settings",
    "checked_host",
    "checked_hosts",
    "checked_paths",
    "checked_port",
    "is_address",
]

EVENTS_PATH = f"/{VENDOR}/tp2"
_PATH = re.compile(r"/[^/\s?#%]+/[^/\s?#%]+")
_LABEL = r"[a-z0-9_-]{1,63}"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_MAX_HOST = 253
_MAX_PORT = 2**16 - 1


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one collector.

    Attributes:
        paths: Aliases of paths that take events.
        forwarded: Whether the client's address and scheme are those of `X-Forwarded-*`.
        hosts: Names besides local ones at which `/micro/` may be called.
        schemas: Validates self-describing data.
        format: Of the texts about events.
        has_page: Whether it has a page, with its stream and exports.
    """

    paths: Mapping[str, str] = field(default_factory=dict)
    forwarded: bool = True
    hosts: frozenset[str] = frozenset()
    schemas: EventSchemas | None = None
    format: EventFormat = field(default_factory=EventFormat)
    has_page: bool = True


def checked_paths(paths: Mapping[str, str]) -> dict[str, str]:
    """Return aliases of paths.

    Raises:
        ValueError: A path has no two segments, or belongs to the collector.
    """
    for path in (*paths, *paths.values()):
        if not isinstance(path, str) or not _PATH.fullmatch(path):
            raise ValueError(f"paths: {path!r} is not a path of two segments, such as /acme/track")
    for path in paths:
        if path.startswith("/micro/"):
            raise ValueError(f"paths: {path!r}: /micro/ is for queries")
    return dict(paths)


def checked_hosts(hosts: Iterable[str]) -> frozenset[str]:
    """Return host names in lower case.

    Raises:
        ValueError: One of them is not a host name.
    """
    if isinstance(hosts, str):
        raise ValueError(f"allow_hosts: expected a list of names, not {hosts!r}")  # noqa: TRY004
    names = frozenset(str(host).lower().rstrip(".") for host in hosts)
    for name in names:
        if not _is_host_name(name):
            raise ValueError(f"allow_hosts: {name!r} is not a host name, without port")
    return names


def checked_host(host: str) -> str:
    """Return an address or a host name to listen at.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(host, str) and (is_address(host) or _is_host_name(host.lower())):
        return host
    raise ValueError(f"host: {host!r} is not an address or a host name, without scheme and port")


def checked_port(port: int) -> int:
    """Return a port, or 0 for a free one.

    Raises:
        ValueError: It is none.
    """
    if type(port) is not int or not 0 <= port <= _MAX_PORT:
        raise ValueError(f"port: {port!r} is not an integer from 0 to {_MAX_PORT}")
    return port


def is_address(text: str) -> bool:
    """Return whether a text is an IPv4 or IPv6 address, without brackets."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_host_name(name: str) -> bool:
    return len(name) <= _MAX_HOST and _HOST.fullmatch(name) is not None
