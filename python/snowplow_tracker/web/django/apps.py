"""The app of Django projects. It checks their settings."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import Error, Warning, register  # noqa: A004 - Django's name
from django.core.exceptions import ImproperlyConfigured

from snowplow_tracker.web.django._settings import UserAttribute, read_options, read_setting

__all__ = ["SnowplowConfig"]

_MIDDLEWARE = "snowplow_tracker.web.django.SnowplowMiddleware"
_AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


class SnowplowConfig(AppConfig):  # type: ignore[misc] # Django has no types
    """Adds checks of the setting `SNOWPLOW` to `manage.py check`."""

    name = "snowplow_tracker.web.django"
    label = "snowplow_tracker"
    verbose_name = "Snowplow tracker"

    def ready(self) -> None:
        """Register the checks."""
        register(check_settings)


def check_settings(**_: Any) -> list[Error | Warning]:
    """Check the setting `SNOWPLOW` and the order of the middlewares."""
    try:
        options = read_options(read_setting(), makes_tracker=False)
    except ImproperlyConfigured as error:
        return [Error(str(error), id="snowplow_tracker.E001")]
    middlewares = [*settings.MIDDLEWARE]
    if _MIDDLEWARE not in middlewares:
        hint = f'Add "{_MIDDLEWARE}" to MIDDLEWARE.'
        message = "The app is installed, but its middleware is not."
        return [Warning(message, hint=hint, id="snowplow_tracker.W001")]
    follows = _AUTHENTICATION in middlewares[middlewares.index(_MIDDLEWARE) :]
    if follows and isinstance(options.user_id, UserAttribute):
        message = "Asynchronous views have no user id: the middleware comes too early."
        hint = f'Move "{_MIDDLEWARE}" after "{_AUTHENTICATION}".'
        return [Warning(message, hint=hint, id="snowplow_tracker.W002")]
    return []
