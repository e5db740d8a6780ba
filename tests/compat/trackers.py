"""Trackers whose events are easy to inspect."""

from __future__ import annotations

from typing import Any

from tests.support import Inbox

from snowplow_tracker import Tracker


def make(kind: type[Tracker] = Tracker) -> tuple[Any, list[dict[str, Any]]]:
    """Return a tracker that writes JSON as text, and the list that its events go to."""
    inbox: Any = Inbox()
    return kind("ns", inbox, encode_base64=False), inbox.events
