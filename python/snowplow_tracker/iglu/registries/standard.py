"""`StandardRegistry`: the schemas of Snowplow's own events and entities."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from snowplow_tracker.iglu.schema_files import schema_key

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from snowplow_tracker.iglu.names import SchemaKey

__all__ = ["StandardRegistry"]


@cache
def _schemas() -> dict[SchemaKey, dict[str, Any]]:
    file = files("snowplow_tracker.iglu") / "bundle" / "standard.json"
    return {schema_key(schema): schema for schema in json.loads(file.read_bytes())}


class StandardRegistry:
    """The standard schemas that come with this package.

    They are written after the public definitions of Iglu Central. A resolver asks this registry
    after all other local ones, so a folder with the originals takes precedence.
    """

    name = "Standard schemas"
    priority: float = 0
    vendor_prefixes: tuple[str, ...] = ("",)

    def lookup(self, key: SchemaKey) -> dict[str, Any] | None:
        """Return a schema, or None if there is none of this name."""
        return _schemas().get(key)

    def stamp(self, key: SchemaKey) -> Hashable:
        """Return a constant: these schemas never change."""
        del key
        return None

    def list(self) -> Iterable[SchemaKey]:
        """Return the names of all schemas."""
        return list(_schemas())
