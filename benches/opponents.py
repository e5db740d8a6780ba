"""The sides of a run: this package's builds, and what they are measured against."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benches.results import ABI3, OURS
from benches.runner import Side, original, peers

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

__all__ = ["Opponents"]


@dataclass(frozen=True)
class Build:
    """A build of this package: its name in the tables, and its folder if not the environment."""

    name: str
    folder: Path | None

    def open(self) -> Side:
        return Side(self.name, "native", package_path=self.folder)


class Opponents:
    """The processes that live as long as the run.

    Args:
        abi3: Folder of an abi3 build of this package, measured beside the other. Default None.

    Attributes:
        builds: This package's builds, to start further processes of them.
        ours: A process of each build.
        old: snowplow-tracker 1.1.0.
        oldest: snowplow-tracker 0.10.0.
        orjson: orjson and pybase64.
        standard: The standard library.
    """

    def __init__(self, abi3: Path | None = None) -> None:
        self.builds = [Build(OURS, None), *([Build(ABI3, abi3)] if abi3 else [])]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            open_side = stack.enter_context
            self.ours = [open_side(build.open()) for build in self.builds]
            self.old, self.oldest = (
                open_side(Side(version, "tracker", package_path=original(version)))
                for version in ("1.1.0", "0.10.0")
            )
            self.orjson, self.standard = (
                open_side(Side(name, "libraries", argument, package_path=peers()))
                for name, argument in (
                    ("orjson + pybase64", "orjson"),
                    ("json + base64", "json"),
                )
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def about(self) -> dict[str, Any]:
        """Return versions and builds by side; exits where a build is not what it is called."""
        sides = [*self.ours, self.old, self.oldest, self.orjson]
        about = {side.name: side.ask("about") for side in sides}
        for build in self.builds:
            if ("abi3" in about[build.name]["build"]) != (build.name == ABI3):
                raise SystemExit(f"not the build called {build.name}: {about[build.name]}")
        return about
