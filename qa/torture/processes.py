"""Runs client programs as processes that end within a time limit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ROOT", "Program"]

ROOT = Path(__file__).parents[2]


class Program:
    """A module of `qa.torture.programs`, running.

    Args:
        module: Its name there.
        folder: Where it writes its ledger and reports, and its output to a file of its name.
        limit: Seconds after which it and what it forks end, come what may.
        plan: What `qa.torture.programs.client.Client` and the module take.

    Attributes:
        name: What the collector knows it by.
    """

    def __init__(self, module: str, folder: Path, *, limit: float = 120, **plan: Any) -> None:
        self.name: str = plan["name"]
        self._log = folder / f"{self.name}.log"
        command = [sys.executable, "-m", f"qa.torture.programs.{module}"]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, json.dumps({"folder": str(folder), **plan})],
                cwd=ROOT,
                env={**os.environ, "TORTURE_LIMIT": str(limit)},
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End it by SIGKILL, and what it forked."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def problems(self, seconds: float) -> list[str]:
        """Wait for its end. Returns what is wrong with that, in words."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return [f"{self.name} hung: {self.output()[-3000:]}"]
        if status != 0 or "Traceback" in self.output():
            return [f"{self.name} ended with {status}: {self.output()[-3000:]}"]
        return []

    def output(self) -> str:
        """Return what it printed and logged."""
        return self._log.read_text(encoding="utf-8", errors="replace")
