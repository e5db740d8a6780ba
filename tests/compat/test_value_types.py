"""The types of an event's values wherever a program sees them: as given, or as text."""

from __future__ import annotations

import logging
import math
from decimal import Decimal
from typing import Any

import pytest

from snowplow_tracker import Emitter, InMemoryEventStore, PageView, StructuredEvent, Tracker

NAMES = ("se_va", "dtm", "ttm", "vid")
EVENT = StructuredEvent("c", "a", value=1.5, true_timestamp=12.9)


class Answering(Emitter):
    """Sends nowhere, and is answered 200."""

    def __init__(self, method: Any, **settings: Any) -> None:
        super().__init__("127.0.0.1:9", method=method, batch_size=1, **settings)

    def http_post(self, data: Any) -> int:  # noqa: ARG002
        return 200

    def http_get(self, payload: Any) -> int:  # noqa: ARG002
        return 200


def track(emitter: Any, event: Any = EVENT) -> None:
    tracker = Tracker("ns", emitter)
    assert tracker.subject is not None
    tracker.subject.set_domain_session_index(3)
    tracker.track(event)


def types(event: dict[str, Any]) -> list[type]:
    return [type(event[name]) for name in NAMES]


def test_a_custom_emitter_has_them_as_they_were_given(inbox):
    track(inbox)
    assert types(inbox.events[0]) == [float, int, int, int]


@pytest.mark.parametrize(
    ("method", "expected"), [("get", [float, int, int, int]), ("post", [str, str, str, str])]
)
def test_callbacks_have_them_as_given_for_get_and_as_text_for_post(method, expected):
    called: list[Any] = []
    track(Answering(method, on_success=called.extend))
    assert types(called[0]) == expected
    assert str(called[0]["se_va"]) == "1.5"


def test_a_store_has_them_as_text():
    store = InMemoryEventStore(logging.getLogger("test"))
    track(Emitter("127.0.0.1:9", event_store=store))
    assert types(store.event_buffer[0]) == [str, str, str, str]
    assert store.event_buffer[0]["ttm"] == "12"


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("value", [math.nan, math.inf, Decimal("NaN")])
def test_a_number_that_is_none_is_left_out_everywhere(inbox, method, value):
    called: list[Any] = []
    for emitter in (inbox, Answering(method, on_success=called.extend)):
        track(emitter, StructuredEvent("c", "a", value=value))
    assert not [sent for sent in (*inbox.events, *called) if "se_va" in sent]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_lone_surrogate_is_replaced_everywhere(inbox, method):
    called: list[Any] = []
    for emitter in (inbox, Answering(method, on_success=called.extend)):
        track(emitter, PageView("u", "a\ud800b"))
    assert [sent["page"] for sent in (*inbox.events, *called)] == ["a\ufffdb"] * 2
