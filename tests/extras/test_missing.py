"""The extras' modules can be imported without them, and cost nothing if unused."""

from __future__ import annotations

import subprocess
import sys

import pytest

import snowplow_tracker
from snowplow_tracker.celery import celery_emitter
from snowplow_tracker.redis import redis_emitter, redis_worker

WITHOUT = """
import sys
sys.modules |= dict.fromkeys(["celery", "gevent", "kombu", "redis"])  # None: not to be imported
import snowplow_tracker
snowplow_tracker.redis.redis_emitter, snowplow_tracker.redis.redis_worker
snowplow_tracker.celery.celery_emitter
from snowplow_tracker import CeleryEmitter, RedisEmitter, RedisWorker
try:
    eval(sys.argv[1])
except RuntimeError as error:
    print(error)
"""
LIGHT = """
import sys, snowplow_tracker
loaded = set(sys.modules)
from snowplow_tracker import CeleryEmitter, RedisEmitter, RedisWorker
assert not {"snowplow_tracker.celery", "snowplow_tracker.redis"} & loaded
assert not {"celery", "kombu", "redis"} & set(sys.modules)
"""


def in_a_fresh_interpreter(program: str, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("call", "extra"),
    [
        ("RedisEmitter()", "redis"),
        ("RedisEmitter(rdb=object())", "redis"),
        ("RedisWorker(RedisEmitter)", "redis"),
        ("CeleryEmitter('host')", "celery"),
    ],
)
def test_constructing_without_the_extra_names_what_to_install(call, extra):
    message = in_a_fresh_interpreter(WITHOUT, call)
    assert f"pip install 'snowplow-tracker-rs[{extra}]'" in message


def test_importing_loads_neither_the_extras_nor_their_modules():
    in_a_fresh_interpreter(LIGHT)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (celery_emitter, "CeleryEmitter"),
        (redis_emitter, "RedisEmitter"),
        (redis_worker, "RedisWorker"),
    ],
)
def test_a_name_is_one_thing_wherever_it_comes_from(module, name):
    subpackage = sys.modules[module.__package__]
    assert getattr(snowplow_tracker, name) is getattr(subpackage, name) is getattr(module, name)
    assert name in snowplow_tracker.__all__
    assert name in subpackage.__all__
    assert module.__all__ == [name]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'snowplow_tracker' has no attribute 'gevent'"):
        snowplow_tracker.gevent  # type: ignore[attr-defined]  # noqa: B018
