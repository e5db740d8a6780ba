"""What a resolver requires of a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from snowplow_tracker.iglu.names import SchemaKey

__all__ = ["ListedRegistry", "LocalRegistry", "Registry", "RegistryError"]


class RegistryError(Exception):
    """A registry could not answer whether it has a schema.

    Args:
        message: Why; the first 256 characters are kept.
        kind: `RepoFailure` if the registry is at fault, `ClientFailure` if the request is.
    """

    def __init__(
        self, message: str, kind: Literal["RepoFailure", "ClientFailure"] = "RepoFailure"
    ) -> None:
        super().__init__(message[:256])
        self.kind = kind

    def to_json(self) -> dict[str, str]:
        """Return it as an entry of `errors` in a lookup history."""
        return {"error": self.kind, "message": str(self)}


class Registry(Protocol):
    """A source of schemas. Any object with these members serves.

    Attributes:
        name: Unique among the registries of a resolver; failures name it.
        priority: Registries with smaller numbers are asked first, among those of one class.
        vendor_prefixes: Beginnings of vendors whose schemas this registry is likely to have. It is
            asked before those that have none that fits. `("",)` fits all vendors.
    """

    name: str
    priority: float
    vendor_prefixes: tuple[str, ...]

    def lookup(self, key: SchemaKey) -> dict[str, Any] | None:
        """Return a schema with all its keywords, or None if this registry does not have it.

        Raises:
            RegistryError: It is not known whether the registry has it.
        """
        ...


@runtime_checkable
class LocalRegistry(Protocol):
    """A registry whose schemas may change at any time, and that is cheap to ask whether they did.

    A resolver keeps its answers until their stamp changes, instead of for a time.
    """

    def stamp(self, key: SchemaKey) -> Hashable:
        """Return a value that differs if the answer for this key may differ."""
        ...


@runtime_checkable
class ListedRegistry(Protocol):
    """A registry that knows all of its schemas."""

    def list(self) -> Iterable[SchemaKey]:
        """Return the names of all schemas."""
        ...
