"""Import packages that are installed with an extra of this distribution."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["import_extra"]


def import_extra(package: str) -> ModuleType:
    """Import a package that the extra of the same name installs.

    Raises:
        RuntimeError: The package cannot be imported.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise RuntimeError(
            f"{package} cannot be imported: pip install 'snowplow-tracker-rs[{package}]'"
        ) from error
