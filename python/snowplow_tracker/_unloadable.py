"""Says why the native module cannot be loaded. Imported only if it cannot."""

from __future__ import annotations

import platform
import re
import sys
import sysconfig
from pathlib import Path

__all__ = ["explained"]

REINSTALL = "Run: pip install --force-reinstall --no-deps snowplow-tracker-rs"
# As CPython, CPython on Windows, and the stable ABI name a module's file.
FILE = re.compile(r"_native(?:\.(?:(?:cpython-|cp)(3)(\d+)(t?)(?:-([\w-]+))?|abi3))?\.(?:so|pyd)")


def explained(error: ImportError, folder: str) -> ImportError:
    """Return an error that says what the native module was built for, and what this is.

    Args:
        error: The error of importing the native module.
        folder: The package's folder.
    """
    return ImportError(
        f"snowplow_tracker's native module cannot be loaded: {_reason(error, Path(folder))}",
        name=error.name,
        path=error.path,
    )


def _reason(error: ImportError, folder: Path) -> str:
    if "snowplow_tracker._native" in sys.modules:
        return f"it is of another version than the package ({error}). {REINSTALL}"
    if not folder.is_dir():
        return (
            f"{folder} is in an archive, and Python loads native modules from folders only. "
            "Install the package into a folder"
        )
    names = sorted(path.name for path in folder.glob("_native.*") if FILE.fullmatch(path.name))
    if not names:
        return f"{folder} has none, as in a source tree that was not built. Run: pip install ."
    targets = " and ".join(dict.fromkeys(_target(name, folder) for name in names))
    detail = "" if isinstance(error, ModuleNotFoundError) else f" ({error})"
    return f"it was built for {targets}, this is {_this()}{detail}. {REINSTALL}"


def _target(name: str, folder: Path) -> str:
    """Return what a native module was built for, by its name and the wheel that it came in."""
    found = FILE.fullmatch(name)
    if found is None or found[1] is None:
        python = "CPython 3.10 or later"
    else:
        python = f"CPython {found[1]}.{found[2]}{' without the GIL' if found[3] else ''}"
    system = (found and found[4]) or _wheel_platform(folder)
    return f"{python} on {system}" if system else python


def _wheel_platform(folder: Path) -> str:
    """Return the platform in the tags of the wheel that was installed, or an empty text."""
    for wheel in folder.parent.glob("snowplow_tracker_rs-*.dist-info/WHEEL"):
        for tag in re.findall(r"^Tag: \S+?-\S+?-(\S+)$", wheel.read_text("utf-8"), re.MULTILINE):
            return str(tag)
    return ""


def _this() -> str:
    """Return what would load it."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    gil = " without the GIL" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return f"{platform.python_implementation()} {version}{gil} on {sysconfig.get_platform()}"
