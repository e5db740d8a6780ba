"""Installs a wheel or an sdist into a new environment, and runs a program there."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

PROGRAM = Path(__file__).with_name("wheel_program.py")
INSTALL_SECONDS = 600.0
RUN_SECONDS = 60.0


def output(command: list[str], seconds: float, folder: Path, environment: dict[str, str]) -> str:
    """Return what a command prints; it has no standard input."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=seconds,
        cwd=folder,
        env=environment,
        check=True,
        text=True,
    ).stdout.strip()


def run_in_environment(package: Path, python: str) -> str:
    """Install a package in a new environment, and return what its program prints.

    An sdist finds the compilers of PATH; for a wheel, PATH is an empty folder.
    """
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as empty:
        folder = Path(name)
        is_wheel = package.suffix == ".whl"
        environment = os.environ | ({"PATH": empty} if is_wheel else {})
        output([python, "-m", "venv", "environment"], INSTALL_SECONDS, folder, environment)
        inside = str(folder / "environment" / ("Scripts" if os.name == "nt" else "bin") / "python")
        install = [inside, "-m", "pip", "install", "--quiet", f"{package.resolve()}[collector]"]
        binary = ["--only-binary", ":all:"] if is_wheel else []
        output([*install, *binary], INSTALL_SECONDS, folder, environment)
        return output([inside, "-I", str(PROGRAM)], RUN_SECONDS, folder, environment)
