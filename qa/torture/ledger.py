"""The ledger of the faulty collector: accepted events, and responses that may be lost."""

from __future__ import annotations

import os
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Acceptance", "Ledger", "read_acceptances"]


class Acceptance(NamedTuple):
    """A request whose events the collector took.

    Attributes:
        is_in_doubt: Whether its answer may never have reached the client.
    """

    client: str
    event_ids: list[str]
    is_in_doubt: bool


class Ledger:
    """The ledger, on disk before the answer is sent, and counters.

    Args:
        path: The ledger. None keeps counters only, for runs too long for one.
    """

    def __init__(self, path: Path | None) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._file = None if path is None else os.open(path, flags, 0o600)
        self._lock = threading.Lock()
        self._requests = 0
        self.accepted = 0
        self._faults: Counter[str] = Counter()
        self._complaints: Counter[str] = Counter()

    def accept(self, client: str, event_ids: list[str]) -> int:
        """Write down that events were taken. Returns the number of that request."""
        with self._lock:
            self._requests += 1
            self.accepted += len(event_ids)
            self._write("accepted", str(self._requests), client, *event_ids)
            return self._requests

    def doubt(self, number: int) -> None:
        """Write down that the answer to a request may be lost."""
        with self._lock:
            self._write("doubt", str(number))

    def meet(self, fault: str) -> None:
        """Count a request that met a fault."""
        with self._lock:
            self._faults[fault] += 1

    def complain(self, about: str) -> None:
        """Note what no client may do."""
        with self._lock:
            self._complaints[about] += 1

    def summary(self) -> dict[str, Any]:
        """Return the counters."""
        with self._lock:
            return {
                "accepted": self.accepted,
                "requests": self._requests,
                "faults": dict(self._faults),
                "complaints": [f"{count}x {about}" for about, count in self._complaints.items()],
            }

    def _write(self, *words: str) -> None:
        if self._file is not None:
            line = (" ".join(words) + "\n").encode()
            while line:
                line = line[os.write(self._file, line) :]


def read_acceptances(path: Path) -> list[Acceptance]:
    """Read a ledger, in the order in which events were taken."""
    lines = list(_words(path))
    doubted = {words[1] for words in lines if words[0] == "doubt"}
    return [
        Acceptance(client, event_ids, number in doubted)
        for kind, number, client, *event_ids in (words for words in lines if len(words) > 2)
        if kind == "accepted"
    ]


def _words(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="ascii") as lines:
        for line in lines:
            yield line.split()
