"""The schemas of a collector: validates the self-describing data of events."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from snowplow_tracker._http.redact import redact_url
from snowplow_tracker.collector.rows import SchemaVerdict
from snowplow_tracker.iglu import (
    FolderRegistry,
    HttpRegistry,
    Resolver,
    StandardRegistry,
    Validator,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from snowplow_tracker.collector.decode import TrackedEvent
    from snowplow_tracker.iglu import Failure, Registry

__all__ = ["UNKNOWN", "EventSchemas", "SchemaSource", "open_schemas", "schemas_of"]

SchemaSource = str | os.PathLike[str]
UNKNOWN = ("good", "bad")


class EventSchemas:
    """Validates the self-describing data of events. Safe to use from any thread.

    Args:
        resolver: Finds the schemas.
        unknown_is_bad: Whether data is bad if its schema is not found.
    """

    def __init__(self, resolver: Resolver, *, unknown_is_bad: bool) -> None:
        self.resolver = resolver
        self._validator = Validator(resolver)
        self._unknown_is_bad = unknown_is_bad

    def become(self, other: EventSchemas) -> None:
        """Validate the following events as another one does."""
        self.resolver = other.resolver
        self._validator = other._validator
        self._unknown_is_bad = other._unknown_is_bad

    def __call__(self, event: TrackedEvent) -> SchemaVerdict:
        """Return what is wrong with the data of an event."""
        failures: list[Failure] = []
        unknown: list[str] = []
        for source, item in _described(event):
            for failure in self._validator.validate(item, source):
                if failure.type == "NotIglu":
                    continue  # The checks of the protocol report it.
                if failure.type == "ResolutionError" and not self._unknown_is_bad:
                    unknown.append(str(failure.schema))
                else:
                    failures.append(failure)
        return SchemaVerdict(tuple(failures), tuple(unknown))

    @property
    def is_local(self) -> bool:
        """Whether no validation waits for the network."""
        return self.resolver.is_local

    def problems(self) -> Iterator[str]:
        """Yield a line for each file or folder that cannot be used."""
        for registry in self.resolver.registries:
            if isinstance(registry, FolderRegistry):
                yield from registry.problems()

    def to_json(self) -> dict[str, Any]:
        """Return the names of all schemas that can be listed, and what cannot be used."""
        return {
            "schemas": [key.uri for key in self.resolver.list()],
            "registries": [registry.name for registry in self.resolver.registries],
            "unknownSchemas": UNKNOWN[self._unknown_is_bad],
            "problems": list(self.problems()),
        }


def open_schemas(
    schemas: SchemaSource | Sequence[SchemaSource] | Resolver | None, unknown: str | None
) -> EventSchemas:
    """Return the schemas of a collector.

    Args:
        schemas: Folders, or a resolver. The standard schemas are known in addition to folders.
        unknown: Whether data without a known schema is "good" or "bad". None is "bad" if `schemas`
            are given.

    Raises:
        ValueError: `unknown` is something else.
    """
    if unknown not in {None, *UNKNOWN}:
        raise ValueError(f"unknown_schemas: {unknown!r} is not one of {', '.join(UNKNOWN)}")
    if isinstance(schemas, Resolver):
        resolver = schemas
    else:
        folders = [schemas] if isinstance(schemas, (str, os.PathLike)) else schemas or ()
        resolver = Resolver(_registries(folders))
    is_bad = schemas is not None if unknown is None else unknown == "bad"
    return EventSchemas(resolver, unknown_is_bad=is_bad)


def schemas_of(
    folders: Sequence[str], config: str | None, environment: Mapping[str, str]
) -> Resolver | None:
    """Return the resolver for the arguments of a command; None if there are no schemas to find.

    Args:
        folders: Folders with schemas. They are asked first.
        config: Path of a resolver configuration.
        environment: `SNOWPLOW_SCHEMAS` has more folders; `MICRO_IGLU_REGISTRY_URL` and
            `MICRO_IGLU_API_KEY`, which are Snowplow Micro's, one more server.

    Raises:
        ValueError: The configuration or the address cannot be used. The message says why.
    """
    more = environment.get("SNOWPLOW_SCHEMAS", "").split(os.pathsep)
    folders = [*folders, *filter(None, more)]
    url = environment.get("MICRO_IGLU_REGISTRY_URL")
    if not folders and not config and not url:
        return None
    registries = _registries(folders)
    if url:
        key = environment.get("MICRO_IGLU_API_KEY")
        name = f"Custom ({redact_url(url)})"
        registries.append(HttpRegistry(url, key, name, priority=0))
    return Resolver.from_config(config, registries) if config else Resolver(registries)


def _registries(folders: Iterable[SchemaSource]) -> list[Registry]:
    """Return the registries of folders, in their order, and of the standard schemas."""
    paths = dict.fromkeys(os.fspath(folder) for folder in folders)
    registries = [
        FolderRegistry(path, priority=place, vendor_prefixes=("",), must_exist=False)
        for place, path in enumerate(paths)
    ]
    return [*registries, StandardRegistry()]


def _described(event: TrackedEvent) -> Iterator[tuple[str, dict[str, Any]]]:
    if event.unstruct_event:
        yield "unstruct", event.unstruct_event["data"]
    for item in event.contexts["data"] if event.contexts else ():
        yield "contexts", item
