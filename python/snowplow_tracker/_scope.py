"""`Scope`: the user and entities of one request, and the variable that holds the current one.

Trackers with `use_scope` read it for each event. `snowplow_tracker.web` creates scopes.
"""

from __future__ import annotations

from contextvars import ContextVar
from threading import get_ident

from snowplow_tracker.subject import DEFAULT_PLATFORM, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from snowplow_tracker.self_describing_json import SelfDescribingJson

__all__ = ["CURRENT", "Page", "Scope", "require_entities", "require_subject"]


class Page:
    """The page that a request asks for.

    Attributes:
        url: Its absolute URL.
        referrer: The URL of the page before it, or None.
    """

    __slots__ = ("referrer", "url")

    def __init__(self, url: str, referrer: str | None = None) -> None:
        self.url = url
        self.referrer = referrer

    def __repr__(self) -> str:
        return f"Page(url={self.url!r}, referrer={self.referrer!r})"


class Scope:
    """What the events of one request have in common. `request_scope` creates scopes.

    Args:
        subject: Its fields are copied, so that requests may share it. The platform "pc" is left
            out: each `Subject()` has it, and it would override the platform of the tracker.
        entities: Added to each event.
        parent: The scope around this one, or None.

    Attributes:
        subject: The user of the request. It starts without any field. Its fields override those of
            outer scopes and of the tracker's subject; the subject of an event overrides it.
        entities: Added to each event, after the event's own.
        tags: A dict for data of your program. It is never sent. An inner scope starts with a copy.
        page: The page that the request asks for, or None. An inner scope has that of the outer one.
        parent: The scope around this one, or None.
    """

    __slots__ = (
        "__weakref__",
        "_deferred_entities",
        "_deferred_fields",
        "_resolving",
        "entities",
        "page",
        "parent",
        "subject",
        "tags",
    )

    def __init__(
        self,
        subject: Subject | None = None,
        entities: Iterable[SelfDescribingJson] = (),
        *,
        parent: Scope | None = None,
    ) -> None:
        self.subject = _without_default_platform(subject)
        self.entities: list[SelfDescribingJson] = [*entities]
        self.tags: dict[str, Any] = {} if parent is None else dict(parent.tags)
        self.page: Page | None = None if parent is None else parent.page
        self.parent = parent
        self._deferred_fields: dict[str, Callable[[], Any]] = {}
        self._deferred_entities: list[Callable[[], Iterable[SelfDescribingJson] | None]] = []
        self._resolving: set[int] = set()

    def __repr__(self) -> str:
        return f"Scope({self.subject.standard_nv_pairs!r}, entities={len(self.entities)})"

    @property
    def fresh(self) -> bool:
        """Whether this scope inherits nothing."""
        return self.parent is None

    def add_entity(self, entity: SelfDescribingJson) -> Scope:
        """Add an entity to each later event of this scope. Returns the scope.

        Raises:
            ValueError: It is no SelfDescribingJson.
        """
        self.entities += require_entities([entity])
        return self

    def defer_field(self, name: str, compute: Callable[[], Any]) -> None:
        """Compute a field of the subject when an event needs it, such as the user's id.

        Args:
            name: Its name in the tracker protocol, such as "uid".
            compute: Called for each event until it returns something other than None, which is
                kept. It is not called if the subject has the field.
        """
        self._deferred_fields[name] = compute

    def defer_entities(self, compute: Callable[[], Iterable[SelfDescribingJson] | None]) -> None:
        """Compute entities when an event needs them.

        Args:
            compute: Called for each event until it returns entities, which are kept.
        """
        self._deferred_entities.append(compute)

    def contents(self) -> tuple[dict[str, Any], list[SelfDescribingJson]]:
        """Return fields and entities, which may be the scope's own. Native code calls this."""
        if self.parent is None and not self._deferred_fields and not self._deferred_entities:
            return self.subject.standard_nv_pairs, self.entities
        return self.merged_fields(), self.all_entities()

    def merged_fields(self) -> dict[str, Any]:
        """Return the fields of this scope's subject over those of the outer scopes."""
        if self._deferred_fields:
            self._once(self._resolve_fields)
        fields = self.subject.standard_nv_pairs
        if self.parent is None:
            return dict(fields)
        return {**self.parent.merged_fields(), **fields}

    def all_entities(self) -> list[SelfDescribingJson]:
        """Return the entities of the outer scopes and of this one, each object once."""
        if self._deferred_entities:
            self._once(self._resolve_entities)
        outer = [] if self.parent is None else self.parent.all_entities()
        if not self.entities:
            return outer
        return [*{id(entity): entity for entity in [*outer, *self.entities]}.values()]

    def _once(self, resolve: Callable[[], None]) -> None:
        # What computes a field may track an event itself, which must not compute it again.
        thread = get_ident()
        if thread in self._resolving:
            return
        self._resolving.add(thread)
        try:
            resolve()
        finally:
            self._resolving.discard(thread)

    def _resolve_fields(self) -> None:
        fields = self.subject.standard_nv_pairs
        for name, compute in [*self._deferred_fields.items()]:
            value = None if name in fields else compute()
            if value is not None:
                fields.setdefault(name, value)
            if name in fields:
                self._deferred_fields.pop(name, None)

    def _resolve_entities(self) -> None:
        for compute in [*self._deferred_entities]:
            entities = compute()
            if not entities:
                continue
            # Threads of one request may get here together: only one of them can remove it.
            try:
                self._deferred_entities.remove(compute)
            except ValueError:
                continue
            self.entities.extend(entities)


CURRENT: ContextVar[Scope | None] = ContextVar("snowplow_scope", default=None)
"""The scope of the running request. Set by `snowplow_tracker.web.request_scope`."""


def require_subject(subject: Any) -> Subject | None:
    """Return a subject, or None.

    Raises:
        ValueError: It is something else, such as the id of a user.
    """
    if subject is None or hasattr(subject, "standard_nv_pairs"):
        found: Subject | None = subject
        return found
    hint = ". Write @request_scope()" if callable(subject) else ""
    raise ValueError(f"subject must be a Subject, not {subject!r}{hint}")


def require_entities(entities: Any) -> list[SelfDescribingJson]:
    """Return a list of entities.

    Raises:
        ValueError: It is no iterable, or it contains something else.
    """
    found: list[Any] = [*entities] if hasattr(entities, "__iter__") else [None]
    if all(hasattr(entity, "to_json") for entity in found):
        return found
    raise ValueError(f"entities must be a list of SelfDescribingJson, not {entities!r}")


def _without_default_platform(subject: Subject | None) -> Subject:
    given = {} if subject is None else subject.standard_nv_pairs
    empty = Subject()
    empty.standard_nv_pairs.clear()
    for name, value in given.items():
        if name != "p" or value != DEFAULT_PLATFORM:
            empty.standard_nv_pairs[name] = value
    return empty
