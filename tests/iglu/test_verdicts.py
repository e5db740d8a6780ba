"""Data is good or bad as for Iglu, where this differs from the JSON Schema specification too.

The expected verdicts and reports are those of networknt's json-schema-validator 1.0.76, configured
as in iglu-scala-client 4.0.2, run on these cases.
"""

from __future__ import annotations

from typing import Any

import pytest

from snowplow_tracker.iglu.compiled import CompiledSchema
from snowplow_tracker.iglu.metaschema import IGLU_META_SCHEMA


def checked(rules: dict[str, Any], data: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return keyword, path and targets of the reports, sorted."""
    compiled = CompiledSchema(rules)
    assert compiled.issues == []
    return sorted((one.keyword, one.path, one.targets) for one in compiled.check(data))


def is_valid(rules: dict[str, Any], data: Any) -> bool:
    return not checked(rules, data)


# Keywords of later drafts


@pytest.mark.parametrize(
    "rules",
    [
        {"const": 1},
        {"contains": {"type": "string"}},
        {"if": {}, "then": {"type": "string"}, "else": {"type": "string"}},
        {"propertyNames": {"maxLength": 0}},
        {"dependentRequired": {"a": ["b"]}},
        {"examples": [], "default": 5, "title": "x", "anything": {"type": 1}},
    ],
)
def test_unknown_keywords_are_ignored(rules):
    assert is_valid(rules, {"a": 1})
    assert is_valid(rules, [1])


def test_exclusive_limits_are_booleans():
    rules = {"minimum": 5, "exclusiveMinimum": True}
    assert checked(rules, 5) == [("minimum", "$", ("5",))]
    assert is_valid({"minimum": 5, "exclusiveMinimum": False}, 5)
    assert is_valid({"exclusiveMinimum": 5}, 1)  # the form of draft 6 counts for nothing
    assert checked({"maximum": 5.5, "exclusiveMaximum": True}, 5.5) == [("maximum", "$", ("5.5",))]


# The schema itself


@pytest.mark.parametrize(
    ("rules", "path", "message"),
    [
        ({"required": []}, "$.required", "there must be a minimum of 1 items in the array"),
        ({"required": True}, "$.required", "boolean found, array expected"),
        ({"minimum": "a"}, "$.minimum", "string found, number expected"),
        ({"properties": {"a": 5}}, "$.properties.a", "integer found, object expected"),
        ({"title": 5}, "$.title", "integer found, string expected"),
        (
            {"exclusiveMaximum": True},
            "$",
            "has an error with dependencies {exclusiveMaximum=[maximum]}",
        ),
        ({"maxLength": -1}, "$.maxLength", "must have a minimum value of 0"),
        ({"enum": []}, "$.enum", "there must be a minimum of 1 items in the array"),
    ],
)
def test_a_broken_schema_is_unusable(rules, path, message):
    assert CompiledSchema(rules).issues == [(path, f"{path}: {message}")]


def test_an_unknown_type_makes_a_schema_unusable():
    messages = [issue.message for issue in CompiledSchema({"type": "foo"}).issues]
    assert sorted(messages) == [
        (
            "$.type: does not have a value in the enumeration"
            " [array, boolean, integer, null, number, object, string]"
        ),
        "$.type: string found, array expected",
    ]


@pytest.mark.parametrize(
    ("identifier", "is_usable"),
    [
        (IGLU_META_SCHEMA, True),
        ("https://json-schema.org/draft-04/schema", True),
        ("http://json-schema.org/draft-04/schema#", False),
        ("http://json-schema.org/draft-07/schema#", False),
        ("https://json-schema.org/draft/2020-12/schema", False),
    ],
)
def test_the_meta_schema_must_be_that_of_iglu_or_none(identifier, is_usable):
    compiled = CompiledSchema({"$schema": identifier, "type": "string"})
    assert (compiled.issues == []) == is_usable
    if not is_usable:
        assert compiled.issues[0].message.startswith(f"Unknown MetaSchema: {identifier}")
        assert IGLU_META_SCHEMA in compiled.issues[0].message


# References


def test_local_references_work():
    rules = {
        "properties": {"a": {"$ref": "#/definitions/x"}, "b": {"$ref": "#"}},
        "definitions": {"x": {"type": "string"}},
        "additionalProperties": False,
    }
    assert is_valid(rules, {"a": "", "b": {"b": {"a": ""}}})
    assert checked(rules, {"b": {"b": {"a": 1, "c": 1}}}) == [
        ("additionalProperties", "$.b.b", ("c",)),
        ("type", "$.b.b.a", ("integer", "string")),
    ]


def test_keywords_beside_a_reference_count():
    rules = {"$ref": "#/definitions/x", "maxLength": 1, "definitions": {"x": {"type": "string"}}}
    assert checked(rules, "abc") == [("maxLength", "$", ("1",))]


@pytest.mark.parametrize("reference", ["http://127.0.0.1:9/x", "https://a.b/c#/d", "other.json"])
def test_a_reference_to_another_document_accepts_everything(reference):
    compiled = CompiledSchema({"properties": {"a": {"$ref": reference}}})
    assert compiled.check({"a": object.__name__}) == []
    assert compiled.notes == (f"$ref {reference}: another document, it is not loaded",)


def test_a_local_reference_to_nowhere_makes_the_schema_unusable():
    [issue] = CompiledSchema({"properties": {"a": {"$ref": "#/definitions/no"}}}).issues
    assert issue.message == "Reference #/definitions/no cannot be resolved"


# Numbers and strings


@pytest.mark.parametrize(
    ("data", "found"), [(1.0, "number"), (1e2, "number"), ("1", "string"), (True, "boolean")]
)
def test_an_integer_is_written_without_fraction_or_exponent(data, found):
    assert checked({"type": "integer"}, data) == [("type", "$", (found, "integer"))]


def test_numbers_have_no_size_limit():
    assert is_valid({"type": "integer"}, 10**40)
    assert is_valid({"type": "number"}, 1)
    assert checked({"minimum": 9007199254740993}, 9007199254740992) == [
        ("minimum", "$", ("9007199254740993",))
    ]


def test_strings_never_count_as_numbers():
    assert checked({"type": "number"}, "1") == [("type", "$", ("string", "number"))]


@pytest.mark.parametrize(
    ("divisor", "multiple", "other"),
    [(0.01, 19.99, 19.999), (0.1, 1.1, 1.15), (3, 9, 1e300), (0.5, 2, 0.3)],
)
def test_multiples_are_decimal(divisor, multiple, other):
    assert is_valid({"multipleOf": divisor}, multiple)
    assert checked({"multipleOf": divisor}, other) == [("multipleOf", "$", (str(float(divisor)),))]


def test_lengths_are_code_points():
    assert is_valid({"maxLength": 2}, "😀😀")
    assert checked({"maxLength": 1}, "😀😀") == [("maxLength", "$", ("1",))]
    assert is_valid({"maxLength": 1, "pattern": "."}, "\ud800")  # a lone surrogate


def test_an_enumeration_compares_numbers_at_its_top_level_as_decimals():
    assert is_valid({"enum": [1]}, 1.0)
    assert checked({"enum": [[1]]}, [1.0]) == [("enum", "$", ("[]",))]
    assert is_valid({"enum": [[1], {"a": [None]}]}, {"a": [None]})
    assert is_valid({"enum": [[1], 1]}, 1.0)
    assert checked({"enum": [1, 1.0, "a", True]}, "1") == [("enum", "$", ("[1, 1.0, a, true]",))]
    assert not is_valid({"enum": [1]}, True)
    assert not is_valid({"enum": [[1]]}, [True])


def test_unique_items_differ_if_numbers_are_written_differently():
    assert is_valid({"uniqueItems": True}, [1, 1.0, True, "1", [1], [1.0]])
    assert checked({"uniqueItems": True}, [{"a": 1}, {"a": 1}]) == [("uniqueItems", "$", ())]
    assert checked({"uniqueItems": True}, {"a": 1, "b": 1}) == [("uniqueItems", "$", ())]
    assert is_valid({"uniqueItems": False}, [1, 1])


def test_nullable_accepts_null():
    assert is_valid({"type": "string", "nullable": True}, None)
    assert is_valid({"type": ["string", "integer"], "nullable": True}, None)
    assert is_valid({"enum": ["a"], "type": "string", "nullable": True}, None)
    assert not is_valid({"type": "string", "nullable": False}, None)
    assert checked({"type": "string", "nullable": True}, 1) == [
        ("type", "$", ("integer", "string"))
    ]


def test_an_object_with_an_enumeration_is_still_checked_for_its_type():
    assert checked({"type": "object", "enum": ["a"]}, "a") == [("type", "$", ("string", "object"))]


# Objects and arrays


def test_names_that_begin_with_a_number_sign_are_let_through():
    closed = {"properties": {"a": {}}, "additionalProperties": False}
    assert checked(closed, {"a": 1, "#b": 1, "c": 1, "d": 1}) == [
        ("additionalProperties", "$", ("c",)),
        ("additionalProperties", "$", ("d",)),
    ]
    assert is_valid({"additionalProperties": {"type": "string"}}, {"#b": 1})


def test_pattern_properties_are_searched_anywhere():
    rules = {"patternProperties": {"b\\d": {"type": "string"}}, "additionalProperties": False}
    assert is_valid(rules, {"ab1c": ""})
    assert checked(rules, {"ab1c": 1, "b": 1}) == [
        ("additionalProperties", "$", ("b",)),
        ("type", "$.ab1c", ("integer", "string")),
    ]


def test_a_missing_property_is_reported_at_the_object():
    rules = {"properties": {"a": {"required": ["x", "y"], "properties": {"x": {}}}}}
    assert checked(rules, {"a": {}}) == [
        ("required", "$.a", ("x",)),
        ("required", "$.a", ("y",)),
    ]
    [first, _] = CompiledSchema(rules).check({"a": {}})
    assert first.message == "$.a.x: is missing but it is required"


def test_names_of_digits_are_no_indices():
    rules = {"properties": {"0": {"items": {"properties": {"1": {"type": "string"}}}}}}
    assert checked(rules, {"0": [{"1": 2}]}) == [("type", "$.0[0].1", ("integer", "string"))]


def test_a_closed_tuple_reports_items_at_the_array():
    rules = {"items": [{"type": "string"}], "additionalItems": False}
    compiled = CompiledSchema({"properties": {"a": rules}})
    assert [
        (one.message, one.path, one.keyword, one.targets)
        for one in compiled.check({"a": ["", 2, 3]})
    ] == [
        ("$.a[1]: no validator found at this index", "$.a", "items", ("1",)),
        ("$.a[2]: no validator found at this index", "$.a", "items", ("2",)),
    ]


def test_dependencies():
    rules = {"dependencies": {"a": ["b", "c"], "d": {"required": ["e"]}}}
    assert is_valid(rules, {"b": 1})
    assert checked(rules, {"a": 1, "d": 1}) == [
        ("dependencies", "$", ("{a=[b, c]}",)),
        ("required", "$", ("e",)),
    ]


# Combinations


def test_all_reports_of_all_branches_if_none_of_any_fits():
    rules = {"anyOf": [{"type": "string", "maxLength": 1}, {"type": "integer"}]}
    assert checked(rules, "abc") == [
        ("maxLength", "$", ("1",)),
        ("type", "$", ("string", "integer")),
    ]
    assert is_valid(rules, 5)


def test_missing_and_unknown_properties_are_left_out_if_none_of_one_fits():
    branches = [
        {"type": "object", "required": ["a"]},
        {"type": "object", "properties": {"b": {"type": "string"}}, "additionalProperties": False},
    ]
    assert checked({"oneOf": branches}, {"b": 1, "c": 1}) == [
        ("type", "$.b", ("integer", "string"))
    ]
    assert checked({"oneOf": [{"required": ["a"]}]}, {}) == [("required", "$", ("a",))]


def test_more_than_one_of_one_fits():
    rules = {"oneOf": [{"type": "string"}, {"maxLength": 5}, {"type": "null"}]}
    assert checked(rules, "é") == [
        ("oneOf", "$", ('{"type":"string"}{"maxLength":5}{"type":"null"}',))
    ]


def test_not_and_all():
    assert checked({"not": {"type": "string"}}, "a") == [
        ("not", "$", ('"not" : {"type":"string"}',))
    ]
    rules = {"allOf": [{"type": "integer"}, {"minimum": 3}]}
    assert checked(rules, 1) == [("minimum", "$", ("3",))]


def test_a_list_of_types_is_a_union():
    [report] = CompiledSchema({"type": ["string", "null"]}).check(1)
    assert report.message == "$: integer found, but [string, null] is required"
    assert (report.keyword, report.targets) == ("unionType", ("integer", "[string, null]"))


@pytest.mark.parametrize(
    ("rules", "data", "message"),
    [
        ({"type": "string"}, 1.5, "number found, string expected"),
        ({"minLength": 2}, "a", "must be at least 2 characters long"),
        ({"maxLength": 1}, "ab", "may only be 1 characters long"),
        ({"minimum": 2.5}, 2, "must have a minimum value of 2.5"),
        ({"maximum": 10_000_000.5}, 1e8, "must have a maximum value of 1.00000005E7"),
        ({"multipleOf": 3}, 10, "must be multiple of 3.0"),
        ({"enum": [1, None]}, "z", "does not have a value in the enumeration [1, null]"),
        ({"pattern": "^a"}, "b", "does not match the regex pattern ^a"),
        ({"minItems": 1}, [], "there must be a minimum of 1 items in the array"),
        ({"maxItems": 1}, [1, 2], "there must be a maximum of 1 items in the array"),
        ({"uniqueItems": True}, [1, 1], "the items in the array must be unique"),
        ({"minProperties": 1}, {}, "should have a minimum of 1 properties"),
        ({"maxProperties": 0}, {"a": 1}, "may only have a maximum of 0 properties"),
        ({"format": "date-time"}, "b", "b is an invalid date-time"),
        ({"format": "date"}, "b", "b is an invalid date"),
        ({"format": "uuid"}, "b", "b is an invalid uuid"),
        ({"format": "email"}, "b", "does not match the b pattern email"),
    ],
)
def test_messages(rules, data, message):
    assert [one.message for one in CompiledSchema(rules).check(data)] == [f"$: {message}"]


def test_a_property_without_a_name_does_not_confuse_the_reports():
    inner = {"properties": {"": {"items": {"type": "string"}}}}
    assert checked(inner, {"": [1]}) == [("type", "$.[0]", ("integer", "string"))]
    assert len(checked({"properties": {"": {"type": "string", "enum": ["a"]}}}, {"": 1})) == 2
    assert CompiledSchema({"type": None, "dependencies": {"": [None]}}).issues
