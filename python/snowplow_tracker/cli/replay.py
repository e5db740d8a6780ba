"""Recorded events again: chosen by their time, moved in time, at their own pace or another."""

from __future__ import annotations

import io
import math
import time
from typing import TYPE_CHECKING, Any

from snowplow_tracker.cli.quantities import now_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker.bulk.records import RecordEncoder

__all__ = ["Replay", "fetch_micro"]

_LONGEST_SLEEP = 0.25
_SECONDS = 60.0


class Replay:
    """Turns records into payloads at the times at which they are due. Used as an encoder.

    Args:
        encoder: Turns records into payloads.
        speed: By what to divide the time between events. Infinity: no waits.
        shift_ms: Milliseconds by which times are moved. None: so that the first is now.
        start_ms: No events before this time, in milliseconds since 1970. None: no limit.
        end_ms: No events from this time on. None: no limit.
        is_stopped: Whether not to wait any more.
    """

    def __init__(
        self,
        encoder: RecordEncoder,
        *,
        speed: float,
        shift_ms: float | None,
        start_ms: int | None,
        end_ms: int | None,
        is_stopped: Callable[[], bool],
    ) -> None:
        self._encoder = encoder
        self._speed = speed
        self._shift_ms = shift_ms
        self._start_ms = -math.inf if start_ms is None else start_ms
        self._end_ms = math.inf if end_ms is None else end_ms
        self._is_stopped = is_stopped
        self._first: tuple[int, float] | None = None  # time of the first event, and when it went

    def encode_all(self, record: Any) -> list[dict[str, str]]:
        """Return the payloads of a record that are to be sent, when they are due."""
        chosen = []
        for payload in self._encoder.encode_all(record):
            when = _time_of(payload)
            if self._start_ms <= when < self._end_ms:
                self._wait_until_due(when)
                chosen.append(self._moved(payload, when))
        return chosen

    def _wait_until_due(self, when: int) -> None:
        if self._first is None:
            self._first = (when, time.monotonic())
        first, began = self._first
        due = began + (when - first) / 1000 / self._speed
        while (left := due - time.monotonic()) > 0 and not self._is_stopped():
            time.sleep(min(left, _LONGEST_SLEEP))

    def _moved(self, payload: dict[str, str], when: int) -> dict[str, str]:
        if self._shift_ms is None:
            self._shift_ms = now_ms() - when
        if self._shift_ms:
            for field in ("dtm", "ttm"):
                if field in payload:
                    payload[field] = str(int(payload[field]) + round(self._shift_ms))
        return payload


def _time_of(payload: dict[str, str]) -> int:
    text = payload.get("ttm") or payload["dtm"]
    return int(text) if text.isdecimal() else 0


def fetch_micro(url: str, kind: str) -> io.BytesIO:
    """Return the events of a Micro, or of the local collector, as a file with a JSON array.

    Args:
        url: Its address.
        kind: "good" or "bad".

    Raises:
        OSError: They cannot be had.
    """
    import requests  # noqa: PLC0415 - slow to import

    base = url if "://" in url else f"http://{url}"
    response = requests.get(f"{base.rstrip('/')}/micro/{kind}", timeout=_SECONDS)
    response.raise_for_status()
    return io.BytesIO(response.content)
