"""The same search and one of the JSON writer, guided by native coverage, under AddressSanitizer.

    python -m qa.fuzz.guided --seconds 600

Builds the extension with counters and the sanitizer, by a nightly Rust, into `target/fuzz`; atheris
does the rest. What was found interesting is kept there, and where the next run goes on. The exit
status is 0 if nothing was found; otherwise a file `crash-...` holds the input, to be given again
with `--input`.
"""

# ruff: noqa: T201  # its output is for people

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / "target" / "fuzz"
_HANG_SECONDS = 60
_COUNTERS = ("inline-8bit-counters", "pc-table", "trace-compares")
_FLAGS = [
    *("-Zsanitizer=address", "-Cpasses=sancov-module", "-Ccodegen-units=1"),
    *("-Cllvm-args=-sanitizer-coverage-level=4",),
    *(f"-Cllvm-args=-sanitizer-coverage-{counter}" for counter in _COUNTERS),
]


def hostile(data: bytes) -> None:
    """Run the program that the bytes choose; where they end, chance goes on, seeded by them."""
    from qa.fuzz import programs  # noqa: PLC0415 - imports the package, which `main` must not

    left, chance = iter(data), random.Random(data)

    def choose(options: int) -> int:
        byte = next(left, None)
        return chance.randrange(options) if byte is None else byte % options

    programs.run(choose)


def json_values(data: bytes) -> None:
    """Write one value, and compare with `json.dumps`."""
    from tests.encode import test_json_values as values  # noqa: PLC0415 - as above

    agrees: Any = values.test_agrees_with_json_dumps
    agrees.hypothesis.fuzz_one_input(data)


TARGETS: dict[str, Callable[[bytes], None]] = {"hostile": hostile, "json": json_values}


def build() -> None:
    """Build the extension for this, and lay the package around it."""
    rustc = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    host = rustc.partition("host: ")[2].splitlines()[0]
    command = ["cargo", "+nightly", "build", "--release", "--target", host]
    options = {"CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_STRIP": "none"}
    places = {"CARGO_TARGET_DIR": str(_FOLDER), "PYO3_PYTHON": sys.executable}
    flags = {"RUSTFLAGS": " ".join(_FLAGS)}
    subprocess.run(command, cwd=_ROOT, env=os.environ | options | places | flags, check=True)
    package = _FOLDER / "package" / "snowplow_tracker"
    shutil.rmtree(package, ignore_errors=True)
    source = _ROOT / "python" / "snowplow_tracker"
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("*.so"))
    shutil.copy(_FOLDER / host / "release" / "lib_native.so", package / "_native.so")


def search(name: str, seconds: int, given: list[str]) -> int:
    """Run one target in a process of its own. Return its exit status."""
    atheris = importlib.util.find_spec("atheris")
    if atheris is None or atheris.origin is None:
        raise SystemExit("atheris is not installed. Get it: pip install --group fuzz")
    runtime = Path(atheris.origin).parents[1] / "asan_with_fuzzer.so"
    corpus = _FOLDER / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", f"-timeout={_HANG_SECONDS}", "-rss_limit_mb=8192"]
    lengths = ["-max_len=4000", "-len_control=0", f"-artifact_prefix={_FOLDER}/"]
    environment = {
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "LD_PRELOAD": str(runtime),
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": f"{_FOLDER / 'package'}{os.pathsep}{_ROOT}",
    }
    code = f"from qa.fuzz.guided import fuzz; fuzz({name!r})"
    command = [sys.executable, "-c", code, *limits, *lengths, *(given or [str(corpus)])]
    return subprocess.run(command, cwd=_ROOT, env=os.environ | environment, check=False).returncode


def fuzz(name: str) -> None:
    """Be the process that `search` starts; ends it."""
    atheris = importlib.import_module("atheris")
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


def main() -> None:
    """Build, then run every target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--input", action="append", help="try these files alone")
    options = parser.parse_args()
    build()
    names = options.target or list(TARGETS)
    failed = [name for name in names if search(name, options.seconds, options.input or [])]
    if failed:
        raise SystemExit(f"found something: {', '.join(failed)}")
    print(f"nothing found: {', '.join(names)}, {options.seconds} s each")


if __name__ == "__main__":
    main()
