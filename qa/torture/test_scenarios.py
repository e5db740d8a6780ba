"""Short forms of the scenarios of `make torture`."""

from __future__ import annotations

import shutil
import sys
from typing import Any

import pytest
from qa.torture import certificates, clocks, disks, forking, killing, soak, storm_scenarios

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform != "linux", reason="kills, forks and /proc of Linux"),
]

# Those that take no time of their own.
QUICK = ["503", "cuts answer", "cuts body", "garbage", "413"]


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_storms_lose_nothing(tmp_path, kind):
    few: dict[str, Any] = {"events": 6_000, "count": 5, "seconds": 0.1, "kinds": QUICK}
    assert storm_scenarios.storms(tmp_path, 1, kind=kind, pause=0.02, **few).problems == []


def test_kills_lose_nothing_of_the_durable_store(tmp_path):
    assert killing.kills(tmp_path, 1, count=3).problems == []


@pytest.mark.parametrize(
    ("kind", "durable"), [("Emitter", False), ("AsyncEmitter", False), ("AsyncEmitter", True)]
)
def test_forks_lose_nothing(tmp_path, kind, durable):
    few = {"forks": 3, "threads": 3, "count": 50}
    assert forking.forks(tmp_path, 1, kind=kind, durable=durable, **few).problems == []


@pytest.mark.parametrize("method", ["fork", "forkserver"])
def test_processes_of_multiprocessing_lose_nothing(tmp_path, method):
    few: dict[str, Any] = {"method": method, "processes": 2, "count": 63}
    assert forking.multiprocesses(tmp_path, 1, kind="AsyncEmitter", **few).problems == []


def test_a_full_store_counts_what_it_refuses(tmp_path):
    assert disks.full_file(tmp_path, 1, count=800).problems == []


def test_a_locked_store_loses_nothing(tmp_path):
    assert disks.locked_file(tmp_path, 1, count=200, seconds=0.3).problems == []


def test_a_damaged_store_is_set_aside(tmp_path):
    damage = disks.overwrite_middle
    assert disks.damaged_file(tmp_path, 1, damage=damage, count=200).problems == []


def test_a_clock_that_is_set_back_delays_nothing(tmp_path):
    few: dict[str, Any] = {"kind": "AsyncEmitter", "durable": True, "count": 25}
    assert clocks.clock_set_back(tmp_path, 1, **few).problems == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_a_collector_with_a_bad_certificate_gets_nothing(tmp_path):
    assert certificates.bad_certificate(tmp_path, 1, kind="Emitter", count=10).problems == []


def test_full_speed_needs_no_more_memory_in_time(tmp_path):
    assert soak.soak(tmp_path, 1, minutes=1 / 90).problems == []
