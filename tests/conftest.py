"""Fixtures of all tests: no emitter outlives its test, and collectors to send to."""

from __future__ import annotations

import re
import signal
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest
from tests import ordered_locks
from tests.support import Inbox, ScriptedServer, close_all_emitters, wait_until

from snowplow_tracker import StructuredEvent, Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snowplow_tracker.collector import CollectorServer
    from snowplow_tracker.testing import Snowplow

# A shell starts jobs in the background with Ctrl-C ignored, which the programs of tests inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_emitter_is_left() -> Iterator[None]:
    """Closes emitters that tests left with events: they would try again during another test."""
    close_all_emitters()
    yield
    close_all_emitters()


@pytest.fixture(scope="session", autouse=True)
def locks_check_their_order() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        ordered_locks.check_all(patch)
        yield


@pytest.fixture(autouse=True)
def no_lock_is_taken_out_of_order() -> Iterator[None]:
    yield
    found = [*ordered_locks.violations]
    ordered_locks.violations.clear()
    assert not found, found[0]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer().serving() as server:
        yield server


@pytest.fixture(scope="session")
def snowplow_collector_options() -> dict[str, Any]:
    last_lines: deque[str] = deque(maxlen=1)
    return {"report": last_lines.append}


@pytest.fixture
def collector(
    snowplow: Snowplow,  # noqa: ARG001 - it removes the events of the test before
    snowplow_collector: CollectorServer,
) -> CollectorServer:
    """A collector without events. A bad event that a test does not expect fails it."""
    return snowplow_collector


@pytest.fixture(scope="session")
def make_inbox() -> type[Inbox]:
    return Inbox


@pytest.fixture(scope="session")
def track() -> Callable[..., list[str | None]]:
    """Tracks a structured event for each label, and returns their ids."""

    def each(tracker: Tracker, *labels: object) -> list[str | None]:
        return [tracker.track(StructuredEvent("shop", "add", str(label))) for label in labels]

    return each


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    """Waits until a condition holds, with a limit."""
    return wait_until


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[str], int]:
    """Counts the lines of the log that match a pattern."""
    return lambda pattern: sum(bool(re.search(pattern, line)) for line in caplog.messages)
