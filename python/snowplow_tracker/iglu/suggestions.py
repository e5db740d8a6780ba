"""Suggest what may have been meant by a name that is unknown."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snowplow_tracker.iglu.names import SchemaKey
    from snowplow_tracker.iglu.reports import Report

__all__ = ["closest", "suggest_property", "suggest_schema"]

_LEAST_RATIO = 0.75
# Whoever sends data must not be able to make this slow.
_MAX_COMPARED = 1000
_MAX_PROPERTIES = 100
_MAX_REPORTS = 10


def suggest_property(reports: Sequence[Report]) -> str | None:
    """Return a suggestion for the first unknown or missing property that resembles another."""
    for report in reports[:_MAX_REPORTS]:
        if not report.known:
            continue
        close = closest(report.targets[0], report.known[:_MAX_PROPERTIES])
        if close is None:
            continue
        if report.keyword == "additionalProperties":
            return f'did you mean "{close}"?'
        return f'did you mean "{report.targets[0]}" by "{close}"?'
    return None


def suggest_schema(wanted: SchemaKey, known: Iterable[SchemaKey]) -> str | None:
    """Return a suggestion for a schema that is not found, out of those that exist."""
    keys = list(known)
    versions = [key for key in keys if key[:3] == wanted[:3]]
    if versions:
        listed = ", ".join(key.version for key in sorted(versions, key=lambda key: key.order))
        return f"known versions: {listed}"
    paths = {key.path: key for key in keys[:_MAX_COMPARED]}
    close = closest(wanted.path, list(paths))
    return f"did you mean {paths[close].uri}?" if close is not None else None


def closest(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that resembles a name most, if one does."""
    found = get_close_matches(name, known, n=1, cutoff=_LEAST_RATIO)
    return found[0] if found else None
