"""The pages for contributors name files, commands and tools that are there."""

from __future__ import annotations

import re

import pytest
from tests.docs.named_tests import ROOT, is_a_test, named_tests

PAGES = ["CONTRIBUTING.md", "SECURITY.md", "RELEASING.md"]
PLACES = [ROOT, ROOT / "python" / "snowplow_tracker"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
HOOKS = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def code_of(page: str) -> list[str]:
    """Return what a page shows as code, within its text and in blocks."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    return [*re.findall(r"`([^`\n]+)`", text), *lines]


@pytest.mark.parametrize("page", PAGES)
def test_the_targets_of_make_exist(page):
    made = [code.split("#")[0].split() for code in code_of(page) if code.startswith("make ")]
    targets = {word for words in made for word in words[1:] if "=" not in word}
    assert targets
    assert targets <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_the_files_exist():
    paths = {code for code in code_of("CONTRIBUTING.md") if re.search(r"^[\w/]+(\.\w+|/)$", code)}
    assert len(paths) > 15
    assert {path for path in paths if not any((place / path).exists() for place in PLACES)} == set()


def test_the_tests_exist():
    named = [
        name
        for name in named_tests((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
        if not name.endswith("/")
    ]
    assert [name for name in named if not is_a_test(name)] == []


def test_the_links_lead_somewhere():
    for page in [*PAGES, "README.md", "CHANGELOG.md"]:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert all((ROOT / link).exists() for link in re.findall(r"\]\(([^:)]+)\)", text))


def test_the_tools_of_the_hooks_are_installed_by_make_build():
    tools = set(re.findall(r"entry: \.venv/bin/(\w+)", HOOKS)) | {"pre-commit"}
    assert tools > {"pre-commit", "ruff"}
    assert all(re.search(rf'^    "{tool}>=', PROJECT, re.MULTILINE) for tool in tools)
