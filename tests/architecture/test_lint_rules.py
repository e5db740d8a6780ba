"""Private names stay private: the linters check that, everywhere in the package."""

from __future__ import annotations

import re

from tests.architecture.graphs import ROOT

CONFIGURATION = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_ruff_checks_private_access_in_the_package():
    ignored = re.findall(r"^.*SLF001.*$", CONFIGURATION, re.MULTILINE)
    assert [line.partition("=")[0].strip() for line in ignored] == ['"{tests,qa}/**"']
    assert 'select = ["ALL"]' in CONFIGURATION


def test_pyright_checks_private_access_in_the_package():
    assert 'typeCheckingMode = "strict"' in CONFIGURATION
    assert "reportPrivateUsage" not in CONFIGURATION
