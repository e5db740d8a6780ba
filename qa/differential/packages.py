"""The packages to compare, each in its own process."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

from qa.differential.programs import Outcome, StepOutcome

if TYPE_CHECKING:
    from collections.abc import Collection

    from qa.differential.programs import Program
    from typing_extensions import Self

__all__ = ["OURS", "Package", "original"]

_ROOT = Path(__file__).parents[2]
_SECONDS_A_PROGRAM = 30
OURS = "ours"


def original(version: str) -> Path:
    """Return the folder in which a version of the original is installed."""
    folder = Path(sys.prefix, "originals", version)
    if not folder.is_dir():
        raise FileNotFoundError(f"snowplow-tracker {version}: not in {folder}. Run: make originals")
    return folder


class Package:
    """A process that runs programs on one package.

    Args:
        version: Version of the original, or `OURS`.

    Attributes:
        version: What the package itself says.
    """

    def __init__(self, version: str) -> None:
        self._first_on_path = [] if version == OURS else [str(original(version))]
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([*self._first_on_path, str(_ROOT)])
        process = subprocess.Popen(
            [sys.executable, "-m", "qa.differential.runner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": path, "NO_PROXY": "127.0.0.1"},
        )
        with contextlib.suppress(EOFError):
            self.version = pickle.load(_pipe(process.stdout))
            return process
        with process:
            raise RuntimeError(f"the package cannot be imported: PYTHONPATH={path}")

    def run(self, program: Program, differences: Collection[str] = ()) -> Outcome:
        """Run a program, with the patches of these differences in place."""
        self.begin(program, differences)
        return self.end()

    def begin(self, program: Program, differences: Collection[str] = ()) -> None:
        """Have a program run."""
        self._limit = threading.Timer(_SECONDS_A_PROGRAM, self._process.kill)
        self._limit.start()
        with contextlib.suppress(BrokenPipeError):
            pickle.dump((program, tuple(differences)), _pipe(self._process.stdin))
            _pipe(self._process.stdin).flush()

    def end(self) -> Outcome:
        """Wait for what came of the program."""
        try:
            outcome: Outcome = pickle.load(_pipe(self._process.stdout))
        except EOFError:
            with self._process as ended:
                ended.wait()
            self._process = self._start()
            return Outcome((StepOutcome(raised=f"the process ended: {ended.returncode}"),))
        finally:
            self._limit.cancel()
        return outcome

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=10)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
