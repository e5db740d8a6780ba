"""`Validator`: failures, hints, superseding, and bad data of any kind."""

from __future__ import annotations

import difflib
import json
import math
import string
import timeit
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.iglu.schemas import URI, order, schema, validator, write

from snowplow_tracker.iglu import (
    FolderRegistry,
    MemoryRegistry,
    Resolver,
    SchemaKey,
    StandardRegistry,
    Validator,
    suggestions,
)

ORDER = {
    "type": "object",
    "properties": {"targetUrl": {"type": "string"}, "price": {"type": "number"}},
    "required": ["targetUrl"],
    "additionalProperties": False,
}


def test_valid_data_has_no_failures():
    assert validator(ORDER).validate(order({"targetUrl": "x", "price": 1.5})) == []


def test_invalid_data():
    data = {"targetUrl": 5}
    [failure] = validator(ORDER).validate(order(data), "contexts")
    report = {
        "message": "$.targetUrl: integer found, string expected",
        "path": "$.targetUrl",
        "keyword": "type",
        "targets": ["integer", "string"],
    }
    assert failure.text == "contexts: order 1-0-0: $.targetUrl: integer found, string expected"
    assert failure.to_violation() == {
        "schemaKey": URI,
        "error": {"error": "ValidationError", "dataReports": [report]},
    }
    assert failure.to_json() == {
        "failureType": "ValidationError",
        "errors": [{**report, "source": "contexts"}],
        "schema": URI,
        "data": data,
    }


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ({"targetUrl": "x", "prize": 1}, 'did you mean "price"?'),
        ({"targetURL": "x"}, 'did you mean "targetUrl"'),
        ({"targetUrl": "x", "colour": 1}, None),
        ({"targetUrl": "x", "prize": 1, "price": 2}, None),  # price is there already
    ],
)
def test_a_name_that_resembles_another_is_suggested(data, hint):
    [failure] = validator(ORDER).validate(order(data))
    assert (failure.hint or "").startswith(hint or "")
    assert (failure.hint is None) == (hint is None)
    assert hint is None or failure.text.endswith(f"({failure.hint})")


def test_many_reports_are_one_line():
    [failure] = validator(ORDER).validate(order({str(i): "a\nb" for i in range(20)}))
    assert len(failure.errors) == 21
    assert failure.text.endswith("; and 16 more")
    assert "\n" not in failure.text


def test_an_unknown_schema():
    known = [schema({}, "1-0-0"), schema({}, "1-0-10"), schema({}, "1-0-9")]
    checker = Validator(Resolver([MemoryRegistry(known, name="A")]))
    [failure] = checker.validate({"schema": URI.replace("1-0-0", "2-0-0"), "data": {}})
    assert failure.type == "ResolutionError"
    assert failure.hint == "known versions: 1-0-0, 1-0-9, 1-0-10"
    [entry] = failure.to_violation()["error"]["lookupHistory"]
    assert entry.pop("lastAttempt").endswith("Z")
    assert entry == {"repository": "A", "errors": [{"error": "NotFound"}], "attempts": 1}
    [failure] = checker.validate({"schema": URI.replace("order", "oder"), "data": {}})
    assert failure.hint is not None
    assert failure.hint.startswith("did you mean iglu:com.acme/order/jsonschema/1-0-")


def test_a_broken_schema():
    [failure] = validator({"required": []}).validate(order({}))
    issue = {
        "path": "$.required",
        "message": "$.required: there must be a minimum of 1 items in the array",
    }
    assert failure.to_violation() == {
        "schemaKey": URI,
        "error": {"error": "ValidationError", "schemaIssues": [issue]},
    }
    assert failure.errors == [
        {
            "message": f"Invalid schema: {URI} - {issue['message']}",
            "source": "unstruct",
            "path": "$.required",
        }
    ]


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ({"schema": "iglu:a/b/jsonschema/0-0-1", "data": 1}, "INVALID_IGLUURI", "Invalid Iglu URI"),
        ({"schema": "x", "data": {}}, "INVALID_IGLUURI", "Invalid Iglu URI"),
        ({"schema": URI}, "INVALID_DATA_PAYLOAD", "Invalid data payload"),
        ({"schema": URI, "data": 1, "x": 1}, "INVALID_DATA_PAYLOAD", "Invalid data payload"),
        ([], "INVALID_DATA_PAYLOAD", "Invalid data payload"),
        (None, "INVALID_DATA_PAYLOAD", "Invalid data payload"),
        ({"schema": [], "data": 1}, "INVALID_DATA_PAYLOAD", "Invalid data payload"),
    ],
)
def test_what_is_not_self_describing(value, code, message):
    [failure] = validator({}).validate(value)
    assert failure.to_violation() == {"json": value, "error": code}
    assert failure.errors == [{"message": message, "source": "unstruct"}]


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_data_is_nested_in_at_most_40_levels():
    checker = validator({})
    assert checker.validate(order(nested(39))) == []  # and one of the envelope
    for levels in (40, 300, 100_000):
        [failure] = checker.validate(order(nested(levels)))
        assert failure.text == "unstruct: nested more than 40 levels"


def test_data_is_validated_with_the_version_that_supersedes_its_own():
    old = schema({"$supersededBy": "1-0-1", "type": "object", "additionalProperties": False})
    new = schema({"type": "object", "properties": {"a": {"type": "string"}}}, "1-0-1")
    checker = Validator(Resolver([MemoryRegistry([old, new])]))
    assert checker.validate(order({"a": ""})) == []
    [failure] = checker.validate(order({"a": 1}))
    assert failure.schema == URI
    assert failure.to_violation()["error"]["supersededBy"] == "1-0-1"


@pytest.mark.parametrize("version", ["1-0-0", "0-9-9", "x", 5, "1-0-1"])
def test_only_a_greater_version_supersedes(version):
    old = schema({"$supersededBy": version, "type": "string"})
    [failure] = Validator(Resolver([MemoryRegistry([old])])).validate(order(1))
    missing = version == "1-0-1"
    assert failure.type == ("ResolutionError" if missing else "ValidationError")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
own_schemas = st.dictionaries(
    st.sampled_from(
        [
            "type",
            "enum",
            "properties",
            "items",
            "required",
            "pattern",
            "format",
            "$ref",
            "not",
            "minimum",
            "anyOf",
            "oneOf",
            "dependencies",
            "multipleOf",
            "additionalProperties",
        ]
    ),
    json_values,
)


@given(json_values, own_schemas)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_data_and_no_schema_raises(data, rules):
    checker = validator(rules)
    for value in (data, order(data), {"schema": data, "data": data}):
        for failure in checker.validate(value):
            assert failure.text
            assert failure.to_json()["failureType"] == failure.type
            assert failure.to_violation()


@pytest.mark.parametrize("value", [math.nan, math.inf, {1: 2}, {"a": object()}, {1, 2}, b"x"])
def test_what_is_no_json_is_bad_or_checked_but_never_raises(value):
    for rules in ({}, {"type": "string"}, {"properties": {"a": {"type": "string"}}}):
        assert isinstance(validator(rules).validate(order(value)), list)


names = st.text(string.ascii_lowercase, min_size=1, max_size=4)
leaves = st.sampled_from(
    [
        ({"type": "string", "maxLength": 5}, st.text(max_size=5)),
        ({"type": "integer", "minimum": 0, "maximum": 9}, st.integers(0, 9)),
        ({"type": ["boolean", "null"]}, st.booleans() | st.none()),
        ({"enum": ["a", "b", 1]}, st.sampled_from(["a", "b", 1])),
        (
            {"type": "array", "items": {"type": "number"}, "minItems": 1},
            st.lists(st.integers(), min_size=1),
        ),
    ]
)


@given(st.data(), st.dictionaries(names, leaves, min_size=1, max_size=5))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_instance_of_a_closed_schema_is_valid_until_a_property_is_taken_out(data, fields):
    rules = {
        "type": "object",
        "properties": {name: field for name, (field, _) in fields.items()},
        "required": sorted(fields),
        "additionalProperties": False,
    }
    instance = {name: data.draw(values) for name, (_, values) in fields.items()}
    checker = validator(rules)
    assert checker.validate(order(instance)) == []
    missing = data.draw(st.sampled_from(sorted(fields)))
    del instance[missing]
    [failure] = checker.validate(order(instance))
    assert [(error["keyword"], error["targets"]) for error in failure.errors] == [
        ("required", [missing])
    ]


plain = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "number", "object", "array", "null", "boolean"]),
        "minLength": st.integers(0, 3),
        "maxLength": st.integers(0, 3),
        "minimum": st.integers(-3, 3),
        "maximum": st.integers(-3, 3),
        "minItems": st.integers(0, 2),
        "maxProperties": st.integers(0, 2),
        "required": st.lists(st.sampled_from("abc"), min_size=1, unique=True),
        "pattern": st.sampled_from(["^a", "b", "^[a-c]*$"]),
        "additionalProperties": st.booleans(),
        "properties": st.fixed_dictionaries({"a": st.just({"type": "string"})}),
        "items": st.just({"type": "integer"}),
        "anyOf": st.just([{"type": "string"}, {"required": ["b"]}]),
        "not": st.just({"type": "null"}),
    },
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "b", "abcd"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=5,
)


@given(plain, values)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_plain_keywords_judge_as_another_library_does(rules, value):
    assert jsonschema.Draft4Validator(rules).is_valid(value) == (
        validator(rules).validate(order(value)) == []
    )


def test_data_of_the_trackers_own_events_is_valid():
    vendor = "iglu:com.snowplowanalytics.snowplow"
    form = {"formId": "f", "elementId": "e", "nodeName": "INPUT", "value": "v", "type": "text"}
    focus = {key: value for key, value in form.items() if key != "type"} | {"elementType": "text"}
    item = {"sku": "s", "quantity": 2, "unitPrice": 1.5, "currency": "EUR"}
    events = {
        f"{vendor}/link_click/jsonschema/1-0-1": {"targetUrl": "x", "elementClasses": ["a"]},
        f"{vendor}/add_to_cart/jsonschema/1-0-0": item,
        f"{vendor}/remove_from_cart/jsonschema/1-0-0": item,
        f"{vendor}/change_form/jsonschema/1-0-0": form,
        f"{vendor}/focus_form/jsonschema/1-0-0": focus,
        f"{vendor}/submit_form/jsonschema/1-0-0": {"formId": "f", "formClasses": []},
        f"{vendor}/site_search/jsonschema/1-0-0": {"terms": ["a"], "totalResults": 3},
        f"{vendor}/screen_view/jsonschema/1-0-0": {"name": "a", "id": "b"},
        "iglu:com.snowplowanalytics.mobile/screen_view/jsonschema/1-0-0": {
            "name": "a",
            "id": "12345678-1234-1234-1234-123456789abc",
        },
    }
    checker = Validator(Resolver([StandardRegistry()]))
    for uri, data in events.items():
        assert checker.validate({"schema": uri, "data": json.loads(json.dumps(data))}) == []


def test_hostile_names_are_compared_with_few_others(monkeypatch):
    compared = []
    original = difflib.get_close_matches

    def count(name, known, **settings):
        compared.append(len(known))
        return original(name, known, **settings)

    monkeypatch.setattr(suggestions, "get_close_matches", count)
    rules = {"required": [f"needed{i}" for i in range(50)], "properties": {"a": {}}}
    [failure] = validator(rules).validate(order({f"x{i}": i for i in range(5_000)}))
    assert len(failure.errors) == 50
    assert compared == [100] * 10


def test_unknown_schemas_do_not_list_the_folders_each_time(tmp_path):
    class Counted(FolderRegistry):
        lists = 0

        def list(self):
            Counted.lists += 1
            return super().list()

    write(tmp_path, schema({}))
    checker = Validator(Resolver([Counted(tmp_path)]))
    for number in range(20):
        [failure] = checker.validate({"schema": URI.replace("1-0-0", f"1-{number}-1"), "data": 1})
        assert failure.hint == "known versions: 1-0-0"
    assert Counted.lists == 1


def test_it_is_several_times_faster_than_a_validator_in_python():
    uri = "iglu:com.snowplowanalytics.snowplow/mobile_context/jsonschema/1-0-3"
    data = {
        "osType": "android",
        "osVersion": "15",
        "deviceManufacturer": "acme",
        "deviceModel": "one",
        "batteryLevel": 50,
        "appSetId": "12345678-1234-1234-1234-123456789abc",
    }
    resolver = Resolver([StandardRegistry()])
    plain = jsonschema.Draft4Validator(resolver.lookup(SchemaKey.parse(uri)))
    checker = Validator(resolver)
    described = {"schema": uri, "data": data}
    assert checker.validate(described) == []
    ours = min(timeit.repeat(lambda: checker.validate(described), number=50, repeat=20))
    theirs = min(timeit.repeat(lambda: plain.is_valid(data), number=50, repeat=20))
    assert theirs > 3 * ours
