"""The targets of a run: this package's builds, and what they are measured against."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benches.results import ABI3, OURS
from benches.runner import Target, original, peers

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

__all__ = ["Baselines"]


@dataclass(frozen=True)
class Build:
    """A build of this package: its name in the tables, and its folder if not the environment."""

    name: str
    folder: Path | None

    def open(self) -> Target:
        return Target(self.name, "native", package_path=self.folder)


class Baselines:
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
            open_target = stack.enter_context
            self.own = [open_target(build.open()) for build in self.builds]
            self.version_1_1, self.version_0_10 = (
                open_target(Target(version, "tracker", package_path=original(version)))
                for version in ("1.1.0", "0.10.0")
            )
            self.orjson, self.standard_library = (
                open_target(Target(name, "libraries", argument, package_path=peers()))
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
        """Return versions and builds by target; exits where a build is not what it is called."""
        targets = [*self.own, self.version_1_1, self.version_0_10, self.orjson]
        about = {target.name: target.call("about") for target in targets}
        for build in self.builds:
            if ("abi3" in about[build.name]["build"]) != (build.name == ABI3):
                raise SystemExit(f"not the build called {build.name}: {about[build.name]}")
        return about
