"""Runs the command in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "snowplow_tracker"]


def environment() -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SNOWPLOW_")}
    return {**clean, "PYTHONPATH": str(Path(__file__).parents[2] / "python"), "NO_COLOR": "1"}


def run(
    *arguments: object, folder: Path, given: str | None = None, limit: float = 40, **settings: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        text=True,
        timeout=limit,
        env=environment(),
        check=False,
        **settings,
    )


def start(*arguments: object, folder: Path, **settings: Any) -> subprocess.Popen[str]:
    """Start the command."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        **{"stdin": subprocess.DEVNULL, **settings},
    )


def record(label: object, **fields: Any) -> dict[str, Any]:
    return {"event": "struct", "category": "c", "action": "a", "label": str(label), **fields}


def write_records(path: Path, labels: Any, **fields: Any) -> Path:
    lines = (json.dumps(record(label, **fields)) + "\n" for label in labels)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def letters_in(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(folder.glob("dead-letter-*.ndjson"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
