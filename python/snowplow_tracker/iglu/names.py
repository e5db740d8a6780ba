"""Names of schemas: Iglu URIs, and criteria that match several versions.

https://docs.snowplow.io/docs/api-reference/iglu/common-architecture/schemaver/
"""

from __future__ import annotations

import re
from typing import NamedTuple

from typing_extensions import Self

__all__ = ["SchemaCriterion", "SchemaKey", "is_iglu_uri"]

_PART = r"0|[1-9][0-9]*"
_NAME = r"iglu:([a-zA-Z0-9-_.]+)/([a-zA-Z0-9-_]+)/([a-zA-Z0-9-_]+)/"
_URI = re.compile(rf"{_NAME}([1-9][0-9]*-(?:{_PART})-(?:{_PART}))")
_CRITERION = re.compile(rf"{_NAME}([1-9][0-9]*)-(\*|{_PART})-(\*|{_PART})")
_VERSION = re.compile(rf"([1-9][0-9]*)-({_PART})-({_PART})")


class SchemaKey(NamedTuple):
    """The name of one version of a schema. Immutable and hashable.

    Keys compare by vendor, name and format, and by version as text; sort with `order` to have
    1-0-10 after 1-0-9.

    Attributes:
        vendor: Usually a reversed domain name, such as `com.acme`.
        name: Name of the event or entity.
        format: In practice always `jsonschema`.
        version: MODEL-REVISION-ADDITION, such as `1-0-0`. MODEL starts at 1.
    """

    vendor: str
    name: str
    format: str
    version: str

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Parse `iglu:VENDOR/NAME/FORMAT/MODEL-REVISION-ADDITION`.

        Raises:
            ValueError: `uri` does not have this form. The message begins with "schema: ".
        """
        found = _URI.fullmatch(uri)
        if found is None:
            raise ValueError(f"schema: not iglu:vendor/name/format/M-R-A: {uri[:200]!r}")
        return cls(*found.groups())

    @classmethod
    def from_path(cls, path: str) -> Self:
        """Parse `VENDOR/NAME/FORMAT/VERSION`, the path of a schema in a registry.

        Raises:
            ValueError: `path` does not have this form.
        """
        return cls.parse(f"iglu:{path}")

    @property
    def path(self) -> str:
        """Path in a registry: `VENDOR/NAME/FORMAT/VERSION`."""
        return "/".join(self)

    @property
    def uri(self) -> str:
        """The URI, which begins with `iglu:`."""
        return f"iglu:{self.path}"

    @property
    def numbers(self) -> tuple[int, int, int]:
        """MODEL, REVISION and ADDITION as integers.

        Raises:
            ValueError: `version` is not a version.
        """
        found = _VERSION.fullmatch(self.version)
        if found is None:
            raise ValueError(f"version: not MODEL-REVISION-ADDITION: {self.version!r}")
        model, revision, addition = map(int, found.groups())
        return model, revision, addition

    @property
    def order(self) -> tuple[str, str, str, tuple[int, int, int]]:
        """A key for `sorted`, which puts 1-0-10 after 1-0-9."""
        return self.vendor, self.name, self.format, self.numbers

    def with_version(self, version: str) -> SchemaKey:
        """Return the key of another version of this schema."""
        return self._replace(version=version)

    def __str__(self) -> str:
        return self.uri


class SchemaCriterion(NamedTuple):
    """A pattern for versions of one schema, such as `iglu:com.acme/order/jsonschema/1-0-*`.

    Attributes:
        vendor: Must be equal.
        name: Must be equal.
        format: Must be equal.
        model: Must be equal.
        revision: Must be equal; None accepts any.
        addition: Must be equal; None accepts any.
    """

    vendor: str
    name: str
    format: str
    model: int
    revision: int | None = None
    addition: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `iglu:VENDOR/NAME/FORMAT/MODEL-REVISION-ADDITION`, whose last parts may be `*`.

        Raises:
            ValueError: `text` does not have this form, or has a number after a `*`.
        """
        found = _CRITERION.fullmatch(text)
        if found is None or (found[5] == "*" != found[6]):
            raise ValueError(f"criterion: not iglu:vendor/name/format/M-R-A or M-R-*: {text!r}")
        revision, addition = (None if part == "*" else int(part) for part in found.groups()[4:])
        return cls(found[1], found[2], found[3], int(found[4]), revision, addition)

    def matches(self, key: SchemaKey) -> bool:
        """Return whether the schema is of this name, and its version one of those accepted."""
        model, revision, addition = key.numbers
        return (
            (self.vendor, self.name, self.format, self.model) == (*key[:3], model)
            and self.revision in {None, revision}
            and self.addition in {None, addition}
        )

    def __str__(self) -> str:
        parts = ["*" if part is None else str(part) for part in self[3:]]
        return f"iglu:{self.vendor}/{self.name}/{self.format}/{'-'.join(parts)}"


def is_iglu_uri(text: object) -> bool:
    """Return whether a value is the URI of a schema."""
    return isinstance(text, str) and _URI.fullmatch(text) is not None
