"""Check what is to be released: `python -m qa.package.check_wheels dist`.

Every wheel: its size, its files, the oldest C library that it takes, and that an abi3 one keeps to
the limited API. Those for this platform are installed in a new environment of each CPython found,
with no compiler on PATH, and a program tracks over HTTP there. So is the sdist, which is built in
an empty folder. Exit status 1 if anything fails.
"""

# ruff: noqa: T201  # its output is for people

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

from packaging.tags import platform_tags
from packaging.utils import parse_wheel_filename
from qa.package.contents import EXTENSION, sdist_problems, wheel_problems
from qa.package.environments import run_in_environment
from qa.package.interpreters import VERSIONS, find

LARGEST = 1_000_000
TOOL_SECONDS = 120.0
MUSL = {"libc.so"}


def say(*command: str) -> str:
    """Return what a Python program says about a file; its failure is an answer too."""
    tool = [sys.executable, *command]
    done = subprocess.run(tool, capture_output=True, text=True, timeout=TOOL_SECONDS, check=False)
    return " ".join((done.stdout + done.stderr + f"status {done.returncode}").split())


def libraries(wheel: Path) -> set[str]:
    """Return the shared libraries that a Linux wheel's extension asks for."""
    readelf = str(Path(sysconfig.get_path("scripts"), "readelf.py"))
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        name = next(name for name in archive.namelist() if EXTENSION.fullmatch(name))
        said = say(readelf, "--dynamic", archive.extract(name, folder))
    return set(re.findall(r"Shared library: \[(.*?)\]", said))


def library_problems(wheel: Path) -> list[str]:
    """Return what a Linux wheel needs that its name does not say."""
    if "-musllinux" in wheel.name:  # which auditwheel can judge on musl alone
        needed = libraries(wheel)
        return [] if needed == MUSL else [f"needs {sorted(needed)}, not {sorted(MUSL)}"]
    if "-manylinux" in wheel.name:
        said = say("-m", "auditwheel", "show", str(wheel))
        platform = wheel.stem.rpartition(".")[2]
        return [] if f'platform tag: "{platform}"' in said else [f"auditwheel: {said}"]
    return []


def abi3_problems(wheel: Path) -> list[str]:
    """Return what is not in the limited API that an abi3 wheel is for."""
    if "-abi3-" not in wheel.name:
        return []
    said = say("-m", "abi3audit", "--strict", str(wheel))
    return [] if said.endswith("status 0") else [f"abi3audit: {said}"]


def size_problems(wheel: Path) -> list[str]:
    """Return whether a wheel is too large."""
    return [] if wheel.stat().st_size < LARGEST else [f"{LARGEST:,} bytes or more"]


def versions_of(wheel: Path) -> list[str]:
    """Return the versions of CPython that a wheel can be tried with, on this platform."""
    tags = parse_wheel_filename(wheel.name)[3]
    if not {tag.platform for tag in tags} & set(platform_tags()):
        return []
    abi = next(iter(tags)).abi
    if abi == "abi3":
        return [version for version in VERSIONS if not version.endswith("t")]
    return [abi.replace("cp3", "3.")]


def run_program(package: Path, python: str, problems: list[str]) -> str:
    """Return what the program says with that CPython; a failure is one more problem."""
    try:
        return run_in_environment(package, python)
    except subprocess.SubprocessError as error:
        problems.append(f"{python}: {error}")
        return f"FAILED: {problems[-1]}"


def check(package: Path, versions: list[str], problems: list[str]) -> bool:
    """Report on a file: what is wrong with it, and where its program ran."""
    print(f"{package.name}: {package.stat().st_size:,} bytes")
    for problem in problems:
        print(f"  FAILED: {problem}")
    if not versions:
        print("  not run, it is for another platform")
    found = find(tuple(versions))
    for python in found.values():
        print(f"  {run_program(package, python, problems)}", flush=True)
    if missing := [version for version in versions if version not in found]:
        print(f"  not run, no such CPython here: {', '.join(missing)}")
    return not problems


def main(folder: Path) -> int:
    wheels, sdists = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    if not wheels and not sdists:
        print(f"no wheel and no sdist in the folder: {folder}")
        return 1
    kinds = (wheel_problems, size_problems, library_problems, abi3_problems)
    good = [
        check(wheel, versions_of(wheel), [problem for kind in kinds for problem in kind(wheel)])
        for wheel in wheels
    ]
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    good += [check(sdist, [here], sdist_problems(sdist)) for sdist in sdists]
    print(f"{good.count(True)} good, {good.count(False)} bad")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
