"""Every class and function accepts the calls that the same one of 0.x and 1.x accepts."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.compat.signatures_program import parameters

from snowplow_tracker import PageView, Payload, Tracker

pytestmark = pytest.mark.processes

PROGRAM = Path(__file__).with_name("signatures_program.py")
VERSIONS = ["1.1.0", "0.10.0"]
KINDS = ["Emitter", "AsyncEmitter"]

# What is called, and how that differs from the original on purpose.
DIFFERENCES = {
    "1.1.0": {
        "tracker.Tracker": "takes the parameters of both versions, in either order",
        "emitter_configuration.EmitterConfiguration": "no dict shared between configurations",
        "tracker.Tracker.complete_payload": "takes 0.x's `pb` too, so `event` need not be given",
        "snowplow.Snowplow.create_tracker": "no configuration shared between trackers",
        **{f"emitters.{kind}": "no dict shared between emitters" for kind in KINDS},
    },
    "0.10.0": {
        "tracker.Tracker": "takes the parameters of both versions, in either order",
        "tracker.Tracker.track": "the first parameter is 1.1.0's `event`; `pb` is taken by name",
        "tracker.Tracker.complete_payload": "as `track`, and what was required need not be given",
        **{f"emitters.{kind}": "1.1.0's protocol, method and batch_size" for kind in KINDS},
        **{f"emitters.{kind}.as_collector_uri": "1.1.0's protocol and method" for kind in KINDS},
        "celery.celery_emitter.CeleryEmitter": "1.1.0's method",
        "celery.celery_emitter.CeleryEmitter.as_collector_uri": "1.1.0's protocol and method",
    },
}

Parameters = list[tuple[str, str, str]] | None


@cache
def originals(version: str) -> dict[str, Parameters]:
    folder = Path(sys.prefix, "originals", version)
    if not folder.is_dir():
        pytest.skip(f"snowplow-tracker {version}: not in {folder}. Run: make originals")
    command = [sys.executable, str(PROGRAM), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return {
        path.removeprefix("snowplow_tracker."): signature and [tuple(one) for one in signature]
        for path, signature in found.items()
    }


def ours(path: str) -> Any:
    return pkgutil.resolve_name(f"snowplow_tracker.{path}")


def takes_all_calls(mine: Parameters, theirs: Parameters) -> bool:
    """Whether each of their parameters has its place, name and default, and no other is needed."""
    mine, theirs = mine or [], theirs or []
    same = [one for one, other in zip(mine, theirs, strict=False) if is_alike(one, other)]
    return len(same) == len(theirs) and not any(
        default == "required" and not kind.startswith("VAR")
        for _, kind, default in mine[len(same) :]
    )


def is_alike(mine: tuple[str, str, str], theirs: tuple[str, str, str]) -> bool:
    # Nobody gives `self` by name, and native methods take it by position alone.
    return mine == theirs or mine[0] == theirs[0] == "self"


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_public_is_there(version):
    missing = [path for path in originals(version) if not is_there(path)]
    assert missing == []


def is_there(path: str) -> bool:
    try:
        ours(path)
    except (AttributeError, ImportError):
        return False
    return True


@pytest.mark.parametrize("version", VERSIONS)
def test_parameters_have_the_originals_places_names_and_defaults(version):
    differing = {
        path
        for path, theirs in originals(version).items()
        if theirs is not None and not takes_all_calls(parameters(ours(path)), theirs)
    }
    assert differing == set(DIFFERENCES[version])


def test_both_names_of_the_first_parameter_are_taken(tracker, inbox):
    assert tracker.track(event=PageView("u")) == inbox.events[0]["eid"]
    assert tracker.track(pb=Payload({"e": "pv"})) is tracker
    assert inbox.events[1] == {"e": "pv"}


@pytest.mark.parametrize("bad", [{}, {"event": None}, {"bogus": 1}])
def test_a_call_without_an_event_is_an_error(tracker, inbox, bad):
    with pytest.raises((TypeError, AttributeError)):
        Tracker.track(tracker, **bad)
    assert inbox.events == []
