"""The program of Django's page, in a project that Django has made, on real servers."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from tests.docs.pages import PAGES
from tests.servers.harness import UWSGI, arrived, free_port, module, running, write_program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.harness import Server

    from snowplow_tracker.collector import CollectorServer

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX"),
    pytest.mark.skipif(find_spec("django") is None, reason="no Django here"),
    pytest.mark.processes,
]

PAGE = PAGES["docs/guides/frameworks/django.md"]
ADDED_TO_ASGI = re.findall(r"^- `(.+)`$", PAGE, re.MULTILINE)
BEFORE = 5


@pytest.fixture
def project(collector: CollectorServer, tmp_path: Path) -> Path:
    command = module("django", "startproject", "shop", str(tmp_path))
    subprocess.run(command, check=True, capture_output=True)
    write_program("shop/urls.py", tmp_path, collector.port)
    with (tmp_path / "shop" / "asgi.py").open("a", encoding="utf-8") as asgi:
        asgi.write("".join(f"{line}\n" for line in ADDED_TO_ASGI))
    return tmp_path


def respond_and_end(server: Server, in_progress: int, sign: str) -> None:
    for number in range(BEFORE):
        server.get(f"before-{number}")
    server.terminate_while_responding(in_progress, sign)
    assert list(server.statuses.values()) == [200] * (BEFORE + in_progress), server.log


@pytest.mark.parametrize(
    ("options", "in_progress"),
    [
        ("--workers 2", 2),
        ("--threads 4 -k gthread --preload", 4),
        ("-k gevent", 4),
    ],
)
def test_each_event_of_a_response_arrives_under_gunicorn(options, in_progress, collector, project):
    pytest.importorskip("gunicorn")
    kind = re.search(r"-k (\w+)", options)
    assert f"`{kind[0]}`" in PAGE if kind else "`gunicorn shop.wsgi`" in PAGE
    port = free_port()
    command = module("gunicorn", "slow_wsgi:app", *options.split(), "-b", f"127.0.0.1:{port}")
    with running(command, project, port, "shop.wsgi:application") as server:
        respond_and_end(server, in_progress, "Handling signal: term")
    assert arrived(collector) == sorted(server.statuses), server.log
    assert "Traceback" not in server.log


def test_each_event_of_a_response_arrives_under_uvicorn(collector, project):
    assert len(ADDED_TO_ASGI) == 2
    assert "`uvicorn shop.asgi:application`" in PAGE
    port = free_port()
    command = module("uvicorn", "slow_asgi:app", "--host", "127.0.0.1", "--port", str(port))
    with running(command, project, port, "shop.asgi:application") as server:
        respond_and_end(server, 4, "Shutting down")
    assert arrived(collector) == sorted(server.statuses), server.log


@pytest.mark.skipif(find_spec("pyuwsgi") is None, reason="no uWSGI here")
def test_each_event_of_a_response_arrives_under_uwsgi(collector, project):
    port = free_port()
    command = [*UWSGI, "--module", "slow_wsgi:app", "--http-socket", f"127.0.0.1:{port}"]
    with running([*command, "--threads", "4"], project, port, "shop.wsgi:application") as server:
        respond_and_end(server, 4, "graceful shutdown triggered")
    assert arrived(collector) == sorted(server.statuses), server.log
