"""`Validator`: judges self-describing data as Iglu does."""

from __future__ import annotations

import time
from collections import OrderedDict
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from snowplow_tracker.iglu.failures import (
    Failure,
    invalid_data,
    not_iglu,
    not_json,
    unresolved,
    unusable_schema,
)
from snowplow_tracker.iglu.names import SchemaKey
from snowplow_tracker.iglu.resolver import ResolutionError
from snowplow_tracker.iglu.suggestions import suggest_property, suggest_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snowplow_tracker.iglu.compiled import CompiledSchema
    from snowplow_tracker.iglu.resolver import Resolver

__all__ = ["MAX_NESTING", "Validator"]

MAX_NESTING = 40
"""Levels of arrays and objects that Iglu accepts in data."""

_MAX_KEPT = 2_000
_LIST_SECONDS = 2.0
_KEYS = frozenset(("schema", "data"))

_parsed = lru_cache(maxsize=4_096)(SchemaKey.parse)


class _Known(NamedTuple):
    schema: Mapping[str, Any]
    compiled: CompiledSchema


class Validator:
    """Validates self-describing data against its schema. Safe to use from any thread.

    Compiled schemas are kept. A schema is compiled again when its file changes.

    Args:
        resolver: Finds the schemas.

    Attributes:
        resolver: As given.

    Raises:
        RuntimeError: The extra `schemas` is not installed.
    """

    def __init__(self, resolver: Resolver) -> None:
        if find_spec("jsonschema_rs") is None:
            raise RuntimeError(
                "validation needs jsonschema-rs: pip install 'snowplow-tracker-rs[schemas]'"
            )
        self.resolver = resolver
        self.__compiled: OrderedDict[SchemaKey, _Known] = OrderedDict()
        self.__listed: list[SchemaKey] = []
        self.__listed_at = float("-inf")
        self.__hints: OrderedDict[SchemaKey, tuple[float, str | None]] = OrderedDict()

    def validate(self, self_describing: Any, source: str = "unstruct") -> list[Failure]:
        """Validate data with its schema.

        Args:
            self_describing: A dict with `schema`, an Iglu URI, and `data`, as read from JSON.
            source: Part of the event, for failures. Default `unstruct`.

        Returns:
            What is wrong; an empty list if the data is valid. Never raises for bad data.
        """
        if not isinstance(self_describing, dict) or self_describing.keys() != _KEYS:
            return [not_iglu(self_describing, source)]
        try:
            key = _parsed(self_describing["schema"])
        except (TypeError, ValueError):
            return [not_iglu(self_describing, source)]
        if _depth_exceeds(MAX_NESTING, self_describing):
            return [_too_deep(source)]
        return self.__check(key, self_describing, source)

    def compiled(self, key: SchemaKey) -> CompiledSchema:
        """Return a schema, checked and compiled.

        Raises:
            ResolutionError: It is not found.
        """
        return self.__compile(key, self.resolver.lookup(key))

    def superseding(self, key: SchemaKey) -> SchemaKey:
        """Return the version that data of a schema is validated with, which is usually its own.

        A schema names a newer version that takes its place in `$supersededBy`.

        Raises:
            ResolutionError: The schema is not found.
        """
        version = self.resolver.lookup(key).get("$supersededBy")
        if not isinstance(version, str):
            return key
        newer = key.with_version(version)
        try:
            return newer if newer.numbers > key.numbers else key
        except ValueError:
            return key

    def __check(self, key: SchemaKey, described: dict[str, Any], source: str) -> list[Failure]:
        try:
            schema = self.resolver.lookup(key)
            used = self.superseding(key) if "$supersededBy" in schema else key
            if used is not key:
                schema = self.resolver.lookup(used)
            compiled = self.__compile(used, schema)
        except ResolutionError as error:
            hint = self.__hint(error)
            return [unresolved(error.key.uri, described["data"], source, error.history, hint)]
        if compiled.issues:
            return [unusable_schema(key.uri, described["data"], source, compiled.issues)]
        try:
            reports = compiled.check(described["data"])
        except (TypeError, ValueError, OverflowError) as error:
            return [not_json(source, source, None, f"not JSON: {error}")]
        if not reports:
            return []
        newer = None if used is key else used.version
        hint = suggest_property(reports)
        return [invalid_data(key.uri, described["data"], source, reports, hint, newer)]

    def __compile(self, key: SchemaKey, schema: dict[str, Any]) -> CompiledSchema:
        known = self.__compiled.get(key)
        if known is not None and known.schema is schema:
            return known.compiled
        # Import only when the first schema is compiled: the extra may be missing until then.
        from snowplow_tracker.iglu.compiled import CompiledSchema  # noqa: PLC0415

        compiled = CompiledSchema(schema)
        _keep(self.__compiled, key, _Known(schema, compiled))
        return compiled

    def __hint(self, error: ResolutionError) -> str | None:
        # Listing folders is slow. The hint stays as long as the resolver keeps its answer.
        known = self.__hints.get(error.key)
        if known is not None and known[0] == error.time:
            return known[1]
        now = time.monotonic()
        if now - self.__listed_at > _LIST_SECONDS:
            self.__listed, self.__listed_at = self.resolver.list(), now
        hint = suggest_schema(error.key, self.__listed)
        _keep(self.__hints, error.key, (error.time, hint))
        return hint


def _keep(kept: OrderedDict[SchemaKey, Any], key: SchemaKey, value: Any) -> None:
    kept[key] = value
    if len(kept) > _MAX_KEPT:
        kept.popitem(last=False)


def _depth_exceeds(levels: int, value: dict[str, Any] | list[Any]) -> bool:
    """Return whether arrays and objects are nested in more levels than allowed."""
    if not levels:
        return True
    for child in value.values() if isinstance(value, dict) else value:
        if isinstance(child, (dict, list)) and _depth_exceeds(levels - 1, child):
            return True
    return False


def _too_deep(source: str) -> Failure:
    return not_json(source, source, None, f"nested more than {MAX_NESTING} levels")
