"""The exceptions of this package that name what a user has to correct."""

from __future__ import annotations

__all__ = ["ConfigurationError", "NotARegistryError"]


class ConfigurationError(ValueError):
    """A resolver configuration cannot be used; the message says why."""


class NotARegistryError(ValueError):
    """A path is no folder, or its contents do not look like a registry."""
