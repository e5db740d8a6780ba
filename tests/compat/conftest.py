"""A tracker whose events stay at hand."""

from __future__ import annotations

from typing import Any

import pytest

from snowplow_tracker import Tracker


class Inbox:
    """The least that a tracker takes as an emitter."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def input(self, payload: dict[str, Any]) -> None:
        self.events.append(payload)


@pytest.fixture(scope="session")
def make_inbox() -> type[Inbox]:
    return Inbox


@pytest.fixture
def inbox() -> Any:
    return Inbox()


@pytest.fixture
def tracker(inbox: Any) -> Tracker:
    """A tracker that writes JSON as text."""
    return Tracker("ns", inbox, encode_base64=False)
