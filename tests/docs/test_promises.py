"""Each promise of the pages for users has tests, and only pages for contributors name them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.docs.named_tests import ROOT, is_a_test, named_tests
from tests.docs.pages import PAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

PROMISING = {
    "Compatibility": "docs/compatibility.md",
    "Reliability": "docs/reliability.md",
    "Porting": "docs/guides/porting.md",
}
# The first header of each table whose rows are promises. On the page on compatibility, the items
# of lists are promises too.
HEADERS = {"failure", "limit", "subject", "difference"}
LISTS = {"Compatibility"}
PROMISES = PAGES["docs/contributing/promises.md"]
FOR_CONTRIBUTORS = ("docs/contributing/", "docs/architecture.md", "benches/")


def sections(text: str, heading: str) -> Iterator[tuple[str, list[str]]]:
    """Return the sections below headings, which are given as a pattern."""
    for part in re.split(rf"^{heading} ", text, flags=re.MULTILINE)[1:]:
        title, *lines = part.splitlines()
        yield title, lines


def items(lines: list[str]) -> Iterator[str]:
    """Return the items of a list, each in one line, without what is nested in it."""
    for item in re.findall(r"^- .*(?:\n  \S.*)*", "\n".join(lines), re.MULTILINE):
        yield re.sub(r"\s+", " ", item[2:])


def rows(lines: list[str]) -> Iterator[str]:
    """Return the first cells of the tables that have promises."""
    table = ""
    for line in lines:
        first = line.strip("|").split("|")[0].strip() if line.startswith("|") else ""
        if table in HEADERS and first and not first.startswith("---"):
            yield first
        table = (table or first) if first else ""


def promised(page: str) -> dict[str, list[str]]:
    """Return the promises of a page, by section."""
    found = {}
    for title, lines in sections(PAGES[PROMISING[page]], "##+"):
        promises = [*(items(lines) if page in LISTS else []), *rows(lines)]
        if promises:
            found[title] = promises
    return found


def listed(page: str) -> dict[str, list[str]]:
    """Return the promises that have tests, by section."""
    text = next("\n".join(lines) for title, lines in sections(PROMISES, "##") if title == page)
    return {title: list(items(lines)) for title, lines in sections(text, "###")}


def named_by_promise() -> list[tuple[str, list[str]]]:
    lists = re.findall(r"^- (.*(?:\n  \S.*)*)((?:\n    - `.+`)*)", PROMISES, re.MULTILINE)
    return [(promise, re.findall(r"`(.+)`", tests)) for promise, tests in lists]


@pytest.mark.parametrize("page", PROMISING)
def test_the_page_for_contributors_has_each_promise_in_its_place(page):
    assert promised(page)
    assert listed(page) == promised(page)


@pytest.mark.parametrize(("promise", "tests"), named_by_promise(), ids=lambda value: value[:40])
def test_each_promise_has_a_test(promise, tests):
    assert tests, promise
    assert all(is_a_test(test) or test == "make torture" for test in tests), promise


@pytest.mark.parametrize("test", named_tests(PROMISES))
def test_a_test_that_is_named_exists(test):
    assert is_a_test(test) or (ROOT / test).exists()


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith(FOR_CONTRIBUTORS)])
def test_a_page_for_users_names_no_test(page):
    assert named_tests(PAGES[page]) == []
