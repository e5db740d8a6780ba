"""A native module that does not load says what it was built for, and what this is."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import snowplow_tracker

PACKAGE = Path(snowplow_tracker.__file__).parent
THIS = f"this is CPython {sys.version_info[0]}.{sys.version_info[1]}"
GARBAGE = b"not a native module of this platform, whatever its name says"


@pytest.fixture
def site(tmp_path):
    """A folder with the package, but without its native module."""
    unwanted = shutil.ignore_patterns("_native.*", "__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "snowplow_tracker", ignore=unwanted)
    return tmp_path


def error_of_import(site: Path) -> str:
    program = f"import sys; sys.path.insert(0, {str(site)!r}); import snowplow_tracker"
    command = [sys.executable, "-I", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("_native.cpython-39-x86_64-linux-gnu.so", "CPython 3.9 on x86_64-linux-gnu"),
        ("_native.cpython-399t-darwin.so", "CPython 3.99 without the GIL on darwin"),
        ("_native.cp39-win_amd64.pyd", "CPython 3.9 on win_amd64"),
    ],
)
def test_a_module_for_another_python_names_both(site, name, target):
    (site / "snowplow_tracker" / name).write_bytes(GARBAGE)
    error = error_of_import(site)
    assert f"it was built for {target}, {THIS}" in error
    assert "pip install --force-reinstall" in error


def test_a_module_for_another_platform_names_the_wheel_s(site):
    suffix = ".pyd" if sys.platform == "win32" else ".abi3.so"
    (site / "snowplow_tracker" / f"_native{suffix}").write_bytes(GARBAGE)
    info = site / "snowplow_tracker_rs-1.2.0.dist-info"
    info.mkdir()
    (info / "WHEEL").write_text("Wheel-Version: 1.0\nTag: cp310-abi3-macosx_11_0_arm64\n")
    error = error_of_import(site)
    assert f"built for CPython 3.10 or later on macosx_11_0_arm64, {THIS}" in error
    assert sysconfig.get_platform() in error


def test_an_archive_is_named(site, tmp_path):
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in (site / "snowplow_tracker").rglob("*.py"):
            file.write(path, path.relative_to(site))
    assert "package.zip/snowplow_tracker is in an archive" in error_of_import(archive)


def test_a_source_tree_that_was_not_built_is_named(site):
    assert "was not built. Run: pip install ." in error_of_import(site)


def test_a_module_of_another_version_is_named(site):
    (site / "snowplow_tracker" / "_native.py").write_text("__version__ = '0'\n")
    assert "of another version than the package (cannot import name" in error_of_import(site)
