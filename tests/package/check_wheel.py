"""Install a wheel in clean environments and run a program there: `check_wheel.py dist/*.whl`.

Each CPython from 3.10 to 3.13 that is found takes its turn, with no Rust on PATH. What is missing
is named; a failure, or no CPython at all, is exit status 1.
"""

# ruff: noqa: T201  # its output is for people

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

VERSIONS = ("3.10", "3.11", "3.12", "3.13")
PROGRAM = Path(__file__).with_name("wheel_program.py")
INSTALL_SECONDS = 300.0
RUN_SECONDS = 60.0


def output(command: list[str], seconds: float, env: dict[str, str]) -> str:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=seconds,
        env=env,
        check=True,
        text=True,
    ).stdout


def interpreter(version: str) -> str | None:
    """A CPython of that version; pyenv gives one that is not active only when asked by name."""
    command = [f"python{version}", "-Ic", "import sys; print(sys.executable)"]
    try:
        return output(command, RUN_SECONDS, os.environ | {"PYENV_VERSION": version}).strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def environment_without_rust() -> dict[str, str]:
    folders = [
        folder
        for folder in os.environ["PATH"].split(os.pathsep)
        if not any(Path(folder, tool).exists() for tool in ("cargo", "rustc"))
    ]
    return os.environ | {"PATH": os.pathsep.join(folders)}


def check(wheel: Path, python: str, folder: Path) -> str:
    env = environment_without_rust()
    output([python, "-m", "venv", str(folder)], INSTALL_SECONDS, env)
    inside = str(folder / "bin" / "python")
    install = [inside, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    output([*install, f"{wheel.resolve()}[collector]"], INSTALL_SECONDS, env)
    return output([inside, "-I", str(PROGRAM)], RUN_SECONDS, env).strip()


def main() -> int:
    wheel = Path(sys.argv[1])
    print(f"{wheel.name}: {wheel.stat().st_size:,} bytes")
    good = failed = 0
    for version in VERSIONS:
        python = interpreter(version)
        if python is None:
            print(f"{version}: not found, not checked")
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(f"{version}: {check(wheel, python, Path(folder))}", flush=True)
                good += 1
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                print(f"{version}: FAILED: {error}", flush=True)
                failed += 1
    return 0 if good and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
