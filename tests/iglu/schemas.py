"""Schemas and folders for tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from snowplow_tracker.iglu import MemoryRegistry, Resolver, Validator
from snowplow_tracker.iglu.metaschema import IGLU_META_SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

URI = "iglu:com.acme/order/jsonschema/1-0-0"


def schema(rules: dict[str, Any], version: str = "1-0-0", name: str = "order") -> dict[str, Any]:
    """Return a self-describing schema with these rules."""
    described = {"vendor": "com.acme", "name": name, "format": "jsonschema", "version": version}
    return {"$schema": IGLU_META_SCHEMA, "self": described, **rules}


def validator(rules: dict[str, Any]) -> Validator:
    """Return a validator that knows only the schema `URI`."""
    return Validator(Resolver([MemoryRegistry([schema(rules)])]))


def order(data: Any) -> dict[str, Any]:
    """Return self-describing data with the schema `URI`."""
    return {"schema": URI, "data": data}


def write(base: Path, content: dict[str, Any] | str, path: str = "") -> Path:
    """Write a schema where Iglu looks for it, or text to a path; return the file."""
    if isinstance(content, dict):
        path = path or "schemas/" + "/".join(content["self"].values())
        content = json.dumps(content)
    file = base / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    return file
