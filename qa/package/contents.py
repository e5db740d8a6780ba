"""The files that a wheel and an sdist must contain."""

from __future__ import annotations

import re
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "snowplow_tracker"
EXTENSION = re.compile(rf"{PACKAGE}/_native(\.[\w-]+)?\.(so|pyd)")
DESCRIPTION = re.compile(
    r"snowplow_tracker_rs-[^/]+\.dist-info/(METADATA|WHEEL|RECORD|licenses/LICENSE|sboms/[^/]+\.json)"
)
NEEDED_TO_BUILD = {"Cargo.toml", "Cargo.lock", "build.rs", "pyproject.toml", "README.md", "LICENSE"}
OF_THE_REPOSITORY = re.compile(r"\.|target/|dist/|.*(__pycache__|\.so$|\.pyd$)")


def sources() -> set[str]:
    """Return the files of the package as they are here, without what was built."""
    folder = ROOT / "python"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in files if not re.search(r"__pycache__|\.so$|\.pyd$", name)}


def wheel_problems(wheel: Path) -> list[str]:
    """Return what is missing in a wheel, and what has no business there."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    extensions = {name for name in names if EXTENSION.fullmatch(name)}
    described = {name for name in names if DESCRIPTION.fullmatch(name)}
    licences = [name for name in described if name.endswith("licenses/LICENSE")]
    expected = sources()
    return [
        *(f"missing: {name}" for name in sorted(expected - names)),
        *(f"stray: {name}" for name in sorted(names - expected - extensions - described)),
        *([] if len(extensions) == 1 else [f"not one extension: {sorted(extensions)}"]),
        *([] if licences else ["missing: LICENSE"]),
    ]


def sdist_problems(sdist: Path) -> list[str]:
    """Return what is missing in an sdist, and what is only the repository's."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    python = {f"python/{name}" for name in sources()}
    rust = {path.relative_to(ROOT).as_posix() for path in (ROOT / "src").rglob("*.rs")}
    return [
        *(f"missing: {name}" for name in sorted((python | rust | NEEDED_TO_BUILD) - names)),
        *(f"stray: {name}" for name in sorted(names) if OF_THE_REPOSITORY.match(name)),
    ]
