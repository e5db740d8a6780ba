"""`Resolver`: finds schemas in several registries, and keeps them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from snowplow_tracker.iglu.cache import Attempts, CachedAnswer, SchemaCache
from snowplow_tracker.iglu.registries.folder import FolderRegistry
from snowplow_tracker.iglu.registries.memory import MemoryRegistry
from snowplow_tracker.iglu.registries.protocol import (
    ListedRegistry,
    LocalRegistry,
    Registry,
    RegistryError,
)
from snowplow_tracker.iglu.registries.standard import StandardRegistry

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from typing_extensions import Self

    from snowplow_tracker.iglu.names import SchemaKey

__all__ = ["ResolutionError", "Resolver"]

# Names come from events: whoever sends them must not fill the memory.
_MAX_REMEMBERED = 10_000
_CLASSES = (MemoryRegistry, FolderRegistry, StandardRegistry)


class ResolutionError(LookupError):
    """No registry has the schema.

    Attributes:
        key: The schema.
        history: What each registry answered, sorted by name: dicts with `repository`, `errors`,
            `attempts` and `lastAttempt`.
        time: Time of the answer, in seconds since 1970. It stays as long as the answer is kept.
    """

    def __init__(self, key: SchemaKey, answer: CachedAnswer) -> None:
        attempts = answer.attempts
        super().__init__(f"{key.uri}: not found in {', '.join(sorted(attempts)) or 'no registry'}")
        self.key = key
        self.history = [attempts[name].to_json(name) for name in sorted(attempts)]
        self.time = answer.time


class Resolver:
    """Finds schemas as the Iglu client does. Safe to use from any thread.

    The registries are asked in this order: those with a prefix of the schema's vendor before
    others; those in memory before folders, the standard schemas after these, and others last; those
    of a smaller priority number first. The first one that has the schema wins.

    Answers of local registries are kept until their files change. Those of other registries are
    kept for `cache_ttl`. A registry that could not answer is asked again after a pause.

    Args:
        registries: The registries. Their names must differ.
        cache_size: Maximum number of schemas that are kept. Default 500. 0 keeps none.
        cache_ttl: Seconds after which a registry that is not local is asked again. Default 60. None
            keeps schemas for good. 0 keeps none.

    Raises:
        ValueError: Two registries have the same name, or a number is negative.
    """

    def __init__(
        self,
        registries: Iterable[Registry],
        cache_size: int = 500,
        cache_ttl: float | None = 60.0,
    ) -> None:
        self.registries = tuple(registries)
        names = [registry.name for registry in self.registries]
        if len(set(names)) < len(names):
            raise ValueError(f"registries: names must be unique: {', '.join(sorted(names))}")
        if cache_size < 0 or (cache_ttl is not None and cache_ttl < 0):
            raise ValueError("cache_size and cache_ttl: must not be negative")
        self.__keeps = cache_size > 0 and cache_ttl != 0
        self.__ttl = float("inf") if cache_ttl is None else cache_ttl
        self.__cache = SchemaCache(cache_size)
        self.__lock = threading.Lock()
        self.__lookups: dict[SchemaKey, threading.Lock] = {}
        self.__orders: dict[str, _Order] = {}

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any] | str | os.PathLike[str], extra: Iterable[Registry] = ()
    ) -> Self:
        """Create a resolver from a resolver configuration of Iglu.

        Args:
            config: The configuration, or the path of a JSON file with it. Paths of folders in a
                file are relative to the file.
            extra: Further registries. Default: none.

        Raises:
            ConfigurationError: It does not fit the schema `resolver-config`. The message says why.
        """
        from snowplow_tracker.iglu.configuration import load  # noqa: PLC0415  # needs the extra

        settings = load(config)
        registries = (*settings.registries, *extra)
        return cls(registries, settings.cache_size, settings.cache_ttl)

    def lookup(self, key: SchemaKey) -> dict[str, Any]:
        """Return a schema with all its keywords. Do not change it: it is shared.

        Raises:
            ResolutionError: No registry has it.
        """
        order = self.__order(key)
        answer = self.__cached(key, order)
        if answer is None:
            with self.__lookup_lock(key):
                answer = self.__cached(key, order) or self.__ask(key, order)
        if answer.schema is None:
            raise ResolutionError(key, answer)
        return answer.schema

    def list(self) -> list[SchemaKey]:
        """Return the names of all schemas of the registries that can be listed, sorted."""
        listed = (registry for registry in self.registries if isinstance(registry, ListedRegistry))
        keys = {key for registry in listed for key in registry.list()}
        return sorted(keys, key=lambda key: key.order)

    @property
    def is_local(self) -> bool:
        """Whether no lookup waits for the network."""
        return all(isinstance(registry, LocalRegistry) for registry in self.registries)

    def __order(self, key: SchemaKey) -> _Order:
        order = self.__orders.get(key.vendor)
        if order is None:
            ranked = sorted(self.registries, key=lambda registry: _rank(registry, key.vendor))
            order = _Order.of(ranked)
            if len(self.__orders) >= _MAX_REMEMBERED:
                self.__orders.clear()
            self.__orders[key.vendor] = order
        return order

    def __cached(self, key: SchemaKey, order: _Order) -> CachedAnswer | None:
        """Return the answer that is kept, if it may be used."""
        with self.__lock:
            answer = self.__cache.get(key)
        if answer is None:
            return None
        for stamp, known in zip(order.stamps, answer.stamps):  # noqa: B905  # as far as asked
            if stamp(key) != known:
                return None
        return answer if self.__is_fresh(answer) else None

    def __is_fresh(self, answer: CachedAnswer) -> bool:
        if not answer.expires:
            return True
        now = time.time()
        if now - answer.time >= self.__ttl:
            return False
        has_failed = answer.schema is None
        return not (has_failed and any(one.may_retry(now) for one in answer.attempts.values()))

    def __ask(self, key: SchemaKey, order: _Order) -> CachedAnswer:
        with self.__lock:
            known = self.__cache.get(key)
        answer = _ask(key, order, known, self.__ttl)
        if self.__keeps:
            with self.__lock:
                self.__cache.put(key, answer)
        return answer

    def __lookup_lock(self, key: SchemaKey) -> threading.Lock:
        with self.__lock:
            if len(self.__lookups) >= _MAX_REMEMBERED:
                self.__lookups.clear()
            return self.__lookups.setdefault(key, threading.Lock())


class _Order(NamedTuple):
    """The registries in the order in which they are asked, and the stamps of the local ones."""

    registries: tuple[Registry, ...]
    stamps: tuple[Callable[[SchemaKey], Hashable], ...]
    locals: frozenset[str]

    @classmethod
    def of(cls, registries: Iterable[Registry]) -> _Order:
        ranked = tuple(registries)
        local = [registry for registry in ranked if isinstance(registry, LocalRegistry)]
        names = frozenset(registry.name for registry in ranked if registry in local)
        return cls(ranked, tuple(registry.stamp for registry in local), names)


def _rank(registry: Registry, vendor: str) -> tuple[bool, int, float]:
    fits = any(vendor.startswith(prefix) for prefix in registry.vendor_prefixes)
    classes = (i for i, kind in enumerate(_CLASSES) if isinstance(registry, kind))
    return not fits, next(classes, len(_CLASSES)), registry.priority


def _ask(key: SchemaKey, order: _Order, known: CachedAnswer | None, ttl: float) -> CachedAnswer:
    now = time.time()
    is_young = known is not None and now - known.time < ttl
    attempts: dict[str, Attempts] = {}
    stamps: list[Hashable] = []
    for registry in order.registries:
        is_local = registry.name in order.locals
        if is_local:
            # Read before the schema: if the file changes in between, the answer is not used again.
            stamps.append(order.stamps[len(stamps)](key))
        earlier = known.attempts.get(registry.name) if known is not None and is_young else None
        if earlier is not None and not is_local and not earlier.may_retry(now):
            attempts[registry.name] = earlier
            continue
        schema, error = _attempt(registry, key)
        if schema is not None:
            return CachedAnswer(schema, attempts, now, tuple(stamps), not is_local)
        attempts[registry.name] = earlier or Attempts()
        attempts[registry.name].add(error, time.time())
    may_keep = known is not None and known.schema is not None and known.expires
    schema = known.schema if known is not None and may_keep else None
    expires = len(stamps) < len(order.registries)
    started = known.time if known is not None and is_young and schema is None else now
    return CachedAnswer(schema, attempts, started, tuple(stamps), expires)


def _attempt(
    registry: Registry, key: SchemaKey
) -> tuple[dict[str, Any] | None, dict[str, str] | None]:
    try:
        return registry.lookup(key), None
    except RegistryError as error:
        return None, error.to_json()
