"""The targets of a run: the builds of this package, and the baselines they are compared with."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from benches.results import ABI3, OURS, PLAIN
from benches.runner import Program, original, peers

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

__all__ = ["LIBRARIES", "ORIGINALS", "Baselines"]

ORIGINALS = ("1.1.0", "0.10.0")
# Name to the argument of `benches.targets.libraries`.
LIBRARIES = {
    "orjson + pybase64": "orjson",
    "orjson + b64encode": "orjson-fast",
    "json + base64": "json",
}


class Baselines:
    """Processes that are started once and serve all cases. Use it as a context manager.

    Args:
        plain: The folder of a build without a profile, which is measured as well. Default None.
        abi3: The same of an abi3 build. Default None.

    Attributes:
        builds: The builds of this package, for cases that need new processes of them.
        originals: The same of snowplow-tracker.
        own: A process of each build.
        version_1_1: snowplow-tracker 1.1.0.
        version_0_10: snowplow-tracker 0.10.0.
        libraries: Those of `LIBRARIES`, in its order.
    """

    def __init__(self, plain: Path | None = None, abi3: Path | None = None) -> None:
        folders = {PLAIN: plain, ABI3: abi3}
        others = {name: folder for name, folder in folders.items() if folder}
        self.builds = [
            Program(name, ("native",), folder) for name, folder in ({OURS: None} | others).items()
        ]
        self.originals = [Program(name, ("tracker",), original(name)) for name in ORIGINALS]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            libraries = [
                Program(name, ("libraries", argument), peers())
                for name, argument in LIBRARIES.items()
            ]
            self.own, (self.version_1_1, self.version_0_10), self.libraries = (
                [stack.enter_context(program.open()) for program in programs]
                for programs in (self.builds, self.originals, libraries)
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def about(self) -> dict[str, Any]:
        """Return the packages, versions and builds of each target.

        Raises:
            SystemExit: The build called abi3 is none, or another one is.
        """
        targets = [*self.own, self.version_1_1, self.version_0_10, self.libraries[0]]
        about = {target.name: target.call("about") for target in targets}
        for build in self.builds:
            if ("abi3" in about[build.name]["build"]) != (build.name == ABI3):
                raise SystemExit(
                    f"the build {build.name!r} is of the wrong kind: {about[build.name]}"
                )
        return about
