"""The middlewares have the same options, and the page on configuration lists them."""

from __future__ import annotations

import inspect
import re

import pytest
from tests.docs.pages import PAGES
from tests.support import Inbox
from tests.web import django_project

from snowplow_tracker import Tracker

django_project.configure()

from snowplow_tracker.web import _options, asgi, django, flask, wsgi  # noqa: E402 - after its settings
from snowplow_tracker.web.django import _settings  # noqa: E402

CLASSES = [asgi.SnowplowMiddleware, wsgi.SnowplowMiddleware, flask.SnowplowFlask]
SECTION = PAGES["docs/configuration.md"].partition("\n## Requests\n")[2].partition("\n## ")[0]
ROWS = dict(re.findall(r"^\| `(\w+)`, `\w+` \| `([^`]+)` \|", SECTION, re.MULTILINE))
DJANGO = set(re.findall(r"^\| `\w+`, `(\w+)` \|", SECTION, re.MULTILINE))


def options(one: type) -> dict[str, str]:
    parameters = inspect.signature(one).parameters.values()
    return {each.name: repr(each.default) for each in parameters if each.name != "app"}


@pytest.mark.parametrize("one", CLASSES)
def test_the_page_lists_each_option_and_its_default(one):
    assert options(one) == ROWS


@pytest.mark.parametrize("one", CLASSES)
def test_the_docstring_of_each_has_each_option(one):
    assert one.__doc__ is not None
    assert re.findall(r"^        (\w+): ", one.__doc__.partition("Args:")[2], re.MULTILINE) == [
        "app",
        *options(one),
        "ValueError",
    ]


def test_the_keys_of_django_are_the_options_in_upper_case():
    assert DJANGO == _settings._NAMES == {name.upper() for name in ROWS}
    assert django.SnowplowMiddleware.__doc__ is not None
    listed = re.findall(r"^    - (\w+): ", django.SnowplowMiddleware.__doc__, re.MULTILINE)
    assert set(listed) == DJANGO


def warnings_for(tracker: Tracker | None, caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    _options._log._next.clear()
    for _ in range(2):
        _options.Options(tracker)
    return [record.getMessage() for record in caplog.records]


def test_a_tracker_that_does_not_read_scopes_is_warned_of_once(caplog):
    (message,) = warnings_for(Tracker("shop", Inbox()), caplog)
    assert "use_scope=True" in message
    assert warnings_for(Tracker("shop", Inbox(), use_scope=True), caplog) == []
    assert warnings_for(None, caplog) == []
    assert warnings_for(Tracker("shop", Inbox()).pause(), caplog) == []
