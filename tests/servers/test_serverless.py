"""`flush_after`: what a function has tracked is delivered when its process is frozen."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers.harness import free_port, module, running, write_program
from tests.support import Inbox, wait_until

from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
from snowplow_tracker.serverless import flush_after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = [Emitter, AsyncEmitter]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")

# Calls the function of the guide as Lambda does. The process stops itself when it has returned.
LAMBDA = """
import os, signal, sys
from lambda_function import lambda_handler

class Context:
    def get_remaining_time_in_millis(self):
        return 10_000

for line in sys.stdin:
    event = {"id": line.strip()}
    assert lambda_handler(event, Context()) == {"statusCode": 200}
    os.kill(os.getpid(), signal.SIGSTOP)
"""


def labels(collector: Any) -> list[str]:
    return sorted(row["event"]["se_label"] for row in collector.journal.good())


@contextmanager
def sandbox(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", LAMBDA]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def call(process: subprocess.Popen[str], event: str) -> None:
    """Have the function called, and wait until the process is frozen."""
    assert process.stdin is not None
    process.stdin.write(f"{event}\n")
    process.stdin.flush()
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), status


@posix
@pytest.mark.processes
@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_a_function_that_is_frozen_after_its_return_has_delivered(kind, collector, tmp_path):
    write_program("lambda_function.py", tmp_path, collector.port, Emitter=kind)
    with sandbox(tmp_path) as process:
        call(process, "first")
        assert labels(collector) == ["first"]
        process.send_signal(signal.SIGCONT)
        call(process, "second")
        assert labels(collector) == ["first", "second"]


@posix
@pytest.mark.processes
@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_without_the_decorator_nothing_has_come(kind, collector, tmp_path):
    plain = {"@flush_after": "", "Emitter": kind}
    write_program("lambda_function.py", tmp_path, collector.port, **plain)
    with sandbox(tmp_path) as process:
        call(process, "first")
        assert labels(collector) == []


@posix
@pytest.mark.processes
def test_a_cloud_function_that_is_frozen_after_its_response_has_delivered(collector, tmp_path):
    pytest.importorskip("functions_framework")
    path = write_program("main_function.py", tmp_path, collector.port)
    port = free_port()
    where = ["--source", str(path), "--host", "127.0.0.1", "--port", str(port)]
    command = module("functions_framework", "--target", "place_order", *where)
    with running(command, tmp_path, port) as server:
        url = f"http://127.0.0.1:{port}/?id=first"
        with urllib.request.urlopen(url, timeout=20) as response:
            assert response.read() == b"ok"
        os.killpg(server.process.pid, signal.SIGSTOP)
        assert labels(collector) == ["first"]


def test_an_azure_function_delivers(collector, tmp_path, monkeypatch):
    func = pytest.importorskip("azure.functions")
    write_program("function_app.py", tmp_path, collector.port)
    monkeypatch.syspath_prepend(str(tmp_path))
    import function_app  # type: ignore[import-not-found]  # noqa: PLC0415 - just written

    (function,) = function_app.app.get_functions()
    place_order = function.get_user_function()
    assert [*inspect.signature(place_order).parameters] == ["req"]
    request = func.HttpRequest("GET", "/orders", params={"id": "first"}, body=b"")
    assert asyncio.run(place_order(request)).get_body() == b"ok"
    assert labels(collector) == ["first"]
    sys.modules.pop("function_app")


class Context:
    """The context of AWS Lambda, as far as it matters."""

    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


def decorated(is_async: bool, function: Any, **settings: Any) -> Any:
    """Decorate a function, or a coroutine function that calls it and is run here."""
    if not is_async:
        return flush_after(**settings)(function)

    async def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    handler: Any = flush_after(**settings)(call)
    assert inspect.iscoroutinefunction(handler)
    return lambda *args, **kwargs: asyncio.run(handler(*args, **kwargs))


both = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@both
@pytest.mark.parametrize("kind", KINDS)
def test_it_delivers_what_all_open_emitters_have(server, track, is_async, kind):
    trackers = [Tracker(name, kind(server.url)) for name in ("one", "two")]
    closed = Tracker("three", kind(server.url))
    closed.close()

    def function(label, *, suffix):
        for tracker in trackers:
            track(tracker, label + suffix)
        return "result"

    assert decorated(is_async, function)("a", suffix="b") == "result"
    assert server.labels() == ["ab", "ab"]


@both
@pytest.mark.parametrize("of", [lambda tracker: tracker, lambda tracker: tracker.emitters[0]])
def test_it_delivers_for_one_tracker_or_emitter(server, track, is_async, of):
    mine, other = (Tracker(name, Emitter(server.url)) for name in ("one", "two"))

    def function():
        track(mine, "mine")
        track(other, "other")

    decorated(is_async, function, tracker=of(mine))()
    assert server.labels() == ["mine"]


@both
def test_it_delivers_after_an_exception(server, track, is_async):
    tracker = Tracker("ns", Emitter(server.url))

    def function():
        track(tracker, "a")
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        decorated(is_async, function)()
    assert server.labels() == ["a"]


@both
def test_it_repeats_a_failed_attempt(server, track, is_async, logged):
    tracker = Tracker("ns", Emitter(server.url, max_retry_delay_seconds=0.01))
    server.script.append(503)
    decorated(is_async, lambda: track(tracker, "a"), timeout=20)()
    assert server.labels() == ["a", "a"]
    assert not logged("are left")


@both
@pytest.mark.parametrize("kind", KINDS)
def test_a_collector_that_hangs_delays_it_by_the_timeout(server, track, is_async, kind, logged):
    server.otherwise = "hang"
    tracker = Tracker("ns", kind(server.url))
    decorated(is_async, lambda: track(tracker, "a", "b"), timeout=0.05)()
    assert not server.released.is_set()
    assert logged("2 events are left after 0.1 s, to be delivered later: no response") == 1
    server.released.set()
    tracker.close(0)


@both
@pytest.mark.parametrize("place", [0, 1, "named"])
def test_the_flush_ends_before_the_functions_own_time(server, track, is_async, place, logged):
    server.otherwise = "hang"
    tracker = Tracker("ns", Emitter(server.url))
    context = Context(550)
    arguments: tuple[Any, ...] = () if place == "named" else ({},) * place + (context,)
    named = {"context": context} if place == "named" else {}
    decorated(is_async, lambda *_, **__: track(tracker, "a"), timeout=50)(*arguments, **named)
    assert logged("1 events are left after 0.1 s") == 1
    server.released.set()
    tracker.close(0)


@both
def test_without_time_it_sends_nothing(server, track, is_async, logged):
    tracker = Tracker("ns", Emitter(server.url))
    function = decorated(is_async, lambda label, _: track(tracker, label))
    function("a", Context(400))
    assert server.labels() == []
    assert logged("1 events are left after 0.0 s") == 1
    function("b", Context(100_000))
    assert server.labels() == ["a", "b"]


def test_what_the_collector_rejects_is_not_left(server, track, logged):
    server.otherwise = 400
    tracker = Tracker("ns", Emitter(server.url))
    flush_after(lambda: track(tracker, "a"))()
    assert server.labels() == ["a"]
    assert not logged("are left")


def test_a_custom_emitter_is_flushed_too():
    calls: list[str] = []

    class Custom(Inbox):
        def flush(self) -> None:
            calls.append("flush")

    tracker: Any = Tracker("ns", Custom())
    flush_after(lambda: tracker.track(StructuredEvent("shop", "add")), tracker=tracker)()
    assert calls == ["flush"]


def test_other_requests_go_on_while_an_async_function_delivers(server, track):
    server.otherwise = lambda _: server.released.wait(20) and 200

    async def main() -> None:
        tracker = Tracker("ns", Emitter(server.url))

        @flush_after(timeout=20)
        async def handler() -> None:
            track(tracker, "a")

        delivering = asyncio.ensure_future(handler())
        while not server.requests:  # noqa: ASYNC110 - set by a thread
            await asyncio.sleep(0.001)
        server.released.set()
        await delivering

    asyncio.run(main())
    assert server.labels() == ["a"]


def test_an_object_with_an_async_call_is_awaited(server, track):
    tracker = Tracker("ns", Emitter(server.url))

    class Function:
        async def __call__(self, label: str) -> str:
            track(tracker, label)
            return label

    assert asyncio.run(flush_after(Function())("a")) == "a"
    assert server.labels() == ["a"]


def test_the_function_keeps_its_name_and_signature():
    @flush_after
    def handler(event: dict[str, Any], context: object) -> None:
        """Handle it."""

    assert (handler.__name__, handler.__doc__) == ("handler", "Handle it.")
    assert [*inspect.signature(handler).parameters] == ["event", "context"]


def test_a_tracker_in_the_place_of_the_function_is_a_type_error():
    wrong: Any = Tracker("ns", Inbox())
    with pytest.raises(TypeError, match="passed as tracker="):
        flush_after(wrong)


@pytest.mark.parametrize("timeout", [-1, "2", None])
def test_a_timeout_that_is_no_time_is_a_value_error(timeout):
    with pytest.raises(ValueError, match="timeout"):
        flush_after(timeout=timeout)


def test_a_mock_in_the_place_of_the_context_counts_as_none(server, track):
    from unittest.mock import MagicMock  # noqa: PLC0415 - for this test only

    tracker = Tracker("ns", Emitter(server.url))
    flush_after(lambda _: track(tracker, "a"))(MagicMock())
    wait_until(lambda: server.labels() == ["a"])
