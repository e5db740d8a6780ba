"""`SNOWPLOW_TRACKER_DISABLED`: the user of a program has switched all its trackers off."""

from __future__ import annotations

import os

__all__ = ["VARIABLE", "announce", "is_disabled"]

VARIABLE = "SNOWPLOW_TRACKER_DISABLED"
_MEANS_YES = ("1", "true", "yes")
_announced: list[str] = []


def is_disabled() -> bool:
    """Return whether the environment says so now: "1", "true" or "yes", in upper or lower case."""
    return os.environ.get(VARIABLE, "").strip().lower() in _MEANS_YES


def announce() -> None:
    """Log, once in the process, that trackers are silent."""
    if not _announced:
        _announced.append(VARIABLE)
        from snowplow_tracker._loggers import find_logger  # noqa: PLC0415 - rarely needed
        from snowplow_tracker._logging import log_unlocked  # noqa: PLC0415 - as above

        logger = find_logger("snowplow_tracker.tracker")
        log_unlocked(logger.info, "Trackers are silent: %s is set", VARIABLE)
