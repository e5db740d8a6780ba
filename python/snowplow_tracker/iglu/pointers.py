"""References within a schema: `#`, `#/definitions/name`.

https://datatracker.ietf.org/doc/html/rfc6901
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

__all__ = ["MissingTargetError", "resolve"]


class MissingTargetError(LookupError):
    """A reference leads to nothing, or to something that is not a schema."""


def resolve(root: dict[str, Any], reference: str) -> dict[str, Any]:
    """Return the part of a schema that a reference beginning with `#` leads to.

    Raises:
        MissingTargetError: There is no such part.
    """
    found: Any = root
    for step in reference.split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(name)] if isinstance(found, list) else found[name]
        except (LookupError, TypeError, ValueError):
            raise MissingTargetError(reference) from None
    if not isinstance(found, dict) or not (reference == "#" or reference.startswith("#/")):
        raise MissingTargetError(reference)
    return found
