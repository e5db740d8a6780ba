"""Installs each library of the field into a folder of its own, once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benches.runner import ROOT

__all__ = ["FOLDER", "NotInstalledError", "java", "node", "python", "rust"]

FOLDER = Path(sys.prefix, "field")
HERE = Path(__file__).parent
SECONDS = 900.0


class NotInstalledError(Exception):
    """A library, or the toolchain that it takes, is not to be had here."""


def python(module: str, *arguments: str, packages: tuple[str, ...] = ()) -> list[str]:
    """Return the command of a module of `benches.field.libraries`, with packages of PyPI."""
    paths = [ROOT]
    if packages:
        folder = FOLDER / packages[0]
        if not folder.exists():
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
            _run([*pip, *packages], folder)
        paths.insert(0, folder)
    path = os.pathsep.join(map(str, paths))
    program = f"benches.field.libraries.{module}"
    return ["env", f"PYTHONPATH={path}", sys.executable, "-m", program, *arguments]


def node(job: Path) -> list[str]:
    """Return the command of the program for Node."""
    folder = FOLDER / "node"
    if _copy("node", folder, ("npm", "node")):
        _run(["npm", "install", "--silent", "--no-fund", "--no-audit"], folder)
    return ["node", "--expose-gc", str(folder / "program.mjs"), str(job)]


def java(job: Path) -> list[str]:
    """Return the command of the program for Java."""
    folder = FOLDER / "java"
    jars, classes = folder / "jars", folder / "classes"
    if _copy("java", folder, ("mvn", "javac", "java")):
        copy = ["mvn", "--quiet", "--batch-mode", "dependency:copy-dependencies"]
        _run([*copy, f"-DoutputDirectory={jars}"], folder)
        _run(["javac", "-cp", f"{jars}/*", "-d", str(classes), "Program.java"], folder)
    tracker = next(jars.glob("snowplow-java-tracker-*.jar")).stem.rpartition("-")[2]
    return ["java", "-cp", f"{jars}/*:{classes}", "Program", str(job), tracker]


def rust(job: Path) -> list[str]:
    """Return the command of the program for Rust."""
    folder = FOLDER / "rust"
    if _copy("rust", folder, ("cargo", "rustc")):
        _run(["cargo", "build", "--release", "--quiet"], folder)
    lock = (folder / "Cargo.lock").read_text(encoding="utf-8")
    tracker = re.findall(r'name = "snowplow_tracker"\nversion = "(.*)"', lock)[0]
    compiler = subprocess.check_output(["rustc", "--version"], text=True).split()[1]
    program = str(folder / "target" / "release" / "field")
    return [program, str(job), tracker, f"Rust {compiler}"]


def _copy(name: str, folder: Path, tools: tuple[str, ...]) -> bool:
    """Copy a program there. Return whether it has to be built: it is new, or was changed."""
    if missing := [tool for tool in tools if shutil.which(tool) is None]:
        raise NotInstalledError(f"no such command here: {', '.join(missing)}")
    sources = [path.relative_to(HERE / name) for path in (HERE / name).rglob("*") if path.is_file()]
    if all(_is_same(HERE / name / source, folder / source) for source in sources):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / name, folder)
    return True


def _is_same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()


def _run(command: list[str], folder: Path) -> None:
    """Run a step of an installation in its folder.

    Raises:
        NotInstalledError: It failed. The folder is removed, so that the next run tries again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # A target folder of the caller's would not be in `folder`.
    environment = {name: value for name, value in os.environ.items() if name != "CARGO_TARGET_DIR"}
    try:
        subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        shutil.rmtree(folder, ignore_errors=True)
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise NotInstalledError(f"{' '.join(command[:3])}: {said[-1]}") from error
