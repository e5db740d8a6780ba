"""Packages that only an extra of this distribution brings."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["imported"]


def imported(package: str) -> ModuleType:
    """Import a package that the extra of the same name brings.

    Raises:
        RuntimeError: It cannot be imported.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise RuntimeError(
            f"{package} cannot be imported: pip install 'snowplow-tracker-rs[{package}]'"
        ) from error
