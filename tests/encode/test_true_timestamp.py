"""True timestamps that are not plain numbers."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from snowplow_tracker import PageView, SelfDescribing, SelfDescribingJson, Tracker

IST = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("given", "milliseconds"),
    [
        (datetime(2024, 1, 1, tzinfo=timezone.utc), 1704067200000),
        (datetime(2024, 1, 1, 5, 30, 0, 1999, IST), 1704067200001),
        (pd.Timestamp("2024-01-01T00:00:00.001Z"), 1704067200001),
        (datetime(1969, 12, 31, 23, 59, 59, tzinfo=timezone.utc), -1000),
        (np.int64(1704067200000), 1704067200000),
        (Decimal("5.5"), 5),
    ],
)
def test_a_time_with_a_zone_and_a_number_are_taken(fields, given, milliseconds):
    for event in (
        PageView("https://a.b", true_timestamp=given),
        SelfDescribing(SelfDescribingJson("iglu:a/b/jsonschema/1-0-0", {}), true_timestamp=given),
    ):
        assert int(fields(event)["ttm"]) == milliseconds


@pytest.mark.parametrize(
    "given",
    [datetime(2024, 1, 1), date(2024, 1, 1), pd.Timestamp("2024"), np.datetime64("2024-01-01")],  # noqa: DTZ001
)
def test_a_time_without_a_zone_is_a_value_error(tracker, sink, given):
    with pytest.raises(ValueError, match="true_timestamp must have a time zone"):
        tracker.track(PageView("https://a.b", true_timestamp=given))
    assert sink.events == []


@pytest.mark.parametrize(
    "given", [pd.NaT, pd.NA, np.datetime64("NaT", "s"), Decimal("NaN"), "text"]
)
def test_a_missing_time_is_left_out(fields, given):
    event = PageView("https://a.b", true_timestamp=given)
    assert "ttm" not in fields(event)


def test_the_attribute_stays_as_given_and_may_be_set(fields):
    moment = datetime(2024, 1, 1, tzinfo=timezone.utc)
    event = PageView("https://a.b")
    attributes: Any = event
    attributes.true_timestamp = moment
    assert attributes.true_timestamp is moment
    assert int(fields(event)["ttm"]) == 1704067200000


def test_deprecated_methods_take_it_too(sink):
    tracker: Any = Tracker("ns", getattr(sink, "emitter", sink))
    with pytest.warns(DeprecationWarning, match="track_page_view"):
        tracker.track_page_view("https://a.b", tstamp=datetime(2024, 1, 1, tzinfo=timezone.utc))
    assert int(sink.events[0]["ttm"]) == 1704067200000
