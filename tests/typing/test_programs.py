"""The programs that the type checkers read also run."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

import pytest
from tests.typing import own_parts, program_0x, program_1x, program_web

from snowplow_tracker import Emitter, Payload, Subject, Tracker
from snowplow_tracker.collector import CollectorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GIVEN = {"collector", "context", "e", "emitter", "payload", "s", "subject", "t", "tracker"}
PROGRAMS = [
    function
    for module in (program_1x, program_0x, own_parts, program_web)
    for _, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__
    and GIVEN.issuperset(inspect.signature(function).parameters)
    and function is not program_0x.by_celery  # which needs a broker
]


@pytest.fixture(scope="module")
def collector() -> Iterator[str]:
    with CollectorServer(port=0) as server:
        yield server.url


@pytest.fixture
def given(collector: str) -> dict[str, Any]:
    """What the programs ask for by the names of their parameters."""
    emitter, subject = Emitter(collector), Subject()
    tracker = Tracker("shop", emitter, subject)
    values = (
        *(collector, program_1x.contexts(), emitter, emitter, Payload()),
        *(subject, subject, tracker, tracker),
    )
    return dict(zip(sorted(GIVEN), values, strict=True))


@pytest.mark.filterwarnings("ignore:track_:DeprecationWarning")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__qualname__)
def test_a_program_runs(program: Callable[..., object], given: dict[str, Any]) -> None:
    done = program(**{name: given[name] for name in inspect.signature(program).parameters})
    if inspect.iscoroutine(done):
        asyncio.run(done)
