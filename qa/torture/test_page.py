"""The page on reliability names tests that exist."""

from __future__ import annotations

import pytest
from tests.docs.named_tests import ROOT, is_a_test, named_tests

PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.partition("## What is not promised")[0].splitlines()
    if line.startswith("|") and not line.startswith(("| fault", "| ---"))
]


@pytest.mark.parametrize("test", named_tests(PAGE))
def test_a_test_that_is_named_exists(test):
    assert is_a_test(test)


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:40] for row in ROWS])
def test_every_row_names_a_test(row):
    assert len(row) == 4
    assert any(named in row[-1] for named in ("`tests/", "`qa/", "`make torture`"))
