"""Import packages that are installed with an extra of this distribution."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["import_extra"]


def import_extra(package: str, extra: str | None = None) -> ModuleType:
    """Import a package that an extra installs.

    Args:
        package: The package.
        extra: The extra. Default None: that of the same name.

    Raises:
        RuntimeError: The package cannot be imported.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise RuntimeError(
            f"{package} cannot be imported: pip install 'snowplow-tracker-rs[{extra or package}]'"
        ) from error
