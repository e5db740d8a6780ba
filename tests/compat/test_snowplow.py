"""`Snowplow` creates trackers and finds them by namespace."""

from __future__ import annotations

import json
import logging
from inspect import signature
from typing import Any

import pytest
import requests
from tests.support import Inbox

from snowplow_tracker import (
    Emitter,
    EmitterConfiguration,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    Snowplow,
    Subject,
    Tracker,
    TrackerConfiguration,
)
from snowplow_tracker.event_store import InMemoryEventStore

ENDPOINT = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def no_trackers():
    Snowplow.reset()
    yield
    Snowplow.reset()


@pytest.fixture
def emitter_arguments(monkeypatch):
    arguments: dict[str, Any] = {}

    class Recorded(Emitter):
        def __init__(self, **settings: Any) -> None:
            arguments.update(settings)
            super().__init__(**settings)

    monkeypatch.setattr("snowplow_tracker.snowplow.Emitter", Recorded)
    return arguments


def tracker(namespace: str) -> Tracker:
    inbox: Any = Inbox()
    return Tracker(namespace, inbox)


def test_parameters_are_upstreams():
    assert list(signature(Snowplow.create_tracker).parameters) == [
        "namespace",
        "endpoint",
        "method",
        "app_id",
        "subject",
        "tracker_config",
        "emitter_config",
    ]


def test_a_created_tracker_is_found_by_its_namespace():
    created = Snowplow.create_tracker("ns", ENDPOINT)
    assert Snowplow.get_tracker("ns") is created
    assert created.get_namespace() == "ns"
    assert isinstance(created.emitters[0], Emitter)
    assert Snowplow.get_tracker("other") is None


def test_subject_and_encoding_reach_the_tracker():
    config = TrackerConfiguration(encode_base64=False, json_encoder=lambda z: [z.real, z.imag])
    created = Snowplow.create_tracker(
        "ns", ENDPOINT, "post", "app", Subject().set_user_id("jo"), config
    )
    inbox: Any = Inbox()
    created.emitters[:] = [inbox]
    created.track(SelfDescribing(SelfDescribingJson("iglu:a/b/jsonschema/1-0-0", {"z": 1 + 2j})))
    event = inbox.events[0]
    assert (event["aid"], event["uid"], event["tna"]) == ("app", "jo", "ns")
    assert json.loads(event["ue_pr"])["data"]["data"] == {"z": [1.0, 2.0]}


def test_every_setting_reaches_the_emitter(emitter_arguments):
    settings: dict[str, Any] = {
        "batch_size": 5,
        "on_success": lambda sent: None,  # noqa: ARG005
        "on_failure": lambda count, unsent: None,  # noqa: ARG005
        "byte_limit": 4000,
        "request_timeout": (1.0, 2.0),
        "buffer_capacity": 100,
        "custom_retry_codes": {500: False},
        "event_store": InMemoryEventStore(logging.getLogger("test")),
        "session": requests.Session(),
        "max_retry_delay_seconds": 120,
        "exit_timeout": 1.5,
        "when_full": "block",
        "block_timeout": 2.5,
        "custom_headers": {"X-A": "b"},
        "post_path": "com.acme/track",
        "get_path": "pixel",
        "server_anonymous": True,
    }
    config = EmitterConfiguration(**settings)
    Snowplow.create_tracker("ns", ENDPOINT, method="get", emitter_config=config)
    assert emitter_arguments == settings | {"endpoint": ENDPOINT, "method": "get"}


def test_buffer_capacity_bounds_the_store():
    config = EmitterConfiguration(buffer_capacity=3)
    emitter: Any = Snowplow.create_tracker("ns", ENDPOINT, emitter_config=config).emitters[0]
    assert emitter.event_store.buffer_capacity == 3


def test_trackers_share_no_default_settings(emitter_arguments):
    Snowplow.create_tracker("one", ENDPOINT)
    emitter_arguments["custom_retry_codes"][500] = False
    Snowplow.create_tracker("two", ENDPOINT)
    assert emitter_arguments["custom_retry_codes"] == {}


def test_no_endpoint_is_a_type_error():
    endpoint: Any = None
    with pytest.raises(TypeError, match="endpoint"):
        Snowplow.create_tracker("ns", endpoint)
    assert Snowplow.get_tracker("ns") is None


def test_an_empty_endpoint_is_a_value_error():
    with pytest.raises(ValueError, match="endpoint"):
        Snowplow.create_tracker("ns", "")
    assert Snowplow.get_tracker("ns") is None


def test_a_namespace_in_use_is_a_type_error():
    first = Snowplow.create_tracker("ns", ENDPOINT)
    with pytest.raises(TypeError, match="ns"):
        Snowplow.create_tracker("ns", ENDPOINT)
    for again in (tracker("ns"), first):
        with pytest.raises(TypeError, match="ns"):
            Snowplow.add_tracker(again)
    assert Snowplow.get_tracker("ns") is first


def test_an_added_tracker_is_returned_and_found():
    mine = tracker("mine")
    assert Snowplow.add_tracker(mine) is mine
    assert Snowplow.get_tracker("mine") is mine


def test_what_is_no_tracker_is_logged(caplog):
    stranger: Any = "ns"
    assert Snowplow.add_tracker(stranger) is None
    assert caplog.messages == ["tracker must be a Tracker, not added: 'ns'"]


def test_a_removed_tracker_is_forgotten_and_still_tracks():
    mine = Snowplow.add_tracker(tracker("mine"))
    Snowplow.remove_tracker(mine)
    assert Snowplow.get_tracker("mine") is None
    mine.track(PageView("https://a.b"))
    inbox: Any = mine.emitters[0]
    assert len(inbox.events) == 1


def test_removal_by_namespace_frees_it():
    Snowplow.add_tracker(tracker("ns"))
    Snowplow.remove_tracker_by_namespace("ns")
    again = tracker("ns")
    assert Snowplow.add_tracker(again) is again


@pytest.mark.parametrize("namespace", ["unknown", None])
def test_removing_an_unknown_namespace_is_logged(namespace, caplog):
    Snowplow.remove_tracker_by_namespace(namespace)
    Snowplow.remove_tracker(tracker("unknown"))
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert str(namespace) in caplog.messages[0]


def test_reset_forgets_all():
    for namespace in ("one", "two"):
        Snowplow.add_tracker(tracker(namespace))
    Snowplow.reset()
    assert Snowplow.get_tracker("one") is Snowplow.get_tracker("two") is None


def test_subclasses_share_the_registry():
    class Mine(Snowplow):
        _trackers = "mine"

    mine = Mine.add_tracker(tracker("ns"))
    assert Snowplow.get_tracker("ns") is Mine.get_tracker("ns") is mine
    Snowplow.reset()
    assert Mine.get_tracker("ns") is None
