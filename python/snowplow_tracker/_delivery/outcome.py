"""What a response means for the events of its request."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from snowplow_tracker._http.status import TOO_LARGE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Outcome", "is_retried"]

_NEVER_RETRIED = frozenset({400, 401, 403, 410, TOO_LARGE, 422})


class Outcome(enum.Enum):
    """What happens to the events of a request."""

    SENT = "sent"
    RETRY = "retry"
    SPLIT = "split"
    REJECTED = "rejected"


def is_retried(status: int, custom: Mapping[int, bool]) -> bool:
    """Return whether a failed request is worth another attempt.

    Every status is retried, except those with which the same request can only fail again.

    Args:
        status: The status; -1 after a network error.
        custom: Exceptions to this rule, by status.
    """
    return custom.get(status, status not in _NEVER_RETRIED)
