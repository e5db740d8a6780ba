"""Build wheels into dist: `python -m qa.package.build_wheels [TARGET ...]`.

For each Rust target one wheel for each CPython, one for the free-threaded one, and one abi3 wheel
for every later CPython. Those that can run here are optimised by a profile, with the interpreter
that they are for, if it is found. On Linux, zig links for every system, and holds Linux wheels to
their oldest C library. What only Microsoft's linker can link is compiled without linking, and the
output says so. Without targets, the wheel is for this machine, macOS or Windows, and the CPython
that runs this; 3.10 makes the abi3 one as well.
"""

# ruff: noqa: T201  # its output is for people

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from qa.package.interpreters import VERSIONS, find

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
# The interpreter runs `-m ziglang` for maturin; this stands between them.
ZIG = {"CARGO_ZIGBUILD_PYTHON_PATH": str(Path(__file__).with_name("zig_python.sh"))}
ABI3 = ("--features", "abi3")


def compatibility(target: str) -> tuple[str, ...]:
    """Return the options of the oldest C library that a target's wheels are for."""
    if "-linux-" not in target:
        return ()
    oldest = "musllinux_1_2" if target.endswith("musl") else "manylinux2014"
    return ("--compatibility", oldest)


def has_target(target: str) -> bool:
    """Return whether Rust can build for a target, after trying to install what that takes."""
    return subprocess.run(["rustup", "target", "add", target], check=False).returncode == 0


def host() -> str:
    """Return the target of this machine."""
    lines = subprocess.check_output(["rustc", "-vV"], text=True).splitlines()
    return next(line.removeprefix("host: ") for line in lines if line.startswith("host: "))


def build(*arguments: str) -> None:
    """Run maturin."""
    # maturin asks the `python3` of PATH for zig.
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))
    environment = os.environ | ZIG | {"PATH": path}
    command = [sys.executable, "-m", "maturin", "build", "--release", "--out", str(DIST)]
    subprocess.run([*command, *arguments], cwd=ROOT, check=True, env=environment)


def build_here() -> None:
    """Build for the CPython that runs this, and with the oldest the abi3 wheel."""
    build("--pgo", "--interpreter", sys.executable)
    if sys.version_info[:2] == (3, 10):
        build("--pgo", "--interpreter", sys.executable, *ABI3)


def build_for(target: str, interpreters: dict[str, str]) -> None:
    """Build for a target; the profiles are of the interpreters that run here."""
    options = ("--zig", "--target", target, *compatibility(target))
    for version in VERSIONS:
        if python := interpreters.get(version):
            build(*options, "--pgo", "--interpreter", python)
        else:
            build(*options, "--interpreter", version)
    build(*options, *(("--pgo", "--interpreter", sys.executable) if interpreters else ()), *ABI3)


def compiles(target: str) -> bool:
    """Return whether the package compiles for a target, without linking it."""
    # The stable ABI needs no interpreter of that target.
    environment = os.environ | {"PYO3_NO_PYTHON": "1"}
    command = ["cargo", "check", "--release", "--target", target, *ABI3]
    return subprocess.run(command, cwd=ROOT, check=False, env=environment).returncode == 0


def report_on(target: str, interpreters: dict[str, str]) -> str | None:
    """Build for a target, and return what is missing. A failure is an error."""
    if not has_target(target):
        return "not built: Rust has no such target here"
    if target.endswith("-msvc"):
        result = "compiles" if compiles(target) else "DOES NOT COMPILE"
        return f"not built: only Microsoft's linker and libraries link it; it {result}"
    build_for(target, interpreters)
    return None


def main(targets: list[str]) -> int:
    if not targets:
        build_here()
        return 0
    found = find(VERSIONS)
    missing = {
        target: problem
        for target in targets
        if (problem := report_on(target, found if target == host() else {}))
    }
    for target, problem in missing.items():
        print(f"{target}: {problem}")
    is_broken = any("DOES NOT COMPILE" in problem for problem in missing.values())
    return 1 if is_broken or len(missing) == len(targets) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
