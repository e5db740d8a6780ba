"""Installs this package into a free-threaded CPython: python build.py INTERPRETER

The wheels are made with the current PyO3, which takes a free-threaded CPython from 3.14 on. For
3.13 the same sources are built against PyO3 0.28, the last one that takes it. Needs cargo, and
maturin beside the interpreter that runs this. Such a CPython comes out of Debian's source package:

    apt-get source --download-only python3.13
    ./configure --disable-gil --prefix=... && make -j2 && make install
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "target" / "free-threading"
COPIED = ("src", "python", "build.rs", "Cargo.lock", "pyproject.toml", "README.md", "LICENSE")
PYO3 = ('version = "0.30"', 'version = "0.28.3"')


def copy_sources(is_313: bool) -> None:
    """Copy all that a wheel is made of, with the manifest changed for CPython 3.13."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source, copy = ROOT / name, FOLDER / name
        if source.is_dir():
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            shutil.copy(source, copy)
    manifest = (ROOT / "Cargo.toml").read_text()
    if is_313 and PYO3[0] not in manifest:
        raise SystemExit(f"Cargo.toml does not say {PYO3[0]}: adapt PYO3 in {__file__}")
    (FOLDER / "Cargo.toml").write_text(manifest.replace(*PYO3) if is_313 else manifest)


def ask(interpreter: str, code: str) -> str:
    """Return what an interpreter says to a piece of code."""
    return subprocess.check_output([interpreter, "-c", code], text=True).strip()


def main(interpreter: str) -> None:
    disabled = "import sysconfig; print(sysconfig.get_config_var('Py_GIL_DISABLED'))"
    if ask(interpreter, disabled) != "1":
        raise SystemExit(f"not a free-threaded CPython: {interpreter}")
    copy_sources(ask(interpreter, "import sys; print(sys.version_info < (3, 14))") == "True")
    wheels = FOLDER / "dist"
    shutil.rmtree(wheels, ignore_errors=True)
    maturin = Path(sys.executable).with_name("maturin")
    build = [str(maturin), "build", "--release", "--interpreter", interpreter, "--out", str(wheels)]
    variables = {**os.environ, "CARGO_TARGET_DIR": str(FOLDER / "target")}
    subprocess.run(build, cwd=FOLDER, env=variables, check=True)
    install = [interpreter, "-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps"]
    subprocess.run([*install, *wheels.glob("*.whl")], check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python build.py INTERPRETER")
    main(sys.argv[1])
