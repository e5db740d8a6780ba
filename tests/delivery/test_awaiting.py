"""`aflush`, `aclose` and `async with`: the event loop goes on while events are delivered."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import Inbox

from snowplow_tracker import AsyncEmitter, Emitter, SQLiteEventStore, StructuredEvent, Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

KINDS = [Emitter, AsyncEmitter]
FAR = 1000
MOST_MORE_SECONDS = 0.2  # of a gap, for a machine that is busy


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request):
    library = asyncio if request.param == "asyncio" else pytest.importorskip("uvloop")
    loop = library.new_event_loop()
    yield loop
    loop.close()


async def longest_gap(work: Callable[[], Coroutine[Any, Any, Any]]) -> float:
    """The longest time, in seconds, for which the loop did not run another task."""
    gaps: list[float] = []
    is_over = False

    async def beat() -> None:
        before = time.perf_counter()
        while not is_over:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            gaps.append(now - before)
            before = now

    beating = asyncio.ensure_future(beat())
    await work()
    is_over = True
    await beating
    return max(gaps)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_durable", [False, True])
def test_the_loop_goes_on(server, track, tmp_path, loop, kind, is_durable):
    """The collector takes longer for each request than the loop may be kept waiting."""
    store = SQLiteEventStore(tmp_path / "events.db") if is_durable else None
    pause = threading.Event()

    def slowly(_: Any) -> int:
        pause.wait(2 * MOST_MORE_SECONDS)
        return 200

    server.otherwise = slowly
    emitter = kind(server.url, batch_size=1000, event_store=store)
    tracker = Tracker("ns", emitter)
    track(tracker, "first")
    emitter.sync_flush()  # imports requests

    async def main() -> None:
        control = await longest_gap(lambda: asyncio.sleep(0.05))

        async def deliver() -> None:
            for _ in range(3):
                track(tracker, "x")
                assert await tracker.aflush(60)
            track(tracker, "last")
            await tracker.aclose(60)

        assert await longest_gap(deliver) < control + MOST_MORE_SECONDS

    loop.run_until_complete(main())
    assert emitter.stats()["sent"] == 5


@pytest.mark.parametrize("kind", KINDS)
def test_cancellation_leaves_delivery_going_on(server, track, until, kind):
    server.script.append("hang")
    emitter = kind(server.url, batch_size=100, max_retry_delay_seconds=0.01)
    track(Tracker("ns", emitter), "a")

    async def main() -> None:
        waiting = asyncio.ensure_future(emitter.aflush(FAR))
        await asyncio.to_thread(server.wait_for, 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(main())
    server.released.set()
    until(lambda: emitter.stats()["sent"] == 1)


@pytest.mark.parametrize("kind", KINDS)
def test_many_tasks_wait_for_one_delivery(server, track, kind):
    emitter = kind(server.url, batch_size=100)
    track(Tracker("ns", emitter), *range(5))
    before = threading.active_count()

    async def main() -> None:
        delivered = await asyncio.gather(*(emitter.aflush(30) for _ in range(200)))
        assert delivered == [True] * 200

    asyncio.run(main())
    assert threading.active_count() < before + 20
    assert sorted(server.labels()) == [str(n) for n in range(5)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_of_the_loop_does_not_wait_for_a_request(server, track, kind):
    server.otherwise = "hang"
    emitter = kind(server.url, batch_size=100)
    track(Tracker("ns", emitter), "a")
    started = time.monotonic()
    assert asyncio.run(emitter.aflush(0.05)) is False
    assert time.monotonic() - started < 5  # the time-out of a request is 40 seconds


@pytest.mark.parametrize("kind", KINDS)
def test_async_with_closes(server, track, kind):
    async def main() -> None:
        async with kind(server.url, batch_size=100) as emitter:
            assert isinstance(emitter, kind)
            track(Tracker("ns", emitter), "a")
        async with Tracker("ns", kind(server.url, batch_size=100)) as tracker:
            track(tracker, "b")
        track(tracker, "refused")

    asyncio.run(main())
    assert server.labels() == ["a", "b"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_overridden_close_is_called_and_its_exception_comes_back(server, track, kind):
    class Mine(kind):  # type: ignore[misc, valid-type]
        def close(self, timeout: float | None = None) -> None:
            super().close(timeout)
            if timeout == 7:
                raise OSError("mine")

    emitter = Mine(server.url, batch_size=100)
    track(Tracker("ns", emitter), "a")
    with pytest.raises(OSError, match="mine"):
        asyncio.run(emitter.aclose(7))
    assert server.labels() == ["a"]


def test_custom_emitters_of_a_tracker_do_not_block_the_loop():
    released = threading.Event()

    class Slow(Inbox):
        def flush(self) -> None:
            assert released.wait(30)

        def close(self, _: float | None = None) -> None:
            assert released.wait(30)

    tracker = Tracker("ns", Slow())

    async def main() -> None:
        assert await tracker.aflush(0.05) is False
        closing = asyncio.ensure_future(tracker.aclose())
        await asyncio.sleep(0)
        released.set()
        await closing
        assert await tracker.aflush(30) is True

    asyncio.run(main())


def test_blocking_for_room_in_a_loop_is_logged_once(server, logged):
    server.otherwise = 503
    emitter = Emitter(
        server.url,
        batch_size=1,
        buffer_capacity=1,
        when_full="block",
        block_timeout=0.01,
        max_retry_delay_seconds=FAR,
    )
    tracker = Tracker("ns", emitter)

    def fill() -> None:
        for _ in range(3):
            tracker.track(StructuredEvent("shop", "add"))

    async def main() -> None:
        fill()

    fill()
    assert logged("event loop") == 0
    asyncio.run(main())
    assert logged("event loop") == 1


IN_A_CHILD = """
import asyncio, os, sys
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind, url = sys.argv[1:]
emitter = dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[kind](url, batch_size=100)
tracker = Tracker("ns", emitter)
async def deliver(label):
    tracker.track(StructuredEvent("shop", "add", label))
    assert await tracker.aflush(20)
async def main():
    child = os.fork()
    if not child:
        asyncio.events._set_running_loop(None)
        asyncio.run(deliver("child"))
        os._exit(0)
    await deliver("parent")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
asyncio.run(deliver("before"))
sys.exit(asyncio.run(main()))
"""

UNDER_GEVENT = """
import signal
signal.alarm(30)
from gevent import monkey
monkey.patch_all()
import asyncio, sys, threading
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind, url = sys.argv[1:]
emitter = dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[kind](url, batch_size=100)
tracker = Tracker("ns", emitter)
tracker.track(StructuredEvent("shop", "add", "a"))
assert tracker.flush_within(20)
tracker.track(StructuredEvent("shop", "add", "b"))
asyncio.run(tracker.aflush(0.5))
tracker.close()
"""


@pytest.mark.processes
@pytest.mark.skipif(sys.platform == "win32", reason="the system cannot fork")
@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_in_a_forked_child(server, kind):
    subprocess.run([sys.executable, "-c", IN_A_CHILD, kind, server.url], check=True, timeout=60)
    assert sorted(server.labels()) == ["before", "child", "parent"]


@pytest.mark.processes
@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_under_gevent_it_does_not_hang(server, kind):
    pytest.importorskip("gevent")
    subprocess.run([sys.executable, "-c", UNDER_GEVENT, kind, server.url], check=True, timeout=60)
    assert sorted(server.labels()) == ["a", "b"]
