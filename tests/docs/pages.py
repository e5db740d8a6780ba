"""The pages of the documentation, and the blocks of code in them."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.docs.named_tests import ROOT

DOCS = ROOT / "docs"
# What the site shows besides its own pages, whole or in part.
SHOWN_THERE = [ROOT / "README.md", ROOT / "benches" / "README.md"]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [*SHOWN_THERE, *sorted(DOCS.rglob("*.md"))]
}


class Block(NamedTuple):
    """A fenced block of code.

    Attributes:
        page: Whose it is.
        language: As the fence says it.
        text: What is in it.
        output: What the page says that it prints: the text block that follows it.
    """

    page: str
    language: str
    text: str
    output: str

    def __str__(self) -> str:
        """Return what pytest calls it."""
        return f"{self.page}: {self.text.strip().splitlines()[0][:40]}"


def blocks(*languages: str) -> list[Block]:
    """Return the blocks in some languages, of every page."""
    return [each for page in PAGES for each in _blocks_of(page) if each.language in languages]


def _blocks_of(page: str) -> list[Block]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL)
    return [
        Block(page, language, text, output if kind == "text" else "")
        for (language, text), (kind, output) in zip(found, [*found[1:], ("", "")], strict=False)
    ]
