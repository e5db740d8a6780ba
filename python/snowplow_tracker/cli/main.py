"""The groups of the command. Only the module of the one that is called is imported."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_UNUSABLE = 2
_GC_THRESHOLD = 20_000
_GROUPS = {
    "send": "send events from files, standard input or arguments",
    "replay": "send recorded events again, at their own pace or another",
    "store": "look into the file of an SQLiteEventStore, send or export it",
    "schemas": "list, check and show schemas, and validate data",
    "collector": "run the local collector",
    "completion": "print a script by which a shell completes the options",
    "version": "print the version",
}
_HELP = "\n".join(
    [
        "usage: snowplow-tracker GROUP ...",
        "",
        "Sends events to Snowplow, and helps with programs that do.",
        "",
        "groups:",
        *(f"  {name:<10} {text}" for name, text in _GROUPS.items()),
        "",
        "snowplow-tracker GROUP --help lists the options of a group.",
        "",
    ]
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with command line arguments, and return the exit status."""
    group, *rest = list(sys.argv[1:] if arguments is None else arguments) or [""]
    if group in {"-h", "--help"}:
        sys.stdout.write(_HELP)
        return 0
    if group == "--version":
        group = "version"
    if group not in _GROUPS:
        problem = f"unknown group {group!r}" if group else "which group?"
        sys.stderr.write(f"{_HELP}\nsnowplow-tracker: error: {problem}\n")
        return _UNUSABLE
    return _run(group, rest)


def _run(group: str, rest: list[str]) -> int:
    # Imported when they are called: the command has to start fast.
    if group in {"send", "replay"}:
        # Records are no cycles: looking for some after each few hundred objects finds none.
        gc.set_threshold(_GC_THRESHOLD)
        from snowplow_tracker.cli.send import run  # noqa: PLC0415

        return run(group, rest)
    if group == "store":
        from snowplow_tracker.cli.store import run as run_store  # noqa: PLC0415

        return run_store(rest)
    if group == "schemas":
        from snowplow_tracker.iglu.commands import main as run_schemas  # noqa: PLC0415

        return run_schemas(rest)
    if group == "collector":
        from snowplow_tracker.collector.__main__ import main as run_collector  # noqa: PLC0415

        return run_collector(rest)
    if group == "completion":
        from snowplow_tracker.cli.completion import run as run_completion  # noqa: PLC0415

        return run_completion(rest, _GROUPS)
    from snowplow_tracker._native import __version__  # noqa: PLC0415

    sys.stdout.write(f"{__version__}\n")
    return 0
