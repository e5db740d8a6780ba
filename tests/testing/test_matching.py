"""Parts of data, types, patterns and matchers as expected values."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timezone
from decimal import Decimal
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowplow_tracker.testing.matching import difference

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
WHEN = datetime(2024, 2, 29, 12, tzinfo=timezone.utc)


@given(JSON)
def test_a_value_does_not_differ_from_itself(value):
    assert difference(value, value, "data", exact=True) is None


@given(st.dictionaries(st.text(), JSON, min_size=1), st.data())
def test_a_part_fits_and_any_other_value_does_not(whole, data):
    key = data.draw(st.sampled_from(sorted(whole)))
    assert difference({key: whole[key]}, whole, "data") is None
    assert difference({key: [whole[key]]}, whole, "data") is not None
    assert difference({}, whole, "data", exact=True) is not None


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (..., {"any": "value"}),
        ({"plan": ...}, {"plan": None}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}),
        ([1, ...], [1, 2, 3]),
        ([...], []),
        ((1, 2), [1, 2]),
        (int, 5),
        (float, 5),
        (bool, True),
        (str, "text"),
        (dict, {}),
        (object, True),
        (re.compile("^[a-z]+$"), "text"),
        (ANY, None),
        (pytest.approx(0.3), 0.1 + 0.2),
        (5, 5.0),
        (WHEN, "2024-02-29T12:00:00+00:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal("1.5"), 1.5),
        ({"when": WHEN}, {"when": "2024-02-29T12:00:00+00:00"}),
    ],
)
def test_fits(expected, actual):
    assert difference(expected, actual, "data") is None


@pytest.mark.parametrize(
    ("expected", "actual", "text"),
    [
        ({"plan": "pro"}, {"plan": "free"}, "data.plan: expected 'pro', got 'free'"),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "data.a.b: expected 1, got 2"),
        (
            {"plann": "pro"},
            {"plan": "pro"},
            "data.plann: expected 'pro', but there is none; did you mean 'plan'?",
        ),
        ({"a": 1}, [1], "data: expected an object, got [1]"),
        ({"a": 1}, None, "data: expected an object, got None"),
        ([1, 2], [1, 3], "data[1]: expected 2, got 3"),
        ([1], [1, 2], "data: expected 1 item, got 2"),
        ([1, 2, ...], [1], "data: expected at least 2 items, got 1"),
        ([1], {"a": 1}, "data: expected a list, got {'a': 1}"),
        (int, True, "data: expected int, got True"),
        (int, 1.5, "data: expected int, got 1.5"),
        (True, 1, "data: expected True, got 1"),
        (1, True, "data: expected 1, got True"),
        (None, 0, "data: expected None, got 0"),
        ("1", 1, "data: expected '1', got 1"),
        (re.compile("^x"), "text", "data: expected /^x/, got 'text'"),
        (re.compile("x"), 5, "data: expected /x/, got 5"),
        (WHEN, "2024", f"data: expected {WHEN!r}, got '2024'"),
    ],
)
def test_differs(expected, actual, text):
    assert difference(expected, actual, "data") == text


def test_exactly_has_no_other_keys_on_any_level():
    found = difference({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, "data", exact=True)
    assert found == "data.a.c: not expected, got 2"
