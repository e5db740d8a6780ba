"""Starts and stops the faulty collector for a scenario, and reads what it accepted."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from qa.torture.ledger import Acceptance, read_acceptances
from qa.torture.processes import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

__all__ = ["FaultyCollector"]


class FaultyCollector:
    """A server process for one scenario, which ends with it.

    Args:
        folder: Where its ledger goes.
        seed: Decides what the storms are.
        plan: Further settings of `qa.torture.server.Server`; `ledger=None` counts only.
    """

    def __init__(self, folder: Path, seed: int, **plan: Any) -> None:
        self._ledger = folder / "accepted"
        self._ledger.touch()
        self._plan = {"seed": seed, "ledger": str(self._ledger), **plan}
        self._scheme = "https" if plan.get("certificate") else "http"
        self._summary: dict[str, Any] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "qa.torture.server", json.dumps(self._plan)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = f"{self._scheme}://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def calm(self) -> None:
        """Have no more storms from now on."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("calm\n")
        self._process.stdin.flush()
        self._process.stdout.readline()

    def summary(self) -> dict[str, Any]:
        """End it and return what it counted."""
        if self._summary is None:
            out, _ = self._process.communicate(timeout=20)
            self._summary = json.loads(out)
        return self._summary

    def acceptances(self) -> list[Acceptance]:
        """Return the requests that it took, so far."""
        return read_acceptances(self._ledger)
