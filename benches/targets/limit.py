"""A target of bare C types: what a page view costs if nothing is checked. See `limit.c`.

Its argument is the folder of the compiled module.
"""

from __future__ import annotations

import importlib
import sys
from functools import partial
from itertools import repeat
from typing import Any

from benches.targets.serve import cpu_seconds, serve

WARM_UP = 50


def page_view(module: Any) -> None:
    """Do what `benches.targets.version_1x.page_view` does."""
    module.track(
        module.PageView(
            page_url="https://www.example.com/shop/shoes?id=77",
            page_title="Blue shoes",
            referrer="https://www.example.com/",
        )
    )


def load() -> Any:
    sys.path.append(sys.argv[1])
    return importlib.import_module("limit")


def track(module: Any, events: int) -> float:
    """Return the CPU seconds of an event."""

    def work(events: int) -> None:
        for _ in repeat(None, events):
            page_view(module)

    work(WARM_UP)
    seconds = cpu_seconds(partial(work, events)) / events
    if module.clear() != WARM_UP + events:
        raise RuntimeError("an event is missing")
    return seconds


if __name__ == "__main__":
    serve({"track": partial(track, load())})
