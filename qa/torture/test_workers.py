"""Short forms of the scenarios of `make torture` with servers, pools and green threads."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from typing import Any

import pytest
from qa.torture import celery_workers, green_threads, pools, redis_workers, web_servers

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform != "linux", reason="kills, forks and uWSGI"),
]
needs_redis = pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server")

FEW: dict[str, Any] = {"responses": 200}
# Those that take no time of their own.
QUICK = ["503", "cuts answer", "cuts body", "garbage"]


def need(library: str) -> None:
    """Skip a test without a library. Importing it here would hook this very process."""
    if find_spec(library) is None:
        pytest.skip(f"no {library} here")


@pytest.mark.parametrize("preload", [False, True])
def test_gunicorn_with_green_threads_loses_nothing(tmp_path, preload):
    need("gevent")
    how: dict[str, Any] = {"kind": "AsyncEmitter", "worker": "gevent", "preload": preload}
    assert web_servers.gunicorn(tmp_path, 1, **how, **FEW).problems == []


@pytest.mark.parametrize("lazy", [False, True])
def test_uwsgi_loses_nothing(tmp_path, lazy):
    need("pyuwsgi")
    how: dict[str, Any] = {"kind": "AsyncEmitter", "threads": 2, "lazy": lazy}
    assert web_servers.uwsgi(tmp_path, 1, **how, **FEW).problems == []


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_killed_workers_of_uvicorn_lose_nothing_of_the_durable_store(tmp_path, kind):
    how: dict[str, Any] = {"kind": kind, "workers": 2, "kills": 1}
    assert web_servers.uvicorn(tmp_path, 1, **how, **FEW).problems == []


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("close_and_join", "spawn"),
        ("with_close_and_join", "fork"),
        ("flushed_and_terminated", "forkserver"),
        ("terminated", "fork"),
        ("executor", "spawn"),
    ],
)
def test_a_pool_loses_nothing(tmp_path, name, method):
    how: dict[str, Any] = {"kind": "AsyncEmitter", "name": name, "method": method}
    assert pools.pool(tmp_path, 1, **how, jobs=12, count=21).problems == []


@pytest.mark.parametrize("library", green_threads.LIBRARIES)
@pytest.mark.parametrize(("kind", "kills"), [("Emitter", 0), ("AsyncEmitter", 1)])
def test_green_threads_lose_nothing(tmp_path, library, kind, kills):
    need(library)
    how: dict[str, Any] = {
        "kind": kind,
        "library": library,
        "moment": "after import",
        "kills": kills,
    }
    few: dict[str, Any] = {"threads": 20, "count": 40, "faults": QUICK}
    assert green_threads.green_threads(tmp_path, 1, **how, **few).problems == []


@needs_redis
@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_killed_redis_workers_lose_nothing(tmp_path, kind):
    few: dict[str, Any] = {"kills": 4, "count": 300, "seconds": 0.2}
    assert redis_workers.redis_workers(tmp_path, 1, kind=kind, **few).problems == []


@needs_redis
@pytest.mark.parametrize("pool", ["threads", "gevent", "eventlet"])
def test_celery_workers_lose_nothing(tmp_path, pool):
    if pool != "threads":
        need(pool)
    how: dict[str, Any] = {"kind": "AsyncEmitter", "pool": pool}
    assert celery_workers.celery(tmp_path, 1, **how, tasks=30).problems == []
