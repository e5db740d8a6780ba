"""The version of the package, which was compiled into its native module."""

from __future__ import annotations

from snowplow_tracker._native import __version__

__all__ = ["__build_version__", "__version__", "__version_info__"]

__version_info__: tuple[int, ...] = tuple(int(part) for part in __version__.split("."))
__build_version__: str = __version__
