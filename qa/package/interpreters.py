"""The CPython versions that get wheels, and where they are on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig

VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.14t")
SECONDS = 60.0


def find(versions: tuple[str, ...]) -> dict[str, str]:
    """Return the paths of those found, by version."""
    paths = {version: path(version) for version in versions}
    return {version: found for version, found in paths.items() if found}


def path(version: str) -> str | None:
    """Return where a CPython is: this one, or the one on PATH with its version in the name.

    pyenv gives one that is not active only when asked by its version.
    """
    suffix = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}{suffix}":
        return sys.executable
    command = [f"python{version}", "-Ic", "import sys; print(sys.executable)"]
    environment = os.environ | {"PYENV_VERSION": version}
    try:
        said = subprocess.run(
            command, env=environment, timeout=SECONDS, check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip()
