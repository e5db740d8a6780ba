"""What a collector can be told: paths, hosts, and whose addresses it believes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from snowplow_tracker.collector.protocol import VENDOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from snowplow_tracker.collector.checks import SchemaCheck

__all__ = ["EVENTS_PATH", "Settings", "checked_hosts", "checked_paths"]

EVENTS_PATH = f"/{VENDOR}/tp2"
_PATH = re.compile(r"/[^/\s?#%]+/[^/\s?#%]+")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one collector.

    Attributes:
        paths: Aliases of paths that take events.
        forwarded: Whether the client's address and scheme are those of `X-Forwarded-*`.
        hosts: Names besides local ones at which `/micro/` may be called.
        schemas: Validates self-describing data.
    """

    paths: Mapping[str, str] = field(default_factory=dict)
    forwarded: bool = True
    hosts: frozenset[str] = frozenset()
    schemas: SchemaCheck | None = None


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
        if not _HOST.fullmatch(name):
            raise ValueError(f"allow_hosts: {name!r} is not a host name, without port")
    return names
