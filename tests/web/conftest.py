"""A tracker for page views, and what the handlers of the tests have seen in their scopes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import Inbox

from snowplow_tracker import Tracker
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker.web import _handling, current_scope

USER = "8f1f4d2c-7b0e-4d0b-9c0a-0b1d4a4f8e01"
SESSION = "8f1f4d2c-7b0e-4d0b-9c0a-0b1d4a4f8e02"
BROWSER = {
    "User-Agent": "Mozilla/5.0",
    "Accept-Language": "en-GB,en;q=0.9",
    "Cookie": f"a=1; _sp_id.1fff={USER}.1700000000.3.1700000200.1700000100.{SESSION}; b",
    "Referer": "https://example.org/from?x=1",
}


class Seen:
    """Notes the fields of the current scope."""

    def __init__(self) -> None:
        self.notes: list[tuple[object, Any]] = []

    def note(self, label: object = "") -> None:
        scope = current_scope()
        self.notes.append((label, scope and scope.merged_fields()))

    def user_ids(self) -> list[tuple[object, Any]]:
        return [(label, fields and fields.get("uid")) for label, fields in self.notes]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def tracker(inbox: Inbox) -> Tracker:
    return Tracker("shop", inbox)


@pytest.fixture(autouse=True)
def no_scope_is_left():
    assert current_scope() is None
    yield
    assert current_scope() is None


@pytest.fixture(autouse=True)
def nothing_was_logged_in_the_last_minute(monkeypatch):
    """Each test may log each message once."""
    monkeypatch.setattr(_handling, "_log", RateLimitedLogger(_handling._log.logger))
