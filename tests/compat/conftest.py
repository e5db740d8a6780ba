"""A tracker whose events are easy to inspect."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import Inbox

from snowplow_tracker import Tracker


@pytest.fixture
def inbox() -> Any:
    return Inbox()


@pytest.fixture
def tracker(inbox: Any) -> Tracker:
    """A tracker that writes JSON as text."""
    return Tracker("ns", inbox, encode_base64=False)
