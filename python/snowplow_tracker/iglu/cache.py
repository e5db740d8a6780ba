"""The rules by which a resolver keeps schemas, and the failures to find them.

They are those of the Iglu client: https://docs.snowplow.io/docs/api-reference/iglu/iglu-resolver/
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable

    from snowplow_tracker.iglu.names import SchemaKey

__all__ = ["Attempts", "CachedAnswer", "SchemaCache", "backoff_seconds"]

_MAX_ERRORS = 32
_MAX_BACKOFF = 60.0
_NOT_FOUND = {"error": "NotFound"}


def backoff_seconds(attempts: int) -> float:
    """Return the pause after a number of failed attempts, in seconds; at most 60."""
    if attempts <= 8:  # noqa: PLR2004  # the steps of the Iglu client
        milliseconds = 500 + 4**attempts
    elif attempts <= 12:  # noqa: PLR2004
        milliseconds = 500 + 3**attempts
    elif attempts <= 20:  # noqa: PLR2004
        milliseconds = 5500 + 2**attempts
    else:
        return _MAX_BACKOFF
    return float(min(milliseconds / 1000, _MAX_BACKOFF))


@dataclass
class Attempts:
    """The failed lookups of one schema in one registry.

    Attributes:
        errors: What the registry answered, without repetitions; the newest 32.
        count: Number of attempts.
        last: Time of the last one, in seconds since 1970.
    """

    errors: list[dict[str, str]] = field(default_factory=list)
    count: int = 0
    last: float = 0.0

    def add(self, error: dict[str, str] | None, now: float) -> None:
        """Record an attempt.

        Args:
            error: What went wrong; None if the registry does not have the schema.
            now: Current time, in seconds since 1970.
        """
        entry = _NOT_FOUND if error is None else error
        others = [one for one in self.errors if one != entry]
        self.errors = [*others[-_MAX_ERRORS + 1 :], entry]
        self.count += 1
        self.last = now

    @property
    def is_final(self) -> bool:
        """Whether the registry does not have the schema, so that asking again is of no use."""
        return _NOT_FOUND in self.errors

    def may_retry(self, now: float) -> bool:
        """Return whether the registry may be asked again before the entry expires."""
        return not self.is_final and now - self.last >= backoff_seconds(self.count)

    def to_json(self, repository: str) -> dict[str, Any]:
        """Return it as an entry of a lookup history."""
        last = datetime.fromtimestamp(self.last, timezone.utc)
        return {
            "repository": repository,
            "errors": list(self.errors),
            "attempts": self.count,
            "lastAttempt": last.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }


class CachedAnswer(NamedTuple):
    """What is known about one schema.

    Attributes:
        schema: The schema, or None if no registry has it.
        attempts: Failed lookups by name of the registry.
        time: Time of the answer, in seconds since 1970.
        stamps: Stamps of the local registries that were asked.
        expires: Whether the answer is one of registries that have no stamps.
    """

    schema: dict[str, Any] | None
    attempts: dict[str, Attempts]
    time: float
    stamps: tuple[Hashable, ...]
    expires: bool


class SchemaCache:
    """The answers that were used last.

    Args:
        size: Maximum number of answers. 0 keeps none.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: OrderedDict[SchemaKey, CachedAnswer] = OrderedDict()

    def get(self, key: SchemaKey) -> CachedAnswer | None:
        """Return the answer for a schema, if there is one."""
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def put(self, key: SchemaKey, answer: CachedAnswer) -> None:
        """Keep an answer; forgets the one that was not used for the longest time."""
        self._answers[key] = answer
        self._answers.move_to_end(key)
        while len(self._answers) > self._size:
            self._answers.popitem(last=False)
