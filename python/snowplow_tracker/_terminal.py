"""Texts that may be printed on a terminal, whoever wrote them."""

from __future__ import annotations

__all__ = ["escape_unprintable"]


def escape_unprintable(text: str, *, keep: str = "") -> str:
    r"""Return a text whose unprintable characters are escapes such as `\x1b`.

    A terminal would act on them: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html.

    Args:
        text: The text.
        keep: Characters that stay as they are, such as line ends. Default: none.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else ascii(c)[1:-1] for c in text)
