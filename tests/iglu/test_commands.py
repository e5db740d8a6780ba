"""The commands: what they print, and their exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from tests.iglu.schemas import URI, order, schema, write

from snowplow_tracker.iglu.commands import main
from snowplow_tracker.iglu.lint import lint_schema

GOOD = {
    "description": "An order.",
    "type": "object",
    "properties": {"price": {"type": ["number", "null"], "minimum": 0, "maximum": 10}},
    "additionalProperties": False,
}


def checks(rules: dict[str, Any], **of_schema: object) -> set[str]:
    return {finding.check for finding in lint_schema({**schema(rules), **of_schema})}


def a(**field: object) -> dict[str, Any]:
    """Return a schema that is in order but for one property."""
    return {**GOOD, "properties": {"a": field}, "required": ["a"]}


@pytest.mark.parametrize(
    ("rules", "check"),
    [
        (a(type="number", minimum=2, maximum=1), "numericMinimumMaximum"),
        (a(type="string", minLength=2, maxLength=1), "stringMinMaxLength"),
        (a(type="array", minItems=2, maxItems=1), "arrayMinMaxItems"),
        (a(type="string", maxLength=5, minimum=1), "numericProperties"),
        (a(type="boolean", maxLength=5), "stringProperties"),
        (a(type="boolean", items={}), "arrayProperties"),
        (a(type="boolean", properties={}), "objectProperties"),
        ({**GOOD, "required": ["other"]}, "requiredPropertiesExist"),
        (a(type="string", maxLength=65_536), "stringMaxLengthRange"),
        ({**GOOD, "properties": {"a b": {}}}, "bqDisallowedCharacters"),
        ({**GOOD, "properties": {"1a": {}}}, "bqIllegalStart"),
        ({"description": "x", "type": "string", "maxLength": 5}, "rootObject"),
        (a(type="string", maxLength=5, format="own"), "unknownFormats"),
        (a(type="integer", minimum=1), "numericMinMax"),
        (a(type="string"), "stringLength"),
        ({**a(type="boolean"), "required": ["b"], "additionalProperties": True}, "optionalNull"),
        ({**GOOD, "description": ""}, "description"),
        (a(const=1), "ignoredKeyword"),
        (a(**{"$ref": "http://a.b/c"}), "ignoredKeyword"),
        (a(type="string", maxLength=5, pattern="("), "brokenPattern"),
        (a(**{"$ref": "#/definitions/no"}), "metaSchema"),
        ({**GOOD, "required": []}, "metaSchema"),
        ({**GOOD, "$supersedes": ["1-0-0"]}, "supersedes"),
    ],
)
def test_what_the_linter_finds(rules, check):
    assert checks(rules) == {check}


@pytest.mark.parametrize("field", [{"type": "string", "format": "uuid"}, {"enum": ["a"]}, {}])
def test_what_the_linter_lets_pass(field):
    assert checks(a(**field)) == set()
    assert checks(GOOD) == set()


def test_another_meta_schema_is_an_error():
    assert checks(GOOD, **{"$schema": "http://json-schema.org/draft-04/schema#"}) == {"schemaUri"}


def test_list(tmp_path, capsys):
    for version in ("1-0-10", "1-0-9"):
        write(tmp_path, schema({}, version))
    assert main(["list", str(tmp_path)]) == 0
    assert capsys.readouterr().out.split() == [
        *(URI.replace("1-0-0", "1-0-9"), URI.replace("1-0-0", "1-0-10"))
    ]


def test_lint(tmp_path, capsys):
    write(tmp_path, schema(GOOD))
    assert main(["lint", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "OK: com.acme/order/jsonschema/1-0-0",
        "TOTAL: 1 valid schemas",
        "TOTAL: 0 schemas that failed, 0 issues",
    ]
    write(tmp_path, schema(a(type="string"), "1-0-1"))
    assert main(["lint", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "FAILURE: com.acme/order/jsonschema/1-0-1",
        (
            "  1. warning stringLength, at $.properties.a:"
            " a string needs maxLength, enum or a known format"
        ),
        "TOTAL: 1 valid schemas",
        "TOTAL: 1 schemas that failed, 1 issues",
    ]
    assert main(["lint", str(tmp_path), "--skip-checks", "stringLength"]) == 0
    uri = URI.replace("1-0-0", "1-0-1")
    assert main(["lint", str(tmp_path), "--skip-schemas", uri]) == 0


@pytest.mark.parametrize(
    ("content", "path", "check", "status"),
    [
        ("{", "schemas/com.acme/order/jsonschema/1-0-0", "file", 2),
        (json.dumps(schema(GOOD)), "schemas/com.acme/order/jsonschema/1-0-1", "path", 1),
        (json.dumps(schema(GOOD)), "schemas/com.acme/order/jsonschema/1-0-0.json", "fileName", 1),
    ],
)
def test_lint_of_files(tmp_path, capsys, content, path, check, status):
    write(tmp_path, content, path)
    assert main(["lint", str(tmp_path), "--json"]) == status
    [line] = capsys.readouterr().out.splitlines()
    assert [finding["check"] for finding in json.loads(line)["findings"]] == [check]


@pytest.mark.parametrize("check", ["numericMinimumMaximum", "nonsense"])
def test_some_checks_cannot_be_skipped(tmp_path, capsys, check):
    write(tmp_path, schema(GOOD))
    assert main(["lint", str(tmp_path), "--skip-checks", check]) == 2
    assert f"checks that cannot be skipped: {check}" in capsys.readouterr().err


def test_validate(tmp_path, capsys):
    write(tmp_path, schema(GOOD))
    lines = [json.dumps(order({"price": 5})), json.dumps(order({"prise": 5})), "", "{"]
    file = write(tmp_path, "\n".join(lines), "data.ndjson")
    assert main(["validate", str(file), "--schemas", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        (
            f"{file}:2: order 1-0-0: $.prise: is not defined in the schema and the schema does not"
            ' allow additional properties (did you mean "price"?)'
        ),
        (
            f"{file}:4: not JSON: Expecting property name enclosed in double quotes:"
            " line 1 column 2 (char 1)"
        ),
        "TOTAL: 1 valid, 2 invalid",
    ]


def test_validate_bare_data(tmp_path, capsys):
    write(tmp_path, schema(GOOD))
    file = write(tmp_path, '{"price": 1}', "data.ndjson")
    arguments = ["validate", str(file), "--schemas", str(tmp_path), "--schema"]
    assert main([*arguments, URI]) == 0
    assert main([*arguments, "x"]) == 2
    assert "schema: not iglu:vendor/name" in capsys.readouterr().err


def test_show(tmp_path, capsys):
    write(tmp_path, schema({"title": "\x1b[31m"}))
    assert main(["show", URI, "--schemas", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == schema({"title": "\x1b[31m"})
    assert main(["show", URI]) == 1
    assert "not found in Standard schemas" in capsys.readouterr().err


def test_a_folder_that_is_none(capsys):
    assert main(["list", "/no/such"]) == 2
    assert capsys.readouterr().err.startswith("error: /no/such: no such folder")


def test_it_runs_as_a_module():
    uri = "iglu:com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1"
    command = [sys.executable, "-m", "snowplow_tracker.iglu", "show", uri]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout)["self"]["name"] == "link_click"


def test_the_extra_is_named_if_it_is_missing():
    program = (
        "import importlib.util as u; original = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'jsonschema_rs' else original(name, *a)\n"
        "from snowplow_tracker.iglu import Resolver, Validator\n"
        "Validator(Resolver([]))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "pip install 'snowplow-tracker-rs[schemas]'" in result.stderr
