"""Write the standard schemas of the package from the table in `schemas.txt`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from snowplow_tracker.iglu import SchemaKey
from snowplow_tracker.iglu.metaschema import IGLU_META_SCHEMA

TABLE = Path(__file__).with_name("schemas.txt")
BUNDLE = Path(__file__).parents[2] / "python/snowplow_tracker/iglu/bundle/standard.json"

_HEADER = re.compile(r"(\S+) (\S+): (.*?)(?: from (\S+))?")
_TOKEN = re.compile(r'\s*(@\w+|[{};]|\)|items\(|\["[^]]*\]|[^\s{};()]+)')
_KEYWORDS = {
    "min": "minLength",
    "max": "maxLength",
    ">=": "minimum",
    "<=": "maximum",
    "minItems": "minItems",
    "minProperties": "minProperties",
}


def bundle() -> list[dict[str, Any]]:
    """Return the schemas of the table, in its order."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    macros = dict(line.split(" = ", 1) for line in lines if line.startswith("@"))
    fields: dict[str, dict[str, dict[str, Any]]] = {}
    schemas = []
    for block in "\n".join(lines).split("\n\n"):
        header, _, body = block.partition("\n")
        found = _HEADER.fullmatch(header)
        if found is None or header.startswith(("#", "@")):
            continue
        name, version, rules, base = found.groups()
        description, *rows = [line.strip() for line in body.splitlines()]
        known = dict(fields.get(f"{name} {base}", {}))
        known.update(_fields(rows, macros))
        fields[f"{name} {version}"] = known
        key = SchemaKey.from_path(f"{name}/jsonschema/{version}")
        schemas.append(_schema(key, description, _Rules(rules, macros).parse(), known))
    return schemas


def text() -> str:
    """Return the contents of the bundle: one schema a line."""
    lines = ",\n".join(json.dumps(schema, separators=(",", ":")) for schema in bundle())
    return f"[\n{lines}\n]\n"


def _fields(rows: list[str], macros: dict[str, str]) -> dict[str, dict[str, Any]]:
    fields: dict[str, dict[str, Any]] = {}
    for row in rows:
        name, _, rules = row.partition(": ")
        if name == "strings":
            fields.update({field: {"type": "string"} for field in rules.split()})
        else:
            fields[name] = _Rules(rules, macros).parse()
    return fields


def _schema(
    key: SchemaKey, description: str, rules: dict[str, Any], fields: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    if rules.get("type") == "array":
        if fields:
            rules["items"] = _object(rules["items"], fields)
    else:
        rules = _object(rules, fields)
    described = {"$schema": IGLU_META_SCHEMA, "description": description, "self": key._asdict()}
    return described | rules


def _object(rules: dict[str, Any], fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    required = [name[:-1] for name in fields if name.endswith("*")]
    properties = {name.removesuffix("*"): field for name, field in fields.items()}
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema | rules


class _Rules:
    """Reads one text of rules."""

    def __init__(self, rules: str, macros: dict[str, str]) -> None:
        self._tokens = [macros.get(token, token) for token in _tokens(rules)]

    def parse(self, end: tuple[str, ...] = ()) -> dict[str, Any]:
        schema: dict[str, Any] = {}
        while self._tokens and self._tokens[0] not in end:
            self._rule(schema, self._tokens.pop(0))
        return schema

    def _rule(self, schema: dict[str, Any], token: str) -> None:
        if token == "{":
            schema.update(_object({}, self._members()))
        elif token == "items(":
            schema["items"] = self.parse((")",))
            self._tokens.pop(0)
        elif token == "closed":
            schema["additionalProperties"] = False
        elif token in _KEYWORDS:
            number = self._tokens.pop(0)
            schema[_KEYWORDS[token]] = json.loads(number)
        elif token == "enum":
            schema["enum"] = json.loads(self._tokens.pop(0))
        elif token in {"fmt", "re"}:
            schema["format" if token == "fmt" else "pattern"] = self._tokens.pop(0)
        elif token != "any":
            kinds = token.split("|")
            schema["type"] = kinds if len(kinds) > 1 else token

    def _members(self) -> dict[str, dict[str, Any]]:
        members = {}
        while self._tokens[0] != "}":
            name = self._tokens.pop(0).removesuffix(":")
            members[name] = self.parse((";", "}"))
            if self._tokens[0] == ";":
                self._tokens.pop(0)
        self._tokens.pop(0)
        return members


def _tokens(rules: str) -> list[str]:
    tokens = []
    at = 0
    while at < len(rules.rstrip()):
        found = _TOKEN.match(rules, at)
        if found is None:
            sys.exit(f"{TABLE.name}: cannot read {rules[at:]!r}")
        tokens.append(found[1])
        at = found.end()
    return tokens


if __name__ == "__main__":
    BUNDLE.write_text(text(), encoding="utf-8")
