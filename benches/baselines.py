"""The targets of a run: the builds of this package, and the baselines they are compared with."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benches.results import ABI3, OURS
from benches.runner import Target, original, peers

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

__all__ = ["Baselines", "Build"]


@dataclass(frozen=True)
class Build:
    """A build of this package.

    Attributes:
        name: Its name in the results.
        folder: Where it is installed. None for the running environment.
    """

    name: str
    folder: Path | None

    def open(self) -> Target:
        """Start a new process of this build."""
        return Target(self.name, "native", package_path=self.folder)


class Baselines:
    """Processes that are started once and serve all cases. Use it as a context manager.

    Args:
        abi3: The folder of an abi3 build of this package, which is measured as well. Default None.

    Attributes:
        builds: The builds of this package, for cases that need further processes of them.
        own: A process of each build.
        version_1_1: snowplow-tracker 1.1.0.
        version_0_10: snowplow-tracker 0.10.0.
        orjson: orjson and pybase64.
        standard_library: json and base64.
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
        """Return the packages, versions and builds of each target.

        Raises:
            SystemExit: The build called abi3 is none, or the other one is.
        """
        targets = [*self.own, self.version_1_1, self.version_0_10, self.orjson]
        about = {target.name: target.call("about") for target in targets}
        for build in self.builds:
            if ("abi3" in about[build.name]["build"]) != (build.name == ABI3):
                raise SystemExit(
                    f"the build {build.name!r} is of the wrong kind: {about[build.name]}"
                )
        return about
