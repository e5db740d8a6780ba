"""`MemoryRegistry`: schemas of the program itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snowplow_tracker.iglu.schema_files import schema_key

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from snowplow_tracker.iglu.names import SchemaKey

__all__ = ["MemoryRegistry"]


class MemoryRegistry:
    """Schemas given as dicts.

    Args:
        schemas: Self-describing schemas. Of several with the same `self`, the last counts.
        name: Name in failures. Default "In memory".
        priority: Smaller numbers are asked first. Default 0.
        vendor_prefixes: Beginnings of vendors that are looked up here first. Default: none.

    Raises:
        ValueError: A schema has no valid `self`.
    """

    def __init__(
        self,
        schemas: Iterable[Mapping[str, Any]] = (),
        name: str = "In memory",
        priority: float = 0,
        vendor_prefixes: Iterable[str] = (),
    ) -> None:
        self.name = name
        self.priority = priority
        self.vendor_prefixes = tuple(vendor_prefixes)
        self.__schemas: dict[SchemaKey, dict[str, Any]] = {}
        self.__changes = 0
        for schema in schemas:
            self.add(schema)

    def add(self, schema: Mapping[str, Any]) -> SchemaKey:
        """Add a schema, or replace the one of the same name. Returns its name.

        Raises:
            ValueError: It has no valid `self`.
        """
        key = schema_key(schema)
        self.__schemas[key] = dict(schema)
        self.__changes += 1
        return key

    def lookup(self, key: SchemaKey) -> dict[str, Any] | None:
        """Return a schema, or None if there is none of this name."""
        return self.__schemas.get(key)

    def stamp(self, key: SchemaKey) -> Hashable:
        """Return a value that changes with each call of `add`."""
        del key
        return self.__changes

    def list(self) -> Iterable[SchemaKey]:
        """Return the names of all schemas."""
        return list(self.__schemas)
