"""Threads that start together, and emitters whose events can be counted."""

from __future__ import annotations

import json
import sys
import sysconfig
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from snowplow_tracker import AsyncEmitter, Emitter

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS = 8
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def pytest_report_header() -> str:
    return f"GIL: {getattr(sys, '_is_gil_enabled', lambda: True)()}"


def pytest_collection_modifyitems() -> None:
    """Without the GIL, importing the package must not bring it back."""
    if FREE_THREADED and sys._is_gil_enabled():  # type: ignore[attr-defined, unused-ignore]
        raise pytest.UsageError("the GIL is on: an extension module asked for it")


@pytest.fixture(autouse=True)
def switch_often() -> Any:
    """With a GIL, makes threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


class Crowd:
    """Threads that all do something at once; what any of them raises is raised."""

    def __init__(self) -> None:
        self._jobs: list[Callable[[], object]] = []
        self.done = threading.Event()
        self._errors: list[BaseException] = []

    def add(self, job: Callable[[int], object], times: int, threads: int = THREADS) -> None:
        """Have threads call `job(number)`, each with numbers of its own."""
        for thread in range(threads):
            numbers = range(thread * times, (thread + 1) * times)
            self._jobs.append(lambda numbers=numbers: [job(n) for n in numbers])  # type: ignore[misc]

    def run(self, meanwhile: Callable[[int], object] | None = None) -> None:
        """Do it all, with one more thread that goes on with something else until the end."""
        barrier = threading.Barrier(len(self._jobs) + (meanwhile is not None))
        threads = [threading.Thread(target=self._do, args=(barrier, job)) for job in self._jobs]
        disturbing = [threading.Thread(target=self._disturb, args=(barrier, meanwhile))]
        for thread in (all_threads := threads + disturbing * (meanwhile is not None)):
            thread.start()
        for thread in threads:
            thread.join()
        self.done.set()
        for thread in all_threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def _do(self, barrier: threading.Barrier, job: Callable[[], object]) -> None:
        barrier.wait()
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - raised again by run
            self._errors.append(error)

    def _disturb(self, barrier: threading.Barrier, job: Any) -> None:
        number = 0

        def each_time() -> None:
            nonlocal number
            while not self.done.is_set():
                job(number)
                number += 1

        self._do(barrier, each_time)


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


class Sent:
    """An emitter's requests, kept instead of sent. Any of `statuses` answers, by turns."""

    def __init__(self, kind: type[Emitter] = Emitter, *statuses: int, **options: Any) -> None:
        self._lock = threading.Lock()
        self._statuses = statuses or (200,)
        self._asked = 0
        self.bodies: list[str] = []
        self.emitter = kind("127.0.0.1:9", protocol="http", buffer_capacity=10**6, **options)
        self.emitter.http_post = self._post  # type: ignore[method-assign, assignment]

    def _post(self, body: str | bytes) -> int:
        with self._lock:
            self._asked += 1
            status = self._statuses[self._asked % len(self._statuses)]
            if status == 200:
                self.bodies.append(body.decode() if isinstance(body, bytes) else body)
        return status

    @property
    def events(self) -> list[dict[str, str]]:
        """What arrived. Each body is JSON, each of its events an object without repetition."""
        bodies = [json.loads(body, object_pairs_hook=_pairs) for body in self.bodies]
        return [event for body in bodies for event in body["data"]]

    def check_each_arrived_once(self, labels: range) -> None:
        """Neither is an event lost nor is one sent twice."""
        events = self.events
        assert len({event["eid"] for event in events}) == len(events)
        counts = Counter(int(event["se_la"]) for event in events)
        assert counts == Counter(labels)
        stats = self.emitter.stats()
        assert (stats["sent"], stats["queued"], stats["in_flight"]) == (len(labels), 0, 0)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(pairs) == len({name for name, _ in pairs}), f"a name comes twice: {pairs}"
    return dict(pairs)


@pytest.fixture
def make_sent() -> type[Sent]:
    return Sent


@pytest.fixture(params=[Emitter, AsyncEmitter])
def sent(request: pytest.FixtureRequest) -> Any:
    """Either emitter, the second with four threads, closed at the end."""
    options = {"thread_count": 4} if request.param is AsyncEmitter else {}
    sent = Sent(request.param, batch_size=7, **options)
    yield sent
    sent.emitter.close()
