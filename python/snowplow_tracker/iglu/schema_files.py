"""Self-describing schemas: their `self`, and reading them from files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from snowplow_tracker.iglu.names import SchemaKey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["UnreadableSchemaError", "read_json", "schema_key"]

MAX_SCHEMA_BYTES = 10 * 2**20
_SELF = {"vendor", "name", "format", "version"}


class UnreadableSchemaError(ValueError):
    """A file has no schema in it; the message names the file and the cure."""


def schema_key(schema: object) -> SchemaKey:
    """Return the name that the `self` of a schema gives.

    Raises:
        ValueError: `schema` is not a dict with a valid `self`. The message says what is wrong.
    """
    if not isinstance(schema, dict):
        raise ValueError("a schema must be a JSON object")  # noqa: TRY004  # bad data
    described: Mapping[str, Any] | Any = schema.get("self")
    if not isinstance(described, dict) or described.keys() != _SELF:
        raise ValueError('needs "self" with vendor, name, format and version, and nothing else')
    parts = [described[part] for part in ("vendor", "name", "format", "version")]
    return SchemaKey.from_path("/".join(map(str, parts)))


def read_json(path: Path) -> Any:
    """Return the value in a JSON file.

    Raises:
        FileNotFoundError: There is no such file.
        UnreadableSchemaError: It cannot be read, or is not JSON.
    """
    try:
        if path.stat().st_size > MAX_SCHEMA_BYTES:
            raise UnreadableSchemaError(f"{path}: larger than {MAX_SCHEMA_BYTES:,} bytes")
        return json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except OSError as error:
        raise UnreadableSchemaError(f"{path}: {error.strerror}") from None
    except RecursionError:
        raise UnreadableSchemaError(f"{path}: nested too deeply") from None
    except ValueError as error:
        raise UnreadableSchemaError(f"{path}: not JSON: {error}") from None
