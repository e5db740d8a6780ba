"""`completion`: scripts by which shells complete the command's groups and options."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from snowplow_tracker._extras import import_extra
from snowplow_tracker.cli.options import parser_for
from snowplow_tracker.cli.store import store_parser
from snowplow_tracker.iglu.commands import schemas_parser

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

__all__ = ["completion_parser", "run"]

_SHELLS = ("bash", "zsh", "tcsh")


def run(arguments: Sequence[str], groups: Mapping[str, str]) -> int:
    """Print the script of a shell, and return the exit status.

    Args:
        arguments: The arguments of the command.
        groups: The groups of `snowplow-tracker`, with a line on each.
    """
    parser = completion_parser()
    shell = parser.parse_args(arguments).shell
    try:
        shtab = import_extra("shtab", extra="completion")
    except RuntimeError as error:
        parser.error(str(error))
    command = _whole_command(groups)
    _complete_paths(command, {"FILE": shtab.FILE, "PATH": shtab.FILE, "DIR": shtab.DIRECTORY})
    sys.stdout.write(f"{shtab.complete(command, shell)}\n")
    return 0


def completion_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="snowplow-tracker completion",
        description="Prints a script by which a shell completes the options of this command.",
    )
    parser.add_argument("shell", choices=_SHELLS)
    return parser


def _whole_command(groups: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return one parser of all groups. The command itself has none: it loads one group only."""
    parsers = {
        "send": parser_for("send"),
        "replay": parser_for("replay"),
        "store": store_parser(),
        "schemas": schemas_parser(),
        "completion": completion_parser(),
    }
    with suppress(ImportError):  # without the extra `collector`
        from snowplow_tracker.collector.__main__ import collector_parser  # noqa: PLC0415

        parsers["collector"] = collector_parser()
    command = argparse.ArgumentParser(prog="snowplow-tracker")
    known = command.add_subparsers(metavar="GROUP")
    for group, text in groups.items():
        known.add_parser(
            group, help=text, parents=[parsers[group]] if group in parsers else [], add_help=False
        )
    return command


def _complete_paths(parser: argparse.ArgumentParser, kinds: Mapping[str, Any]) -> None:
    """Have paths completed: the arguments whose names in the help are among `kinds`."""
    for action in parser._actions:  # noqa: SLF001 - shtab reads them, too
        if isinstance(action.choices, dict):  # the parsers of groups
            for each in action.choices.values():
                _complete_paths(each, kinds)
        elif isinstance(action.metavar, str) and action.metavar in kinds:
            action.complete = kinds[action.metavar]  # type: ignore[attr-defined]
