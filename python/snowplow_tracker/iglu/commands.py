"""The commands `list`, `lint`, `validate` and `show`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snowplow_tracker._terminal import escape_unprintable
from snowplow_tracker.iglu.errors import ConfigurationError, NotARegistryError
from snowplow_tracker.iglu.names import SchemaKey
from snowplow_tracker.iglu.registries.folder import FolderRegistry
from snowplow_tracker.iglu.registries.standard import StandardRegistry
from snowplow_tracker.iglu.resolver import ResolutionError, Resolver
from snowplow_tracker.iglu.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from snowplow_tracker.iglu.lint import LintedFile
    from snowplow_tracker.iglu.registries.protocol import Registry

__all__ = ["add_commands", "main", "resolver_of", "schemas_parser"]

_FOUND, _UNUSABLE = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command with command line arguments, and return the exit status.

    0: all is well. 1: something was found. 2: the arguments or a file cannot be used.
    """
    options = schemas_parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (ConfigurationError, NotARegistryError, OSError, RuntimeError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return _UNUSABLE


def schemas_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m snowplow_tracker.iglu",
        description="Lists, checks and shows schemas, and validates data.",
    )
    add_commands(parser.add_subparsers(required=True, metavar="COMMAND"))
    return parser


def add_commands(commands: Any) -> None:
    """Add the commands to a parser's subparsers. Each sets `run`, which takes the arguments."""
    listing = commands.add_parser("list", help="print the URIs of all schemas")
    listing.add_argument("folders", nargs="+", metavar="DIR")
    listing.set_defaults(run=_list)

    lint = commands.add_parser("lint", help="check schemas, as igluctl does")
    lint.add_argument("folders", nargs="+", metavar="DIR")
    lint.add_argument(
        "--skip-checks", type=_names, default=[], metavar="A,B", help="checks to leave out"
    )
    lint.add_argument(
        "--skip-schemas", type=_names, default=[], metavar="URI,URI", help="schemas to leave out"
    )
    lint.add_argument("--json", action="store_true", help="print one JSON object a file")
    lint.set_defaults(run=_lint)

    validate = commands.add_parser("validate", help="validate files of one JSON value a line")
    validate.add_argument("files", nargs="+", metavar="FILE", help="- is standard input")
    _add_sources(validate)
    validate.add_argument(
        "--schema", metavar="URI", help="schema of all lines, which then are bare data"
    )
    validate.set_defaults(run=_validate)

    show = commands.add_parser("show", help="print a schema")
    show.add_argument("uri", metavar="URI")
    _add_sources(show)
    show.set_defaults(run=_show)


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--schemas", action="append", default=[], metavar="DIR", help="folder with schemas"
    )
    parser.add_argument("--iglu", metavar="FILE", help="resolver configuration")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def resolver_of(options: argparse.Namespace) -> Resolver:
    """Return the resolver for the options `--schemas` and `--iglu`."""
    registries: list[Registry] = [
        *(FolderRegistry(folder, vendor_prefixes=("",)) for folder in options.schemas),
        StandardRegistry(),
    ]
    if options.iglu:
        return Resolver.from_config(options.iglu, registries)
    return Resolver(registries)


def _list(options: argparse.Namespace) -> int:
    keys = {key for folder in options.folders for key in FolderRegistry(folder).list()}
    for key in sorted(keys, key=lambda key: key.order):
        _say(key.uri)
    return 0


def _lint(options: argparse.Namespace) -> int:
    from snowplow_tracker.iglu.lint import lint_folder  # noqa: PLC0415  # needs the extra

    folders = [FolderRegistry(folder) for folder in options.folders]
    results = [
        result
        for folder in folders
        for result in lint_folder(folder, options.skip_checks, options.skip_schemas)
    ]
    for result in results:
        _say(json.dumps(_as_json(result)) if options.json else "\n".join(_as_text(result)))
    failed = sum(result.fails for result in results)
    if not options.json:
        issues = sum(len(result.findings) for result in results)
        _say(f"TOTAL: {len(results) - failed} valid schemas")
        _say(f"TOTAL: {failed} schemas that failed, {issues} issues")
    if any(result.is_broken for result in results):
        return _UNUSABLE
    return _FOUND if failed else 0


def _as_text(result: LintedFile) -> Iterator[str]:
    name = result.key.path if result.key else str(result.path)
    yield f"FAILURE: {name}" if result.fails else f"OK: {name}"
    for number, finding in enumerate(result.findings, 1):
        yield f"  {number}. {finding.level} {finding.check}, at {finding.path}: {finding.message}"


def _as_json(result: LintedFile) -> dict[str, Any]:
    return {
        "file": str(result.path),
        "schema": result.key.uri if result.key else None,
        "ok": not result.fails,
        "findings": [finding._asdict() for finding in result.findings],
    }


def _validate(options: argparse.Namespace) -> int:
    validator = Validator(resolver_of(options))
    if options.schema:
        SchemaKey.parse(options.schema)
    valid = invalid = 0
    for place, line in _lines(options.files):
        texts = _failures(validator, line, options.schema)
        for text in texts:
            _say(f"{place}: {text}")
        invalid += bool(texts)
        valid += not texts
    _say(f"TOTAL: {valid} valid, {invalid} invalid")
    return _FOUND if invalid else 0


def _lines(files: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in files:
        content = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        for number, line in enumerate(content.split("\n"), 1):
            if line.strip():
                yield f"{name}:{number}", line


def _failures(validator: Validator, line: str, schema: str | None) -> list[str]:
    try:
        value = json.loads(line)
    except RecursionError:
        return ["not JSON: nested too deeply"]
    except ValueError as error:
        return [f"not JSON: {error}"]
    described = value if schema is None else {"schema": schema, "data": value}
    found = validator.validate(described, "data")
    return [failure.text.removeprefix("data: ") for failure in found]


def _show(options: argparse.Namespace) -> int:
    key = SchemaKey.parse(options.uri)
    try:
        schema = resolver_of(options).lookup(key)
    except ResolutionError as error:
        sys.stderr.write(f"error: {error}\n")
        return _FOUND
    _say(json.dumps(schema, indent=2, ensure_ascii=False))
    return 0


def _say(text: str) -> None:
    # Names and values come from files: characters that control terminals must not reach one.
    plain = escape_unprintable(text, keep="\n")
    sys.stdout.write(plain.encode(errors="backslashreplace").decode() + "\n")
