"""The check of the files in a wheel and an sdist."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest
from qa.package.contents import NEEDED_TO_BUILD, ROOT, sdist_problems, sources, wheel_problems

EXTENSION = "snowplow_tracker/_native.cpython-311-x86_64-linux-gnu.so"
INFO = "snowplow_tracker_rs-1.2.0.dist-info"
DESCRIBED = {f"{INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "licenses/LICENSE")}
GOOD_WHEEL = sources() | {EXTENSION} | DESCRIBED
RUST = {path.relative_to(ROOT).as_posix() for path in (ROOT / "src").rglob("*.rs")}
GOOD_SDIST = NEEDED_TO_BUILD | RUST | {f"python/{name}" for name in sources()}


@pytest.fixture
def wheel(tmp_path):
    def make(names):
        with zipfile.ZipFile(tmp_path / "a.whl", "w") as archive:
            for name in names:
                archive.writestr(name, "")
        return tmp_path / "a.whl"

    return make


@pytest.fixture
def sdist(tmp_path):
    def make(names):
        with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
            for name in names:
                archive.addfile(tarfile.TarInfo(f"snowplow_tracker_rs-1.2.0/{name}"), io.BytesIO())
        return tmp_path / "a.tar.gz"

    return make


def test_the_sources_are_the_package():
    assert sources() >= {"snowplow_tracker/py.typed", "snowplow_tracker/_native.pyi"}
    assert not [name for name in sources() if name.endswith((".so", ".pyc"))]


@pytest.mark.parametrize("name", [EXTENSION, "snowplow_tracker/_native.pyd"])
def test_a_wheel_with_all_of_it_is_good(wheel, name):
    assert wheel_problems(wheel(GOOD_WHEEL - {EXTENSION} | {name})) == []


@pytest.mark.parametrize("name", ["snowplow_tracker/py.typed", "snowplow_tracker/_native.pyi"])
def test_what_a_wheel_lacks_is_named(wheel, name):
    assert wheel_problems(wheel(GOOD_WHEEL - {name})) == [f"missing: {name}"]


def test_a_wheel_needs_its_licence_and_one_extension(wheel):
    lacking = GOOD_WHEEL - {EXTENSION, f"{INFO}/licenses/LICENSE"}
    assert wheel_problems(wheel(lacking)) == ["not one extension: []", "missing: LICENSE"]


@pytest.mark.parametrize("name", ["tests/conftest.py", "snowplow_tracker/notes.txt"])
def test_what_a_wheel_has_besides_is_named(wheel, name):
    assert wheel_problems(wheel(GOOD_WHEEL | {name})) == [f"stray: {name}"]


def test_an_sdist_with_what_a_build_takes_is_good(sdist):
    assert sdist_problems(sdist(GOOD_SDIST | {"qa/package/contents.py"})) == []


@pytest.mark.parametrize("name", ["Cargo.lock", "src/lib.rs", "python/snowplow_tracker/py.typed"])
def test_what_an_sdist_lacks_is_named(sdist, name):
    assert sdist_problems(sdist(GOOD_SDIST - {name})) == [f"missing: {name}"]


@pytest.mark.parametrize("name", [".gitignore", "target/release/a.rlib", f"python/{EXTENSION}"])
def test_what_is_only_the_repository_s_is_named(sdist, name):
    assert sdist_problems(sdist(GOOD_SDIST | {name})) == [f"stray: {name}"]
