"""Options of a write, and values of rows. Neither needs Spark."""

from __future__ import annotations

import pickle
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from tests.docs.pages import PAGES

from snowplow_tracker.spark.options import SparkOptions
from snowplow_tracker.spark.rows import RowError, records_of_rows


class Row(dict[str, Any]):
    """Has the method of PySpark's rows that matters."""

    def asDict(self) -> dict[str, Any]:  # noqa: N802
        return dict(self)


def parse(**options: str) -> SparkOptions:
    return SparkOptions.parse({"collector": "c", **options})


def test_options_are_texts():
    options = parse(
        appId="shop",
        columns="a, b",
        map="x=a,subject.user_id=b",
        types="a=integer",
        entities='[{"schema": "iglu:v/n/jsonschema/1-0-0", "columns": ["a"]}]',
        schema="iglu:v/n/jsonschema/1-0-0",
        idFrom="a,b",
        keepNull="true",
        rate="1000",
        parallelism="8",
        batchSize="50",
        giveUpAfter="10m",
    )
    assert options.encoder == {
        "app_id": "shop",
        "schema": "iglu:v/n/jsonschema/1-0-0",
        "columns": ["a", "b"],
        "map": {"x": "a", "subject.user_id": "b"},
        "types": {"a": "integer"},
        "entities": [("iglu:v/n/jsonschema/1-0-0", ["a"])],
        "keep_null": True,
        "id_from": ["a", "b"],
    }
    assert options.sender == {"batch_size": 50, "give_up_after": 600, "rate": 125}
    assert pickle.loads(pickle.dumps(options)) == options


def test_the_page_lists_every_option():
    with pytest.raises(ValueError, match="known: ") as raised:
        parse(noSuchOption="1")
    known = re.search(r"known: (.*)\)", str(raised.value))
    assert known is not None
    table = PAGES["docs/guides/spark.md"].partition("\n## Options\n")[2]
    names = [
        re.findall(r"`(\w+)`", row) for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    ]
    assert sorted(name for row in names for name in row) == sorted(known[1].split(", "))


def test_upper_case_makes_no_difference():
    assert parse(APPID="shop", maxdead="3").max_dead == 3


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"colector": "x"}, "unknown option 'colector' (known: appId, batchSize, collector"),
        ({"threads": "many"}, "option 'threads': 'many': "),
        ({"giveUpAfter": "soon"}, "option 'giveUpAfter': 'soon': not a duration"),
        ({"keepNull": "1"}, "option 'keepNull': '1': neither true nor false"),
        ({"entities": '{"schema": "x"}'}, 'expected [{"schema": URI'),
        ({"rate": "10"}, "add 'parallelism'"),
        ({"schema": "acme"}, "schema: 'acme' is not iglu:"),
        ({"schema": "iglu:v/n/jsonschema/1-0-0", "types": "a=int"}, "types: a is 'int'"),
    ],
)
def test_a_wrong_option_is_an_error_of_the_driver(options, reason):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        parse(**options)
    assert reason in str(caught.value)


def test_the_collector_is_required():
    with pytest.raises(ValueError, match="option 'collector' is missing"):
        SparkOptions.parse({})


def record(is_flat: bool = True, keep_null: bool = False, **row: Any) -> Any:
    [found] = records_of_rows([Row(row)], is_flat=is_flat, keep_null=keep_null)
    return found


VALUES = [
    (Decimal("12.50"), 12.5),
    (Decimal("0.1"), 0.1),
    (Decimal(12345678901234567890), 12345678901234567890),
    (date(2024, 2, 29), "2024-02-29"),
    (datetime(2024, 2, 29, 14, tzinfo=timezone(timedelta(hours=2))), "2024-02-29T12:00:00Z"),
    (Row(a=Row(b=Decimal(1), c=None)), {"a": {"b": 1}}),
    ({1: [date(2024, 1, 1)]}, {"1": ["2024-01-01"]}),
]


@pytest.mark.parametrize(("value", "expected"), VALUES)
def test_values_are_those_of_json(value, expected):
    found = record(x=value)
    assert found == {"x": expected}
    assert type(found["x"]) is type(expected)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "x: JSON has no nan"),
        ([float("inf")], "x: JSON has no inf"),
        (bytearray(b"x"), "x: JSON has no bytearray"),
        (timedelta(1), "x: JSON has no timedelta"),
        (Decimal("0.12345678901234567890"), "x: 0.12345678901234567890 has more digits"),
        (Row(a=b"x"), "x.a: JSON has no bytes"),
    ],
)
def test_values_that_json_has_not_are_refused(value, reason):
    found = record(x=value)
    assert isinstance(found, RowError)
    assert str(found).startswith(reason)


def test_nulls_are_left_out_unless_the_data_should_have_them():
    assert record(a=None, b=Row(c=None)) == {"b": {}}
    assert record(a=None, b=Row(c=None), keep_null=True) == {"a": None, "b": {"c": None}}
    assert record(a=None, b=Row(c=None), keep_null=True, is_flat=False) == {"b": {"c": None}}
