"""Resolver configurations: which registries to ask.

https://docs.snowplow.io/docs/api-reference/iglu/iglu-resolver/
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from snowplow_tracker.iglu.errors import ConfigurationError, NotARegistryError
from snowplow_tracker.iglu.names import SchemaCriterion, SchemaKey
from snowplow_tracker.iglu.registries.folder import FolderRegistry
from snowplow_tracker.iglu.registries.http import HttpRegistry
from snowplow_tracker.iglu.schema_files import read_json

if TYPE_CHECKING:
    import os

    from snowplow_tracker.iglu.registries.protocol import Registry

__all__ = ["Settings", "load"]

_CRITERION = SchemaCriterion.parse(
    "iglu:com.snowplowanalytics.iglu/resolver-config/jsonschema/1-0-*"
)


def _closed(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_STRING = {"type": "string"}
_EMBEDDED = _closed(("path",), path=_STRING)
_HTTP = _closed(
    ("uri",), uri={"type": "string", "format": "uri"}, apikey={"type": ["string", "null"]}
)
_REPOSITORY = _closed(
    ("name", "priority", "vendorPrefixes", "connection"),
    name=_STRING,
    priority={"type": "number"},
    vendorPrefixes={"type": "array", "items": _STRING},
    connection={
        "oneOf": [_closed(("embedded",), embedded=_EMBEDDED), _closed(("http",), http=_HTTP)]
    },
)
_CONFIGURATION = _closed(
    ("cacheSize", "repositories"),
    cacheSize={"type": "number", "minimum": 0},
    cacheTtl={"type": ["integer", "null"], "minimum": 0},
    repositories={"type": "array", "items": _REPOSITORY},
)


class Settings(NamedTuple):
    """The contents of a resolver configuration.

    Attributes:
        registries: The registries.
        cache_size: Number of schemas that are kept. Default of Snowplow Micro: 500.
        cache_ttl: Seconds that they are kept; None is for good.
    """

    registries: tuple[Registry, ...]
    cache_size: int
    cache_ttl: float | None


def load(config: Mapping[str, Any] | str | os.PathLike[str]) -> Settings:
    """Read a resolver configuration, or a file with one.

    Raises:
        ConfigurationError: It cannot be read, or does not fit its schema.
    """
    if isinstance(config, Mapping):
        return _settings(dict(config), Path(), "resolver configuration")
    path = Path(config)
    try:
        content = read_json(path)
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file") from None
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return _settings(content, path.parent, str(path))


def _settings(content: Any, folder: Path, where: str) -> Settings:
    data = _data(content, where)
    from snowplow_tracker.iglu.compiled import CompiledSchema  # noqa: PLC0415  # of the extra

    reports = CompiledSchema(_CONFIGURATION).check(data)
    if reports:
        raise ConfigurationError(f"{where}: {'; '.join(report.message for report in reports)}")
    names = [repository["name"] for repository in data["repositories"]]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ConfigurationError(
            f"{where}: Repository names must be unique, {', '.join(repeated)} appears repeatedly"
        )
    try:
        registries = tuple(_registry(one, folder) for one in data["repositories"])
    except ValueError as error:
        raise ConfigurationError(f"{where}: {error}") from None
    return Settings(registries, int(data["cacheSize"]), data.get("cacheTtl"))


def _data(content: Any, where: str) -> Any:
    if not isinstance(content, dict) or not isinstance(content.get("schema"), str):
        raise ConfigurationError(f'{where}: needs "schema": "{_CRITERION}" and "data"')
    try:
        key = SchemaKey.parse(content["schema"])
    except ValueError as error:
        raise ConfigurationError(f"{where}: {error}") from None
    if not _CRITERION.matches(key) or "data" not in content:
        raise ConfigurationError(f'{where}: needs "schema": "{_CRITERION}" and "data"')
    return content["data"]


def _registry(repository: dict[str, Any], folder: Path) -> Registry:
    connection = repository["connection"]
    name, priority = repository["name"], repository["priority"]
    prefixes = tuple(repository["vendorPrefixes"])
    if "http" in connection:
        http = connection["http"]
        return HttpRegistry(http["uri"], http.get("apikey"), name, priority, prefixes)
    path = folder / connection["embedded"]["path"]
    try:
        return FolderRegistry(path, name, priority, prefixes)
    except NotARegistryError as error:
        raise ConfigurationError(f"repository {name!r}: {error}") from None
