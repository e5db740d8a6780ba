"""Values that JSON cannot represent: NaN, infinities and lone surrogates; and their warning."""

from __future__ import annotations

import json
import logging
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowplow_tracker import PageView, SelfDescribing, SelfDescribingJson, _native
from snowplow_tracker._logging import RateLimitedLogger

LOGGER = "snowplow_tracker.tracker"
SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"
TEXTS = [
    ("\ud800", "\ufffd"),
    ("a\udfffb", "a\ufffdb"),
    ("\ud83d\ude00", "\U0001f600"),
    ("\ude00\ud83d", "\ufffd\ufffd"),
    ("\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
    ('"\ud800\n', '"\ufffd\n'),
]


@pytest.fixture
def warnings(caplog, monkeypatch):
    """The texts that are logged, none held back because of an earlier test."""
    fresh = RateLimitedLogger(logging.getLogger(LOGGER))
    monkeypatch.setattr("snowplow_tracker.tracker._loss", fresh)
    caplog.set_level(logging.WARNING, LOGGER)
    return lambda: [record.getMessage() for record in caplog.records if record.name == LOGGER]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -math.nan])
def test_numbers_that_are_not_finite_become_null(number):
    assert _native.dumps({"a": [number, 1.5]}).decode() == '{"a":[null,1.5]}'


@pytest.mark.parametrize(("text", "repaired"), TEXTS)
def test_lone_surrogates_become_the_replacement_character(text, repaired):
    assert json.loads(_native.dumps({text: [text]})) == {repaired: [repaired]}


@given(st.text(st.characters(min_codepoint=0xD700, max_codepoint=0xE0FF) | st.just("\U0001f600")))
def test_any_text_can_be_read_back_with_surrogates_replaced(text):
    utf16 = text.encode("utf-16-le", "surrogatepass")
    assert json.loads(_native.dumps(text)) == utf16.decode("utf-16-le", "replace")


@pytest.mark.parametrize(("text", "repaired"), TEXTS)
def test_surrogates_in_plain_fields_are_repaired(fields, text, repaired):
    sent = fields(PageView("https://a.b", page_title=text), app_id=text)
    assert (sent["page"], sent["aid"]) == (repaired, repaired)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_null_in_data_and_contexts(fields, number):
    thing = SelfDescribingJson(SCHEMA, {"n": number})
    sent = fields(SelfDescribing(thing, context=[thing]))
    assert sent["data"]["data"] == {"n": None}
    assert sent["contexts"] == [{"schema": SCHEMA, "data": {"n": None}}]


@pytest.mark.parametrize(
    ("data", "hint"), [(math.nan, "NaN"), (math.inf, "NaN"), ("\ud800", "U+FFFD")]
)
def test_each_loss_is_logged_once_a_minute(tracker, warnings, data, hint):
    for _ in range(5):
        tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, {"v": data})))
    [warning] = warnings()
    assert hint in warning


def test_a_warning_comes_again_after_a_minute_with_the_count_held_back(
    tracker, warnings, monkeypatch
):
    now = 1000.0
    monkeypatch.setattr("snowplow_tracker._logging.time.monotonic", lambda: now)
    for now in (1000.0, 1001.0, 1059.0, 1061.0):  # noqa: B007
        tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, {"v": math.nan})))
    first, second = warnings()
    assert first in second
    assert "2 more" in second


def test_what_json_can_say_is_not_warned_about(tracker, warnings):
    data: Any = {"n": [1.5, 10**40], "t": "\ud83d\ude00é\x00"}
    tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, data)))
    assert warnings() == []


def test_a_plain_field_with_a_lone_surrogate_is_warned_about(tracker, warnings):
    tracker.track(PageView("https://a.b", page_title="\ud800"))
    assert len(warnings()) == 1
