"""Check schemas before they are used: the checks of igluctl, by its names, and some of ours.

https://docs.snowplow.io/docs/api-reference/iglu/igluctl/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from snowplow_tracker.iglu.compiled import CompiledSchema
from snowplow_tracker.iglu.lint_rules import RULES, SKIPPABLE, Level, parts
from snowplow_tracker.iglu.metaschema import IGLU_META_SCHEMA
from snowplow_tracker.iglu.schema_files import schema_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from snowplow_tracker.iglu.names import SchemaKey
    from snowplow_tracker.iglu.registries.folder import FolderRegistry

__all__ = ["Finding", "LintedFile", "lint_folder", "lint_schema"]


class Finding(NamedTuple):
    """One thing that a check found.

    Attributes:
        check: Name of the check, such as `optionalNull`.
        level: `error`, `warning`, or `info`, which does not make a schema fail.
        path: Place in the schema, such as `$.properties.price`.
        message: What is wrong.
    """

    check: str
    level: Level
    path: str
    message: str


class LintedFile(NamedTuple):
    """The result of one file.

    Attributes:
        path: The file.
        key: Name of its schema; None if it has no valid `self`.
        findings: What was found.
        is_broken: Whether it cannot be read as a schema at all.
    """

    path: Path
    key: SchemaKey | None
    findings: list[Finding]
    is_broken: bool = False

    @property
    def fails(self) -> bool:
        """Whether something of the level `error` or `warning` was found."""
        return self.is_broken or any(one.level != "info" for one in self.findings)


def lint_folder(
    folder: FolderRegistry, skip_checks: Collection[str] = (), skip_schemas: Collection[str] = ()
) -> Iterator[LintedFile]:
    """Check all schemas of a folder.

    Args:
        folder: The folder.
        skip_checks: Names of checks that are left out. Some cannot be.
        skip_schemas: URIs of schemas that are left out.

    Yields:
        The result of each file.

    Raises:
        ValueError: A check cannot be skipped, or there is none of this name.
    """
    unknown = set(skip_checks) - SKIPPABLE
    if unknown:
        raise ValueError(
            f"checks that cannot be skipped: {', '.join(sorted(unknown))};"
            f" choose from {', '.join(sorted(SKIPPABLE))}"
        )
    for path in folder.files():
        result = _lint_file(folder, path, skip_checks)
        if result.key is None or result.key.uri not in skip_schemas:
            yield result


def lint_schema(schema: dict[str, Any], skip_checks: Collection[str] = ()) -> list[Finding]:
    """Check one schema."""
    identifier = schema.get("$schema")
    findings = []
    if identifier != IGLU_META_SCHEMA:
        message = f"must be {IGLU_META_SCHEMA}, not {identifier}"
        findings.append(Finding("schemaUri", "error", "$.$schema", message))
    compiled = CompiledSchema({**schema, "$schema": IGLU_META_SCHEMA})
    if compiled.issues:
        broken = [Finding("metaSchema", "error", one.path, one.message) for one in compiled.issues]
        return [*findings, *broken]
    findings += [Finding("brokenPattern", "error", "$", note) for note in _patterns(compiled)]
    for path, part in parts(schema):
        for rule in RULES:
            if rule.check not in skip_checks:
                found = rule.find(part, path)
                findings += [Finding(rule.check, rule.level, path, message) for message in found]
    return findings


def _patterns(compiled: CompiledSchema) -> list[str]:
    return [note for note in compiled.notes if note.startswith("pattern ")]


def _lint_file(folder: FolderRegistry, path: Path, skip_checks: Collection[str]) -> LintedFile:
    try:
        schema = folder.load(path)
        key = schema_key(schema)
        expected = folder.key_of_path(path)
    except (OSError, ValueError) as error:
        return LintedFile(path, None, [Finding("file", "error", "$", str(error))], is_broken=True)
    findings = lint_schema(schema, skip_checks)
    if expected is not None and expected != key:
        message = f"is {key.path}, but the path of the file is that of {expected.path}"
        findings.insert(0, Finding("path", "error", "$.self", message))
    if not folder.is_snowplow_cli and path.suffix == ".json":
        message = f"Iglu does not find {path.name}: rename it to {path.stem}"
        findings.append(Finding("fileName", "warning", "$", message))
    return LintedFile(path, key, findings)
