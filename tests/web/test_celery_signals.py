"""Scopes of requests in the tasks that they send: real workers, whose broker is a real Redis."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import celery
import pytest
from celery import signals
from celery.app.trace import build_tracer
from tests.extras.conftest import RedisServer, redis_server
from tests.extras.test_celery_worker import worker

from snowplow_tracker import Emitter, SelfDescribingJson, Subject, Tracker
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker.web import Page, celery_signals, current_scope, request_scope
from snowplow_tracker.web.celery_signals import HEADER, connect, disconnect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["redis_server"]

SCHEMA = "iglu:com.acme/tenant/jsonschema/1-0-0"

TASKS = """
import celery
from snowplow_tracker import *
from snowplow_tracker.web import request_scope
from snowplow_tracker.web.celery_signals import connect

app = celery.Celery("tasks", broker="redis://127.0.0.1:{redis}/0")
emitter = {kind}("http://127.0.0.1:{port}", batch_size=50)
tracker = Tracker("shop", emitter, encode_base64=False, use_scope=True)
connect({settings})

@app.task
def work(label, follow_up=None):
    tracker.track(StructuredEvent("shop", "add", label))
    if follow_up:
        work.delay(follow_up)
    open(f"done-{{label}}", "w").close()

def send():
    tenant = SelfDescribingJson({schema!r}, {{"name": "acme"}})
    for number in range(4):
        user = Subject().set_user_id(f"user-{{number}}").set_ip_address("192.0.2.1")
        with request_scope(user, [tenant]) as scope:
            scope.tags["password"] = "kept here"
            work.delay(f"{{number}}-first", f"{{number}}-second")
        work.delay(f"{{number}}-alone")
"""


@pytest.fixture
def tasks(redis_server: RedisServer, server: Any, tmp_path: Path) -> Callable[..., Path]:
    """Writes a program with tasks, and has it send some. Returns its folder."""
    with redis_server.client() as client:
        client.flushall()

    def write(settings: str, kind: str = "AsyncEmitter") -> Path:
        program = TASKS.format(
            redis=redis_server.port, port=server.port, settings=settings, kind=kind, schema=SCHEMA
        )
        (tmp_path / "tasks.py").write_text(program, encoding="utf-8")
        command = [sys.executable, "-c", "import tasks; tasks.send()"]
        subprocess.run(command, cwd=tmp_path, timeout=30, check=True)
        return tmp_path

    return write


def events_of(server: Any) -> list[dict[str, str]]:
    return [event for request in list(server.requests) for event in request.events]


@pytest.mark.processes
@pytest.mark.skipif(sys.platform == "win32", reason="pools of POSIX")
@pytest.mark.parametrize("pool", ["prefork", "threads", "gevent"])
def test_tasks_run_in_the_scope_of_the_request_that_sent_them(tasks, server, until, pool):
    if pool == "gevent" and find_spec("gevent") is None:
        pytest.skip("no gevent here")
    folder = tasks("flush=True, timeout=20")
    with worker(folder, "tasks", pool):
        until(lambda: len(events_of(server)) == 12)
    found = {
        event["se_la"]: (event.get("uid"), event.get("ip"), event.get("co"))
        for event in events_of(server)
    }
    assert len(found) == 12
    for label, (user, address, entities) in found.items():
        number, _, kind = label.partition("-")
        if kind == "alone":
            assert (user, address, entities) == (None, None, None)
        else:
            assert (user, address) == (f"user-{number}", "192.0.2.1")
            assert json.loads(entities or "")["data"] == [
                {"schema": SCHEMA, "data": {"name": "acme"}}
            ]


@pytest.mark.processes
@pytest.mark.skipif(sys.platform == "win32", reason="pools of POSIX")
@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_without_flush_events_wait_for_a_full_batch(tasks, server, until, kind):
    folder = tasks("", kind)
    with worker(folder, "tasks", "threads", ends_by_itself=True):
        until(lambda: len([*folder.glob("done-*")]) == 12)
        assert events_of(server) == []
    assert len(events_of(server)) == 12


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An application whose broker is this process, with the signals connected."""
    monkeypatch.setattr(celery_signals, "_log", RateLimitedLogger(celery_signals._log.logger))
    connect()
    with celery.Celery("app", broker="memory://", set_as_current=False) as application:
        yield application
    disconnect()


@pytest.fixture
def seen(app: Any) -> Any:
    """A task that keeps the scope that it runs in."""

    @app.task  # type: ignore[untyped-decorator]
    def task() -> None:
        scope = current_scope()
        task.scopes.append(scope and scope.merged_fields())
        task.pages += [repr(scope.page)] if scope and scope.page else []

    task.scopes, task.pages = [], []
    return task


def sent(task: Any, **options: Any) -> dict[str, Any]:
    """Send a task. Returns the headers of its message."""
    found: list[dict[str, Any]] = []

    def keep(headers: dict[str, Any], **_: object) -> None:
        found.append(headers)

    signals.after_task_publish.connect(keep)
    task.apply_async(**options)
    signals.after_task_publish.disconnect(keep)
    return found[0]


def run(task: Any, **headers: object) -> Any:
    """Run a task as a worker does, with the headers of a message. Returns what failed, or None."""
    trace: Any = build_tracer(task.name, task, app=task.app)
    return trace(str(uuid4()), (), {}, headers).info


def test_a_message_has_what_the_events_of_the_scope_would_have(seen):
    outer = Subject().set_user_id("ann").set_lang("en")
    entity = SelfDescribingJson(SCHEMA, {"id": uuid4()})
    with request_scope(outer), request_scope(Subject().set_lang("de"), [entity]) as scope:
        headers = sent(seen)
        assert json.loads(headers[HEADER]) == {
            "subject": {"uid": "ann", "lang": "de"},
            "entities": [{"schema": SCHEMA, "data": {"id": str(entity.data["id"])}}],
        }
        assert scope.tags == {}


def test_without_a_scope_a_message_has_no_header(seen):
    assert HEADER not in sent(seen)


def test_a_message_that_is_sent_again_keeps_its_scope(seen):
    assert sent(seen, headers={HEADER: "{}"})[HEADER] == "{}"


def test_a_task_sees_the_scope_and_its_page_and_the_worker_is_as_before(seen):
    with request_scope(Subject().set_user_id("ann")) as scope:
        scope.page = Page("https://shop.example/", "https://www.example.com/")
        text = sent(seen)[HEADER]
    run(seen, **{HEADER: text})
    run(seen)
    assert seen.scopes == [{"uid": "ann"}, None]
    assert seen.pages == ["Page(url='https://shop.example/', referrer='https://www.example.com/')"]
    assert current_scope() is None


def test_a_task_without_a_scope_does_not_run_in_that_of_the_worker(seen):
    with request_scope(Subject().set_user_id("worker")) as scope:
        run(seen)
        assert current_scope() is scope
    assert seen.scopes == [None]


def test_an_eager_task_is_in_the_scope_of_its_caller(seen):
    with request_scope(Subject().set_user_id("ann")) as scope:
        seen.apply()
        assert current_scope() is scope
    assert seen.scopes == [{"uid": "ann"}]


def test_a_task_that_fails_leaves_its_scope(app):
    @app.task  # type: ignore[untyped-decorator]
    def fail() -> None:
        raise KeyError(current_scope())

    with request_scope(Subject().set_user_id("ann")):
        text = sent(fail)[HEADER]
    assert run(fail, **{HEADER: text}).state == "FAILURE"
    assert current_scope() is None


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", '{"subject": 1, "entities": []}', '{"subject": {}, "entities": [1]}'],
)
def test_a_header_that_nobody_here_has_written_is_ignored(seen, logged, text):
    run(seen, **{HEADER: text})
    assert seen.scopes == [None]
    assert logged("A task runs without its scope, which cannot be read") == 1


def test_a_scope_that_is_no_json_costs_no_task(seen, logged):
    with request_scope(entities=[SelfDescribingJson(SCHEMA, {"it": object()})]):
        assert HEADER not in sent(seen)
    assert logged("A task is sent without its scope: TypeError") == 1


def test_a_flush_is_for_the_given_tracker(seen, server, track):
    mine, other = (Tracker(name, Emitter(server.url)) for name in ("one", "two"))
    connect(mine, flush=True, timeout=20)
    track(mine, "mine")
    track(other, "other")
    run(seen)
    assert server.labels() == ["mine"]


def test_after_disconnect_nothing_is_sent_along(seen):
    disconnect()
    with request_scope(Subject().set_user_id("ann")):
        assert HEADER not in sent(seen)


def test_a_timeout_that_is_no_time_is_a_value_error():
    with pytest.raises(ValueError, match="timeout"):
        connect(timeout=-1)
