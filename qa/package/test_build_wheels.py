"""What cannot be built for another system is checked, and named."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from qa.package import build_wheels

LINUX, MACOS = "x86_64-unknown-linux-gnu", "aarch64-apple-darwin"
MINGW, MSVC = "x86_64-pc-windows-gnu", "x86_64-pc-windows-msvc"


@pytest.fixture
def state(monkeypatch):
    """Targets that Rust has, those that link and those that compile; and what was built."""
    everything = {LINUX, MACOS, MINGW, MSVC}
    state: dict[str, Any] = {
        "has": everything,
        "links": everything - {MSVC},
        "compiles": everything,
        "built": [],
    }

    def build_for(target, _interpreters):
        if target not in state["links"]:
            raise subprocess.CalledProcessError(1, ["python", "-m", "maturin", "build"])
        state["built"].append(target)

    monkeypatch.setattr(build_wheels, "find", lambda _versions: {})
    monkeypatch.setattr(build_wheels, "has_target", lambda target: target in state["has"])
    monkeypatch.setattr(build_wheels, "build_for", build_for)
    monkeypatch.setattr(build_wheels, "compiles", lambda target: target in state["compiles"])
    return state


def test_every_target_is_built_and_microsoft_s_compiled(state, capsys):
    assert build_wheels.main([LINUX, MACOS, MINGW, MSVC]) == 0
    assert state["built"] == [LINUX, MACOS, MINGW]
    assert capsys.readouterr().out.splitlines() == [
        f"{MSVC}: not built: only Microsoft's linker and libraries link it; it compiles"
    ]


def test_a_target_that_does_not_compile_is_a_failure(state, capsys):
    state["compiles"] = set()
    assert build_wheels.main([LINUX, MSVC]) == 1
    assert "it DOES NOT COMPILE" in capsys.readouterr().out


@pytest.mark.parametrize("target", [LINUX, MACOS, MINGW])
def test_a_wheel_that_is_not_built_is_a_failure(state, target):
    state["links"] -= {target}
    with pytest.raises(subprocess.CalledProcessError):
        build_wheels.main([target, MSVC])


def test_targets_that_rust_lacks_are_named(state, capsys):
    state["has"] = {LINUX}
    assert build_wheels.main([LINUX, MACOS]) == 0
    assert f"{MACOS}: not built: Rust has no such target here" in capsys.readouterr().out
    assert build_wheels.main([MACOS]) == 1


@pytest.mark.parametrize(
    ("target", "options"),
    [
        (LINUX, ("--compatibility", "manylinux2014")),
        ("aarch64-unknown-linux-musl", ("--compatibility", "musllinux_1_2")),
        (MACOS, ()),
        (MINGW, ()),
    ],
)
def test_only_linux_wheels_name_a_c_library(target, options):
    assert build_wheels.compatibility(target) == options
