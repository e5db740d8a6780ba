"""The page on porting names every difference that the differential tests know, and no other."""

from __future__ import annotations

import re

from qa.differential.differences import DIFFERENCES
from tests.docs.named_tests import ROOT

PAGE = (ROOT / "docs" / "guides" / "porting.md").read_text(encoding="utf-8")


def test_it_lists_the_differences_that_the_tests_know():
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \|$", PAGE, re.MULTILINE)
    assert dict(rows) == {difference.name: difference.reason for difference in DIFFERENCES}
