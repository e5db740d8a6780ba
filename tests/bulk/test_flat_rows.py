"""Rows of a table as self-describing events."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.flat import types_of_schema
from snowplow_tracker.bulk.records import RecordEncoder

SCHEMA = "iglu:com.acme/order/jsonschema/1-0-0"
USER = "iglu:com.acme/user/jsonschema/1-0-0"
ROW = {"id": "17", "total": "12.5", "paid": "yes", "user": "u", "plan": "free", "note": None}


def encode(row: dict[str, Any] = ROW, **settings: Any) -> dict[str, str]:
    return RecordEncoder(schema=SCHEMA, **settings).encode(row)


def data(payload: dict[str, str]) -> Any:
    event = json.loads(base64.urlsafe_b64decode(payload["ue_px"]))["data"]
    assert event["schema"] == SCHEMA
    return event["data"]


def test_all_columns_with_a_value_are_data():
    assert data(encode()) == {key: value for key, value in ROW.items() if value is not None}
    assert data(encode(keep_null=True)) == ROW


def test_only_the_chosen_columns_are_data():
    assert data(encode(columns=["total", "id"])) == {"total": "12.5", "id": "17"}


def test_a_column_that_a_row_lacks_is_an_error_unless_it_may():
    with pytest.raises(RecordError, match=r"totl: no such column \(columns: id, total, .*totl\?"):
        encode(columns=["totl"])
    assert data(encode(columns=["id", "totl?"])) == {"id": "17"}


def test_columns_may_be_named_otherwise_or_say_more_than_data():
    renamed = {"order_id": "id", "subject.user_id": "user", "event_id": "plan", "data.app_id": "id"}
    payload = encode(map=renamed)
    assert payload["uid"] == "u"
    assert payload["eid"] == encode(id_from="plan")["eid"]
    assert data(payload) == {"order_id": "17", "app_id": "17", "total": "12.5", "paid": "yes"}
    with pytest.raises(ValueError, match="unknown subject 'user'"):
        encode(map={"subject.user": "user"})


def test_text_is_converted_by_type():
    types = {"id": "integer", "total": "number", "paid": "boolean", "note": "json"}
    assert data(encode(types=types)) == {
        "id": 17,
        "total": 12.5,
        "paid": True,
        "user": "u",
        "plan": "free",
    }
    assert data(
        encode({"id": "17.0", "total": 1, "note": "[1]"}, types={**types, "x": "string"})
    ) == {
        "id": 17,
        "total": 1,
        "note": [1],
    }


@pytest.mark.parametrize(
    ("text", "kind"),
    [("1.5", "integer"), ("x", "number"), ("nan", "number"), ("2", "boolean"), ("NaN", "json")],
)
def test_text_that_is_not_of_its_type_is_refused(text, kind):
    with pytest.raises(RecordError, match=f"^c: '{text}': "):
        encode({"c": text}, types={"c": kind})


def test_an_unknown_type_is_an_error_of_the_settings():
    with pytest.raises(ValueError, match="types: c is 'int', expected one of string, integer"):
        RecordEncoder(schema=SCHEMA, types={"c": "int"})


def test_columns_may_make_an_entity():
    payload = encode(entities=[(USER, ["user", "plan"])], columns=None)
    contexts = json.loads(base64.urlsafe_b64decode(payload["cx"]))["data"]
    assert contexts == [{"schema": USER, "data": {"user": "u", "plan": "free"}}]
    assert data(payload) == {"id": "17", "total": "12.5", "paid": "yes"}


def test_an_entity_without_a_value_is_left_out():
    assert "cx" not in encode(entities=[(USER, ["note", "more?"])])


def test_a_row_may_have_columns_named_like_the_keys_of_other_records():
    row = {"event": "clicked", "schema": "public", "data": "x", "e": "1", "p": "2"}
    assert data(encode(row)) == row


def test_types_come_from_a_schema():
    kinds = {"a": "integer", "b": ["number", "null"], "c": ["string", "integer"], "d": "object"}
    properties = {name: {"type": kind} for name, kind in kinds.items()}
    found = types_of_schema({"properties": {**properties, "e": {"enum": [1]}}})
    assert found == {"a": "integer", "b": "number", "d": "json"}
