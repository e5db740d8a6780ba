"""pytest plugin of snowplow-tracker-rs: fixtures to assert what a program tracks.

pytest loads this module in each run of an environment in which the package is installed. So it
imports pytest only, and is no part of the package, which it would import, too. The fixtures import
the rest. `-p no:snowplow` disables the plugin.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from snowplow_tracker import Tracker
    from snowplow_tracker.collector import CollectorServer
    from snowplow_tracker.testing import MicroSource, RecordingEmitter, Snowplow

_HELPERS = pytest.StashKey["list[Snowplow]"]()
_HAS_FAILED = pytest.StashKey[bool]()
_ENVIRONMENT = {"SNOWPLOW_COLLECTOR_URL": "url", "SNOWPLOW_COLLECTOR_HOST": "host"}
_ENVIRONMENT["SNOWPLOW_COLLECTOR_PORT"] = "port"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and the settings."""
    group = parser.getgroup("snowplow", "events that the program tracks")
    group.addoption(
        "--snowplow-schemas",
        action="append",
        default=[],
        metavar="DIR",
        help="folder of Iglu schemas that self-describing data is validated against; repeatable",
    )
    group.addoption(
        "--snowplow-allow-bad", action="store_true", help="let tests pass whose events are bad"
    )
    group.addoption(
        "--snowplow-micro-url",
        metavar="URL",
        help="use a Snowplow Micro that runs already; default: the environment variable "
        "SNOWPLOW_MICRO_URL, else a collector in this process",
    )
    group.addoption(
        "--snowplow-record",
        metavar="FILE",
        help='append the events of each test to a file, as lines {"test": ..., "event": ...}',
    )
    parser.addini("snowplow_schemas", "folders of Iglu schemas", type="paths", default=[])
    parser.addini(
        "snowplow_fail_on_bad",
        "whether a test fails if one of its events is bad (default: true)",
        type="bool",
        default=True,
    )
    parser.addini(
        "snowplow_unknown_schemas",
        "whether an event whose schema is not found is good or bad (default: bad with schemas)",
        default="",
    )
    parser.addini(
        "snowplow_env_names",
        "further variables of snowplow_env, such as ACME_COLLECTOR=url, ACME_HOST=host",
        type="linelist",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "snowplow(allow_bad=False, schemas=()): whether bad events are allowed in a test, and "
        "folders of Iglu schemas in addition to the configured ones",
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Add the events of a test that failed to its report."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    helpers = item.stash.get(_HELPERS, None)
    if helpers and report.failed:
        from snowplow_tracker.testing.reports import event_lines  # noqa: PLC0415

        item.stash[_HAS_FAILED] = True
        events = [event for helper in helpers for event in helper.all]
        report.sections.append(("snowplow", "\n".join(event_lines(events))))


@pytest.fixture(scope="session")
def snowplow_collector_options(pytestconfig: pytest.Config) -> dict[str, Any]:
    """Arguments of the `CollectorServer` of this session. Override it to change them."""
    return _validation(pytestconfig)


@pytest.fixture(scope="session")
def snowplow_collector(
    pytestconfig: pytest.Config, snowplow_collector_options: dict[str, Any]
) -> Iterator[CollectorServer | MicroSource]:
    """A collector on a free port of this machine, or the Snowplow Micro that runs already."""
    import os  # noqa: PLC0415

    url = pytestconfig.getoption("--snowplow-micro-url") or os.environ.get("SNOWPLOW_MICRO_URL")
    if url:
        from snowplow_tracker.testing import MicroSource  # noqa: PLC0415

        yield MicroSource(url)
        return
    from snowplow_tracker.collector import CollectorServer  # noqa: PLC0415

    with _require_extra(lambda: CollectorServer(**snowplow_collector_options)) as collector:
        yield collector


@pytest.fixture
def snowplow(
    request: pytest.FixtureRequest,
    snowplow_collector: CollectorServer | MicroSource,
    snowplow_collector_options: dict[str, Any],
) -> Iterator[Snowplow]:
    """What the collector receives during a test. Bad events that it does not assert fail it."""
    from snowplow_tracker.testing import MicroSource, Snowplow  # noqa: PLC0415

    collector = snowplow_collector
    source = collector if isinstance(collector, MicroSource) else collector.journal
    helper = Snowplow(source)
    helper.reset()
    options = _of_test(request.node, snowplow_collector_options)
    if isinstance(collector, MicroSource) or options == snowplow_collector_options:
        yield from _used_by(request, helper)
        return
    collector.use_schemas(options["schemas"], options.get("unknown_schemas"))
    try:
        yield from _used_by(request, helper)
    finally:
        options = snowplow_collector_options
        collector.use_schemas(options.get("schemas"), options.get("unknown_schemas"))


@pytest.fixture
def snowplow_events(request: pytest.FixtureRequest) -> Iterator[RecordingEmitter]:
    """An emitter without HTTP, with the same checks and assertions."""
    from snowplow_tracker.testing import RecordingEmitter  # noqa: PLC0415

    options = _of_test(request.node, _validation(request.config))
    yield from _used_by(request, _require_extra(lambda: RecordingEmitter(**options)))


@pytest.fixture
def snowplow_env(
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
    snowplow: Snowplow,  # noqa: ARG001 - it resets the collector before the test
    snowplow_collector: CollectorServer | MicroSource,
) -> dict[str, str]:
    """Environment variables with the address of the collector, for this process and its children.

    They are SNOWPLOW_COLLECTOR_URL, SNOWPLOW_COLLECTOR_HOST and SNOWPLOW_COLLECTOR_PORT, and those
    of the setting snowplow_env_names.
    """
    from urllib.parse import urlsplit  # noqa: PLC0415

    address = urlsplit(snowplow_collector.url)
    values = {
        "url": snowplow_collector.url,
        "host": str(address.hostname),
        "port": str(address.port or (443 if address.scheme == "https" else 80)),
    }
    names = {**_ENVIRONMENT, **_further_names(pytestconfig, values)}
    environment = {name: values[part] for name, part in names.items()}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
def snowplow_tracker_factory(
    snowplow: Snowplow,  # noqa: ARG001 - it looks at bad events after the trackers were closed
    snowplow_collector: CollectorServer | MicroSource,
) -> Iterator[Callable[..., Tracker]]:
    """Create trackers at the collector: `factory(namespace="test", app_id="test", ...)`.

    The keyword arguments are those of `Tracker`, and further ones those of the emitter, whose class
    is `emitter` (default `Emitter`). After the test, the trackers are closed.
    """
    from snowplow_tracker import Emitter, Tracker  # noqa: PLC0415

    trackers: list[Tracker] = []

    def create(
        namespace: str = "test",
        *,
        app_id: str | None = "test",
        emitter: Callable[..., Any] = Emitter,
        subject: Any = None,
        encode_base64: bool = True,
        json_encoder: Any = None,
        **settings: Any,
    ) -> Tracker:
        settings.setdefault("batch_size", 1)
        sender = emitter(snowplow_collector.url, **settings)
        tracker = Tracker(namespace, sender, subject, app_id, encode_base64, json_encoder)
        trackers.append(tracker)
        return tracker

    yield create
    for tracker in trackers:
        tracker.close()


@pytest.fixture
def snowplow_tracker(snowplow_tracker_factory: Callable[..., Tracker]) -> Tracker:
    """A tracker that sends each event to the collector at once."""
    return snowplow_tracker_factory()


def _used_by(request: pytest.FixtureRequest, helper: Any) -> Iterator[Any]:
    """Yield a helper to a test. Afterwards, record its events, and fail if some are bad."""
    item = request.node
    item.stash.setdefault(_HELPERS, []).append(helper)
    config = request.config
    if config.getoption("--snowplow-allow-bad") or not config.getini("snowplow_fail_on_bad"):
        helper.allow_bad()
    if any(marker.kwargs.get("allow_bad") for marker in item.iter_markers("snowplow")):
        helper.allow_bad()
    yield helper
    if config.getoption("--snowplow-record"):
        _record(config, item.nodeid, helper)
    bad = helper.unexpected_bad
    if bad and not item.stash.get(_HAS_FAILED, False):
        from snowplow_tracker.testing.reports import bad_events  # noqa: PLC0415

        cure = "assert_bad() or allow_bad() let such a test pass"
        pytest.fail(f"{bad_events(bad)}\n  {cure}", pytrace=False)


def _record(config: pytest.Config, test: str, helper: Snowplow) -> None:
    path = config.invocation_params.dir / str(config.getoption("--snowplow-record"))
    lines = [json.dumps({"test": test, "event": event.payload}) for event in helper.all]
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))


def _validation(config: pytest.Config) -> dict[str, Any]:
    """Return the arguments that say what data is validated against."""
    folders: list[Path] = list(config.getini("snowplow_schemas"))
    given: list[str] = config.getoption("--snowplow-schemas") or []
    folders += [config.invocation_params.dir / folder for folder in given]
    options: dict[str, Any] = {"schemas": folders} if folders else {}
    unknown = config.getini("snowplow_unknown_schemas")
    return {**options, "unknown_schemas": unknown} if unknown else options


def _of_test(item: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return options with the folders of schemas that the markers of a test name in addition."""
    folders: list[Path] = []
    for marker in item.iter_markers("snowplow"):
        schemas = marker.kwargs.get("schemas", ())
        schemas = [schemas] if isinstance(schemas, str) else schemas
        folders += [item.config.rootpath / folder for folder in schemas]
    if not folders:
        return options
    configured = options.get("schemas")
    return {**options, "schemas": [*(configured if isinstance(configured, list) else ()), *folders]}


def _further_names(config: pytest.Config, values: dict[str, str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for line in config.getini("snowplow_env_names"):
        name, _, part = (text.strip() for text in line.partition("="))
        if not name or part not in values:
            raise pytest.UsageError(
                f"snowplow_env_names: expected NAME=url, NAME=host or NAME=port: {line!r}"
            )
        names[name] = part
    return names


def _require_extra(create: Callable[[], Any]) -> Any:
    """Return what a function creates, or fail with the line that installs what it needs."""
    try:
        return create()
    except RuntimeError as error:
        text = f"{error}\n  for these fixtures: pip install 'snowplow-tracker-rs[testing]'"
        pytest.fail(text, pytrace=False)
