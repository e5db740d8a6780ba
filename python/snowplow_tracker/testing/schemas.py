"""Which schema URIs a test means."""

from __future__ import annotations

__all__ = ["matches_schema", "short_schema"]

_FORMS = (
    "a name ('signup'), vendor and name ('com.acme/signup'), or an Iglu URI, whose version may "
    "contain '*' ('iglu:com.acme/signup/jsonschema/1-*-*')"
)


def matches_schema(wanted: str, schema: str | None) -> bool:
    """Return whether a schema URI is one that a test means.

    Args:
        wanted: A name, a vendor and a name, or a URI whose version may contain `*`.
        schema: A schema URI.

    Raises:
        ValueError: `wanted` has none of these forms.
    """
    vendor, name, version = _parts(wanted)
    if schema is None:
        return False
    found = schema.removeprefix("iglu:").split("/")
    return (
        len(found) == 4  # noqa: PLR2004 - vendor, name, format, version
        and vendor in (None, found[0])
        and name == found[1]
        and (version is None or _matches_version(version, found[3]))
    )


def short_schema(wanted: str) -> str:
    """Return vendor, name and version, as a text for people."""
    vendor, name, version = _parts(wanted)
    return (f"{vendor}/" if vendor else "") + name + (f" {version}" if version else "")


def _parts(wanted: str) -> tuple[str | None, str, str | None]:
    parts = wanted.removeprefix("iglu:").split("/")
    if not all(parts) or len(parts) not in (1, 2, 4):
        raise ValueError(f"schema must be {_FORMS}: {wanted!r}")
    if len(parts) == 1:
        return None, parts[0], None
    return parts[0], parts[1], parts[3] if len(parts) > 2 else None  # noqa: PLR2004


def _matches_version(wanted: str, found: str) -> bool:
    wanted_parts, found_parts = wanted.split("-"), found.split("-")
    return len(wanted_parts) == len(found_parts) and all(
        expected in ("*", part) for expected, part in zip(wanted_parts, found_parts, strict=True)
    )
