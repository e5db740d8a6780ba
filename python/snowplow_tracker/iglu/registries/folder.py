"""`FolderRegistry`: schemas in files.

https://docs.snowplow.io/docs/api-reference/iglu/iglu-repositories/static-repo/
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snowplow_tracker.iglu.errors import NotARegistryError
from snowplow_tracker.iglu.metaschema import unusable_meta_schema
from snowplow_tracker.iglu.names import SchemaKey
from snowplow_tracker.iglu.registries.protocol import RegistryError
from snowplow_tracker.iglu.schema_files import UnreadableSchemaError, read_json, schema_key

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

__all__ = ["FolderRegistry", "NotARegistryError"]

_MISSING = "no such folder; give one that contains schemas/"


class FolderRegistry:
    """A folder with schemas. Files that change count at the next lookup.

    The folder is laid out in one of these ways:

    - `schemas/VENDOR/NAME/FORMAT/VERSION`, as Iglu has it. The path may also be that of the folder
      `schemas` itself. Files may end in `.json`, which Iglu itself does not accept.
    - `data-structures/VENDOR/NAME.json`, as snowplow-cli has it: one version of each schema. Files
      of snowplow-cli in YAML need PyYAML.

    Args:
        path: The folder.
        name: Name in failures. Default: the path.
        priority: Smaller numbers are asked first. Default 0.
        vendor_prefixes: Beginnings of vendors that are looked up here first. Default: none.
        must_exist: Whether a missing folder is an error. Default True. Else it has no schemas.

    Attributes:
        path: The folder that contains the vendors.
        is_snowplow_cli: Whether the files are those of snowplow-cli.

    Raises:
        NotARegistryError: `path` is no folder.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        name: str | None = None,
        priority: float = 0,
        vendor_prefixes: Iterable[str] = (),
        *,
        must_exist: bool = True,
    ) -> None:
        base = Path(path)
        if must_exist and not base.is_dir():
            raise NotARegistryError(f"{base}: {_MISSING}")
        self.name = name or str(base)
        self.priority = priority
        self.vendor_prefixes = tuple(vendor_prefixes)
        self.path, self.is_snowplow_cli = _layout(base)
        self.__prefix = str(self.path) + os.sep

    def lookup(self, key: SchemaKey) -> dict[str, Any] | None:
        """Return a schema, or None if there is no file for it.

        Raises:
            RegistryError: The file cannot be read, is not JSON, or its `self` is of another schema.
        """
        for path in self.__candidates(key):
            try:
                schema = self.__read(Path(path))
                found = schema_key(schema)
            except FileNotFoundError:
                continue
            except UnreadableSchemaError as error:
                raise RegistryError(str(error)) from None
            except ValueError as error:
                raise RegistryError(f"{path}: {error}") from None
            if found == key:
                return dict(schema)
            if not self.is_snowplow_cli or found[:3] != key[:3]:
                raise RegistryError(
                    f'{path}: its "self" is {found.path}; correct it, or rename the file'
                )
        return None

    def stamp(self, key: SchemaKey) -> Hashable:
        """Return the file's name, time, size and inode; None if there is no file."""
        for path in self.__candidates(key):
            try:
                found = os.stat(path)  # noqa: PTH116  # twice as fast as Path.stat, for each event
            except OSError:
                continue
            return (path, found.st_mtime_ns, found.st_size, found.st_ino)
        return None

    def list(self) -> Iterable[SchemaKey]:
        """Return the names of all schemas whose files are in order."""
        return [key for path in self.files() if (key := self.__key(path)) is not None]

    def files(self) -> Iterator[Path]:
        """Yield all files that should have a schema in them, sorted."""
        pattern = "*/*" if self.is_snowplow_cli else "*/*/*/*"
        for path in sorted(self.path.glob(pattern)):
            is_hidden = any(part.startswith(".") for part in path.relative_to(self.path).parts)
            if path.is_file() and not is_hidden:
                yield path

    def problems(self) -> Iterator[str]:
        """Yield a line for each thing that keeps schemas of this folder from being used.

        Each names the file and the cure. Schemas are not checked in full: that is what the command
        `lint` does.
        """
        if not self.path.is_dir():
            yield f"{self.path}: {_MISSING}"
            return
        is_empty = True
        for path in self.files():
            is_empty = False
            problem = self.__problem(path)
            if problem is not None:
                yield problem
        if is_empty:
            yield f"{self.path}: no schemas; they are expected at VENDOR/NAME/jsonschema/1-0-0"

    def load(self, path: Path) -> Any:
        """Return the schema in one of `files`.

        Raises:
            UnreadableSchemaError: The file cannot be read, or has no schema.
        """
        return self.__read(path)

    def key_of_path(self, path: Path) -> SchemaKey | None:
        """Return the name that a file's path stands for; None for a file of snowplow-cli."""
        if self.is_snowplow_cli:
            return None
        relative = path.relative_to(self.path).as_posix().removesuffix(".json")
        return SchemaKey.from_path(relative)

    def __candidates(self, key: SchemaKey) -> Iterator[str]:
        if key.vendor in {".", ".."}:
            return iter(())
        if self.is_snowplow_cli:
            stem = f"{self.__prefix}{key.vendor}{os.sep}{key.name}"
            return iter((f"{stem}.json", f"{stem}.yaml", f"{stem}.yml"))
        stem = self.__prefix + key.path.replace("/", os.sep)
        return iter((stem, f"{stem}.json"))

    def __read(self, path: Path) -> Any:
        if not self.is_snowplow_cli:
            return read_json(path)
        content = read_json(path) if path.suffix == ".json" else _read_yaml(path)
        if not isinstance(content, dict) or content.get("resourceType") != "data-structure":
            raise UnreadableSchemaError(f"{path}: not a data structure of snowplow-cli")
        return content.get("data")

    def __problem(self, path: Path) -> str | None:
        try:
            schema = self.__read(path)
            key = schema_key(schema)
            expected = self.key_of_path(path)
        except UnreadableSchemaError as error:
            return str(error)
        except (OSError, ValueError) as error:
            return f"{path}: {error}"
        if expected is not None and expected != key:
            return f'{path}: its "self" is {key.path}; correct it, or rename the file'
        unusable = unusable_meta_schema(schema)
        return f"{path}: {unusable}" if unusable else None

    def __key(self, path: Path) -> SchemaKey | None:
        try:
            key = schema_key(self.__read(path))
            return key if self.key_of_path(path) in {None, key} else None
        except (OSError, ValueError):
            return None


def _layout(base: Path) -> tuple[Path, bool]:
    """Return the folder that contains the vendors, and whether it is one of snowplow-cli."""
    if (base / "schemas").is_dir():
        return base / "schemas", False
    if (base / "data-structures").is_dir():
        return base / "data-structures", True
    if base.name == "data-structures":
        return base, True
    return base, False


def _read_yaml(path: Path) -> Any:
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        yaml: Any = import_module("yaml")
    except ImportError:
        raise UnreadableSchemaError(
            f"{path}: YAML needs PyYAML: pip install pyyaml, or write it as JSON"
        ) from None
    try:
        return yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, OSError, RecursionError) as error:
        raise UnreadableSchemaError(f"{path}: not YAML: {error}") from None
