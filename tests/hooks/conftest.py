"""A collector for the tests of what a program adds to a tracker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer().serving() as running:
        yield running
