"""The documentation's site has every page, every public name, what its pages include; its style."""

from __future__ import annotations

import importlib
import json
import re

import pytest
from benches.report import read_json
from docs.figures import RESULTS, as_page
from tests.docs.named_tests import ROOT
from tests.docs.pages import DOCS, PAGES

import snowplow_tracker
from snowplow_tracker import collector, constants, contracts, emitters, iglu, typing

SETTINGS = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
NAVIGATION = re.findall(r": ([\w/-]+\.md)$", SETTINGS.partition("\nnav:")[2], re.MULTILINE)
REFERENCE = "\n".join(text for page, text in PAGES.items() if page.startswith("docs/reference/"))
DOCUMENTED = re.findall(r"^::: ([\w.]+)$", REFERENCE, re.MULTILINE)
INCLUDED = [
    (page, *re.fullmatch(r"([^:]*):?(.*)", name).groups())  # type: ignore[union-attr]
    for page, text in PAGES.items()
    for name in re.findall(r'^--8<-- "([^"]+)"$', text, re.MULTILINE)
]
GENERATED = "figures.md"


def test_every_page_is_in_the_navigation_once():
    pages = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")]
    assert sorted(NAVIGATION) == sorted(pages)


def test_every_public_name_of_the_package_is_in_the_reference():
    names = {f"snowplow_tracker.{name}" for name in snowplow_tracker.__all__}
    names |= {f"snowplow_tracker.collector.{name}" for name in collector.__all__}
    names |= {f"snowplow_tracker.iglu.{name}" for name in iglu.__all__}
    assert names - set(DOCUMENTED) == set()


@pytest.mark.parametrize("module", [constants, contracts, typing])
def test_a_module_of_small_public_names_is_in_the_reference(module):
    assert module.__name__ in DOCUMENTED


@pytest.mark.parametrize("name", sorted(set(emitters.__all__) - {"time"}))
def test_every_public_name_of_emitters_is_in_the_reference(name):
    assert re.search(rf"\b{name}\b", REFERENCE)


@pytest.mark.parametrize("path", DOCUMENTED)
def test_what_the_reference_names_exists(path):
    module, _, name = path.rpartition(".")
    found = importlib.import_module(module or path)
    assert hasattr(found, name) or importlib.import_module(path)


@pytest.mark.parametrize(("page", "file", "part"), INCLUDED)
def test_what_a_page_includes_exists(page, file, part):
    if file == GENERATED:
        return
    text = (ROOT / file).read_text(encoding="utf-8")
    if part[:1].isalpha():
        assert f"[start:{part}]" in text, page
        assert f"[end:{part}]" in text, page


def test_a_page_includes_the_figures_that_make_docs_writes():
    assert GENERATED in {file for _, file, _ in INCLUDED}


def test_the_figures_are_those_of_the_last_run():
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    page = as_page(*read_json(RESULTS))
    assert results["run"]["date"] in page
    for table in results["tables"]:
        section = page.partition(f"### {table['title']}\n")[2].partition("###")[0]
        assert all(f"| {row['case']} " in section for row in table["rows"])


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    shares = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in shares)
    return sum(x * weight for x, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


# The backgrounds are those of Material for MkDocs, of text and of code.
@pytest.mark.parametrize(
    ("scheme", "background"),
    [("default", "#ffffff"), ("default", "#f5f5f5"), ("slate", "#1e2129"), ("slate", "#272a35")],
)
def test_links_can_be_read(scheme, background):
    style = (DOCS / "stylesheets" / "extra.css").read_text(encoding="utf-8")
    colours = style.partition(f'[data-md-color-scheme="{scheme}"]')[2].partition("}")[0]
    links = re.findall(r"--md-(?:typeset-a-color|accent-fg-color): (#\w{6});", colours)
    header = re.findall(r"--md-primary-fg-color: (#\w{6});", colours)
    assert len(links) == 2
    assert all(contrast(link, background) >= 4.5 for link in links)
    assert all(contrast(colour, "#ffffff") >= 4.5 for colour in header)
