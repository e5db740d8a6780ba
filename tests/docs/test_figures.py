"""Every measured figure on a page for users comes from the files of the last run."""

from __future__ import annotations

import re

import pytest
from benches.report import read_json
from docs.figures import BLOCK, FIELD_RESULTS, RESULTS, Figures, field_page, updated
from tests.docs.pages import PAGES

FIGURES = Figures()
BLOCKS = [(page, name) for page, text in PAGES.items() for _, name, _ in BLOCK.findall(text)]
# A time, a rate, or a ratio such as 15.1x.
MEASURED = re.compile(r"\d\s?(µs|ns)\b|\d\s?events/s|\d\.\d+x\b")


def test_every_block_of_figures_is_on_a_page():
    assert {name for _, name in BLOCKS} == set(FIGURES.blocks())


@pytest.mark.parametrize("page", sorted({page for page, _ in BLOCKS}))
def test_quoted_figures_are_those_of_the_last_run(page):
    expected = updated(PAGES[page], FIGURES.blocks())
    assert PAGES[page] == expected, "run: python docs/figures.py --update"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_other_measured_figures(page):
    assert not MEASURED.search(BLOCK.sub("", PAGES[page]))


def test_a_changed_figure_is_noticed():
    row = FIGURES.row("Construct and track an event, cold", "page view")
    row.values["ours"] += 1
    changed = FIGURES.blocks()
    row.values["ours"] -= 1
    assert updated(PAGES["README.md"], changed) != PAGES["README.md"]


def test_the_field_says_what_is_not_like_for_like():
    run, tables = read_json(FIELD_RESULTS)
    page = field_page(run, tables)
    assert run["differences"].keys() == {row.case for row in tables[0].rows}
    assert all("; ".join(texts) in page for texts in run["differences"].values())


def test_both_runs_are_of_one_machine():
    runs = [read_json(path)[0] for path in (RESULTS, FIELD_RESULTS)]
    assert runs[0]["CPU"] == runs[1]["CPU"]
    assert runs[0]["Python"] == runs[1]["Python"]
