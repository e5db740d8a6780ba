"""Schemas of Snowplow: find them, and validate data as Iglu does.

``python -m snowplow_tracker.iglu`` lists, checks and shows schemas, and validates files. The local
collector uses this package to judge events: https://docs.snowplow.io/docs/api-reference/iglu/

Validation needs the extra ``schemas``. Importing this package does not.
"""

from __future__ import annotations

from snowplow_tracker.iglu.errors import ConfigurationError, NotARegistryError
from snowplow_tracker.iglu.failures import Failure
from snowplow_tracker.iglu.names import SchemaCriterion, SchemaKey
from snowplow_tracker.iglu.registries.folder import FolderRegistry
from snowplow_tracker.iglu.registries.http import HttpRegistry
from snowplow_tracker.iglu.registries.memory import MemoryRegistry
from snowplow_tracker.iglu.registries.protocol import Registry, RegistryError
from snowplow_tracker.iglu.registries.standard import StandardRegistry
from snowplow_tracker.iglu.resolver import ResolutionError, Resolver
from snowplow_tracker.iglu.validator import Validator

__all__ = [
    "ConfigurationError",
    "Failure",
    "FolderRegistry",
    "HttpRegistry",
    "MemoryRegistry",
    "NotARegistryError",
    "Registry",
    "RegistryError",
    "ResolutionError",
    "Resolver",
    "SchemaCriterion",
    "SchemaKey",
    "StandardRegistry",
    "Validator",
]
