"""Run wheels in Debian without a toolchain: `python -m qa.package.run_in_debian dist amd64`.

debootstrap makes the smallest root that has CPython 3.14, which Debian forky does. The wheels for
it are installed there with no network, each in an environment of its own, and a program tracks
over HTTP. Needs to be root, and debootstrap; another architecture, such as arm64, needs
qemu-user-static and binfmt-support as well. The root stays in target for the next time.
"""

# ruff: noqa: T201  # its output is for people

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from qa.package.environments import INSTALL_SECONDS, PROGRAM, RUN_SECONDS, output

ROOT = Path(__file__).parents[2]
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
TOOLCHAIN = ("cc", "gcc", "clang", "ld", "cargo", "rustc")
SYSTEM = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
SLOW = 5  # how many times longer it may take where qemu runs it


def run(*command: str, seconds: float) -> str:
    """Return what a command prints that finds the system's tools."""
    path = os.pathsep.join((os.environ["PATH"], SYSTEM["PATH"]))
    return output(list(command), seconds, ROOT, {**os.environ, "PATH": path})


def run_inside(root: Path, *command: str, seconds: float) -> str:
    """Return what a command prints that sees nothing but a root."""
    chroot = shutil.which("chroot", path=SYSTEM["PATH"]) or "chroot"
    return output([chroot, str(root), *command], seconds, ROOT, SYSTEM)


def make_root(architecture: str) -> Path:
    """Return a root of Debian, made once."""
    root = ROOT / "target" / f"debian-{architecture}"
    if not (root / "usr" / "bin" / "python3.14").exists():
        shutil.rmtree(root, ignore_errors=True)
        options = [f"--arch={architecture}", "--variant=minbase", "--include=python3.14-venv"]
        # forky is younger than some debootstraps: the script that it needs is sid's.
        run("debootstrap", *options, "forky", str(root), "", "sid", seconds=INSTALL_SECONDS * SLOW)
    for tool in TOOLCHAIN:
        if shutil.which(tool, path=f"{root}/usr/bin:{root}/usr/local/bin"):
            raise SystemExit(f"the root has a toolchain: {tool}")
    return root


def fetch(wheel: Path, folder: Path, machine: str) -> None:
    """Put a wheel into a folder, and all that it needs on CPython 3.14 there."""
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder))
    platforms = ("--platform", f"manylinux2014_{machine}", "--python-version", "3.14")
    what = ("--only-binary", ":all:", f"{wheel.resolve()}[collector]")
    run(*pip, *platforms, *what, seconds=INSTALL_SECONDS)


def run_wheel(root: Path, wheel: Path) -> str:
    """Return what the program prints in an environment that has a wheel."""
    environment = ("python3.14", "-m", "venv", "--clear", "/environment")
    run_inside(root, *environment, seconds=INSTALL_SECONDS)
    python = "/environment/bin/python"
    install = (python, "-m", "pip", "install", "--quiet", "--no-index", "--find-links", "/wheels")
    run_inside(root, *install, f"/wheels/{wheel.name}[collector]", seconds=INSTALL_SECONDS)
    program = (python, "-I", f"/wheels/{PROGRAM.name}")
    return run_inside(root, *program, seconds=RUN_SECONDS * SLOW)


def main(dist: Path, architecture: str) -> None:
    if architecture not in MACHINES:
        raise SystemExit(f"architecture: {architecture}; it is one of {', '.join(MACHINES)}")
    machine = MACHINES[architecture]
    abis = ("cp314", "abi3")
    wheels = [wheel for abi in abis for wheel in dist.glob(f"*-{abi}-manylinux*_{machine}.whl")]
    if not wheels:
        raise SystemExit(f"no wheel for CPython 3.14 on {machine} in the folder: {dist}")
    root = make_root(architecture)
    folder = root / "wheels"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(PROGRAM, folder)
    for wheel in wheels:
        fetch(wheel, folder, machine)
        print(f"{wheel.name}: {run_wheel(root, wheel)}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
