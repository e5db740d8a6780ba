"""Construct + track against snowplow-tracker 1.1.0: CPU time, interleaved rounds, minimum."""

from __future__ import annotations

import base64
import json
import platform
import subprocess
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cases import CASES

HERE = Path(__file__).parent
OPPONENT = "1.1.0"
ROUNDS = 15
EMITTERS = {"post": "POST Emitter", "input": "emitter with only input(dict)"}
DIFFERENT = ("eid", "dtm", "tv")


class Side:
    """A process that runs one of the packages."""

    def __init__(self, package_path: Path | None) -> None:
        code = (
            f"import sys; sys.path[:0] = {[str(p) for p in (HERE, package_path) if p]}; import side"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, *words: str) -> Any:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process has no pipes")
        self._process.stdin.write("\t".join(words) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def cpu() -> str:
    """Return the name of the processor, where the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def opponent_path() -> Path:
    """Return the folder of the opponent, which `make bench` installs."""
    folder = Path(sys.prefix, "originals", OPPONENT)
    if not folder.exists():
        raise SystemExit(f"snowplow-tracker {OPPONENT} is not in {folder}. Run: make bench")
    return folder


def decoded(payload: dict[str, Any]) -> dict[str, Any]:
    """Return what a payload says, whatever its white space."""
    said = {name: value for name, value in payload.items() if name not in DIFFERENT}
    for name in {"ue_px", "cx"} & said.keys():
        said[name] = json.loads(base64.urlsafe_b64decode(said[name]))
    return said


def compare(ours: Side, theirs: Side, case: str, emitter: str) -> tuple[float, float]:
    """Return the least CPU seconds an event of either side, by turns."""
    if decoded(ours.ask("payload", case)) != decoded(theirs.ask("payload", case)):
        raise SystemExit(f"the two sides disagree: {case}")
    rounds = [
        (ours.ask("round", case, emitter), theirs.ask("round", case, emitter))
        for _ in range(ROUNDS)
    ]
    return min(mine for mine, _ in rounds), min(other for _, other in rounds)


def main() -> None:
    ours, theirs = Side(None), Side(opponent_path())
    today = datetime.now(tz=timezone.utc).date()
    ours_version = version("snowplow-tracker-rs")
    print(f"snowplow-tracker-rs {ours_version} against snowplow-tracker {OPPONENT}, {today}")
    print(f"CPython {platform.python_version()}, {cpu()}")
    print(f"CPU time of construct + track, minimum of {ROUNDS} interleaved rounds\n")
    print(f"{'emitter':<32}{'event':<20}{'ours us':>10}{'1.1.0 us':>10}{'ratio':>8}")
    for emitter, title in EMITTERS.items():
        for case in CASES:
            mine, other = compare(ours, theirs, case, emitter)
            print(
                f"{title:<32}{case:<20}{mine * 1e6:>10.2f}{other * 1e6:>10.2f}{other / mine:>7.1f}x"
            )
    ours.close()
    theirs.close()


main()
