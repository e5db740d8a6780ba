"""The guides' programs on real servers: SIGTERM loses no event of a response, and breaks none."""

from __future__ import annotations

import signal
import sys
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.servers.harness import (
    GUIDE,
    UWSGI,
    arrived,
    free_port,
    module,
    running,
    write_program,
)
from tests.support import wait_until

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.servers.harness import Server

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX"),
    pytest.mark.processes,
]

BEFORE = 5
KINDS = ("AsyncEmitter", "Emitter")


class Case(NamedTuple):
    """A server that runs a program of the guides.

    Attributes:
        server: Its module.
        options: Of its command, without the address to listen at.
        in_progress: Number of requests in progress when SIGTERM comes.
        written: How the guides write the command, or the part of it that matters.
        application: The program's. By default, that of FastAPI's page or of Flask's.
    """

    server: str
    options: str
    in_progress: int
    written: str
    application: str = ""


CASES = [
    Case("uvicorn", "slow_asgi:app", 4, "`uvicorn main:app`"),
    Case("uvicorn", "slow_asgi:app --workers 2", 4, "`uvicorn main:app --workers 2`"),
    Case(
        "gunicorn",
        "slow_asgi:app --workers 2 -k uvicorn.workers.UvicornWorker",
        4,
        "`gunicorn main:app -k uvicorn.workers.UvicornWorker`",
    ),
    Case("gunicorn", "slow_wsgi:app --workers 2", 2, "`gunicorn wsgi:app`"),
    Case("gunicorn", "slow_wsgi:app --workers 2 --preload", 2, "`--preload`"),
    Case("gunicorn", "slow_wsgi:app --threads 4 -k gthread", 4, "`-k gthread`"),
    Case("gunicorn", "slow_wsgi:app --threads 4 -k gthread --preload", 4, "`--preload`"),
    Case("gunicorn", "slow_wsgi:app -k gevent", 4, "`-k gevent`"),
    Case("gunicorn", "slow_wsgi:app -k gevent --preload", 4, "`-k gevent`"),
    Case("pyuwsgi", "--module slow_wsgi:app --processes 2", 2, "`--lazy-apps`"),
    Case("pyuwsgi", "--module slow_wsgi:app --threads 4", 4, "`--lazy-apps`"),
    Case("uvicorn", "slow_asgi:app", 4, "`uvicorn asgi:app`", "asgi:app"),
]
SIGNS = {
    "uvicorn": "Shutting down",
    "gunicorn": "Handling signal: term",
    "pyuwsgi": "graceful shutdown triggered",
}


def command(case: Case, port: int) -> list[str]:
    """Return the command of a server that listens at a port."""
    if find_spec(case.server) is None:
        pytest.skip(f"{case.server} is not installed")
    options = case.options.split()
    if case.server == "uvicorn":
        return module("uvicorn", *options, "--host", "127.0.0.1", "--port", str(port))
    if case.server == "gunicorn":
        return module("gunicorn", *options, "--bind", f"127.0.0.1:{port}")
    return [*UWSGI, *options, "--http-socket", f"127.0.0.1:{port}"]


def serving(case: Case, folder: Path, port: int) -> AbstractContextManager[Server]:
    """Serve the program of a case until the block ends."""
    default = "main:app" if "asgi" in case.options else "wsgi:app"
    return running(command(case, port), folder, port, case.application or default)


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        pytest.param(case, kind, id=f"{case.server} {case.options} {case.application}, {kind}")
        for case in CASES
        for kind in KINDS
    ],
)
def test_each_event_of_a_response_arrives(case, kind, collector, tmp_path):
    for name in ("asgi.py", "main.py", "wsgi.py"):
        write_program(name, tmp_path, collector.port, AsyncEmitter=kind)
    assert case.written in GUIDE
    port = free_port()
    with serving(case, tmp_path, port) as server:
        for number in range(BEFORE):
            server.get(f"before-{number}")
        server.terminate_while_responding(case.in_progress, SIGNS[case.server])
    assert set(server.statuses.values()) == {200}, server.log
    assert len(server.statuses) == BEFORE + case.in_progress, server.log
    assert arrived(collector) == sorted(server.statuses), server.log
    assert "Traceback" not in server.log


# Tracks after the response, when the test lets it go on.
IN_BACKGROUND = """
import os, time
from fastapi import BackgroundTasks

def track_later(request):
    while not os.path.exists("released"):
        time.sleep(0.005)
    request.app.state.tracker.track(PageView(str(request.url)))

@app.get("/later")
async def later(request: Request, background: BackgroundTasks):
    background.add_task(track_later, request)
"""


def test_an_event_of_a_background_task_arrives(collector, tmp_path):
    path = write_program("main.py", tmp_path, collector.port)
    with path.open("a", encoding="utf-8") as program:
        program.write(IN_BACKGROUND)
    assert "background tasks" in GUIDE
    port = free_port()
    with serving(CASES[0], tmp_path, port) as server:
        server.get("later", "/later")
        server.terminate_while_responding(0, SIGNS["uvicorn"])
    assert server.statuses == {"later": 200}, server.log
    assert arrived(collector) == ["later"], server.log


def test_requests_that_take_too_long_cost_no_event_of_others(collector, tmp_path):
    write_program("main.py", tmp_path, collector.port)
    assert "`--timeout-graceful-shutdown`" in GUIDE
    port = free_port()
    case = Case("uvicorn", "slow_asgi:app --timeout-graceful-shutdown 1", 1, "")
    with serving(case, tmp_path, port) as server:
        server.get("before")
        waiting = threading.Thread(target=server.get, args=("slow",))
        waiting.start()
        wait_until((tmp_path / "entered-slow").exists)
        server.process.terminate()
        server.process.wait(20)
        waiting.join()
    assert server.statuses["before"] == 200
    assert arrived(collector) == ["before"], server.log


# The program of the guide, but with the emitter's opt-in instead of a lifespan.
OPTED_IN = """
from fastapi import FastAPI, Request
from snowplow_tracker import {kind}, PageView, Tracker

emitter = {kind}("http://127.0.0.1:{port}")
emitter.flush_on_sigterm()
tracker = Tracker("shop", emitter)
app = FastAPI()


@app.get("/")
async def index(request: Request):
    tracker.track(PageView(str(request.url)))
    return "ok"
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES[:3], ids=lambda case: f"{case.server} {case.options}")
def test_flush_on_sigterm_lets_the_handler_of_the_server_work(case, kind, collector, tmp_path):
    program = OPTED_IN.format(kind=kind, port=collector.port)
    (tmp_path / "main.py").write_text(program, encoding="utf-8")
    port = free_port()
    with serving(case, tmp_path, port) as server:
        for number in range(BEFORE):
            server.get(f"before-{number}")
        server.terminate_while_responding(case.in_progress, SIGNS[case.server])
    assert list(server.statuses.values()) == [200] * (BEFORE + case.in_progress), server.log
    assert arrived(collector) == sorted(server.statuses), server.log
    # CPython reports a signal that comes after asyncio has closed its wakeup descriptor.
    assert "Traceback" not in server.log.partition("signal wakeup fd")[0]


@pytest.mark.skipif(find_spec("gunicorn.workers.gasgi") is None, reason="gunicorn before 24")
@pytest.mark.parametrize("kind", KINDS)
def test_the_asgi_workers_of_gunicorn_run_exit_handlers(kind, collector, tmp_path):
    program = OPTED_IN.format(kind=kind, port=collector.port)
    program = program.replace("emitter.flush_on_sigterm()\n", "")
    (tmp_path / "main.py").write_text(program, encoding="utf-8")
    assert "`asgi`" in GUIDE
    port = free_port()
    case = Case("gunicorn", "slow_asgi:app --workers 2 -k asgi", 4, "")
    with serving(case, tmp_path, port) as server:
        # uvloop forgets a signal that comes while a worker loads the application.
        wait_until(lambda: server.log.count("ASGI server listening") == 2)
        for number in range(BEFORE):
            server.get(f"before-{number}")
        server.terminate_while_responding(case.in_progress, SIGNS["gunicorn"])
    assert list(server.statuses.values()) == [200] * (BEFORE + case.in_progress), server.log
    assert arrived(collector) == sorted(server.statuses), server.log


def test_flush_on_sigterm_leaves_the_handler_of_uwsgi_alone(collector, tmp_path):
    path = write_program("wsgi.py", tmp_path, collector.port)
    program = path.read_text(encoding="utf-8")
    path.write_text(f"{program}\ntracker.emitters[0].flush_on_sigterm()\n", encoding="utf-8")
    port = free_port()
    case = Case("pyuwsgi", "--module slow_wsgi:app", 1, "")
    with serving(case, tmp_path, port) as server:
        server.terminate_while_responding(1, SIGNS["pyuwsgi"])
    assert server.statuses == {"slow-0": 200}, server.log
    assert arrived(collector) == ["slow-0"]
    assert "the handler of SIGTERM is not Python's" in server.log


@pytest.mark.parametrize("kind", KINDS)
def test_the_server_of_flask_delivers_by_flush_on_sigterm(kind, collector, tmp_path):
    pytest.importorskip("flask")
    path = write_program("wsgi.py", tmp_path, collector.port, AsyncEmitter=kind)
    program = path.read_text(encoding="utf-8")
    path.write_text(f"{program}\ntracker.emitters[0].flush_on_sigterm()\n", encoding="utf-8")
    assert "`flask run`" in GUIDE
    port = free_port()
    flask = module("flask", "--app", "wsgi:app", "run", "--port", str(port))
    with running(flask, tmp_path, port) as server:
        for number in range(BEFORE):
            server.get(f"before-{number}")
        server.process.terminate()
        assert server.process.wait(20) == -signal.SIGTERM
    assert list(server.statuses.values()) == [200] * BEFORE
    assert arrived(collector) == sorted(server.statuses), server.log
