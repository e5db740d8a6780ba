"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import json
import sys
from textwrap import dedent

import pytest

from snowplow_tracker.collector import CollectorServer

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.processes

BAD_EVENT = "tracker.track(Event({'e': 'pv', 'url': 'http://x', 'vid': 'first'}))"
CHILD = (
    "import os; from snowplow_tracker import Emitter, PageView, Tracker; "
    "Tracker('cli', Emitter(os.environ['SNOWPLOW_COLLECTOR_URL'], batch_size=1))"
    ".track(PageView('https://www.example.com/'))"
)


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest on the text of a module, with warnings as errors."""
    monkeypatch.delenv("SNOWPLOW_MICRO_URL", raising=False)

    def run_pytest(source, *arguments):
        pytester.makepyfile("from snowplow_tracker import *\n" + dedent(source))
        return pytester.runpytest_subprocess("-W", "error", *arguments)

    return run_pytest


def test_events_arrive_over_http_and_the_next_test_starts_empty(run):
    result = run(
        """
        def test_one(snowplow, snowplow_tracker):
            snowplow_tracker.track(PageView("https://www.example.com/"))
            event = snowplow.assert_tracked("page_view", fields={"app_id": "test"})
            assert event.fields["name_tracker"] == "test"

        def test_two(snowplow):
            assert snowplow.all == []
        """
    )
    result.assert_outcomes(passed=2)


def test_a_failure_shows_the_text_and_the_events_of_the_test(run):
    result = run(
        """
        def test_plan(snowplow_events):
            signup = SelfDescribingJson("iglu:com.acme/signup/jsonschema/1-0-0", {"plan": "free"})
            Tracker("shop", snowplow_events).track(SelfDescribing(signup))
            snowplow_events.assert_tracked(schema="com.acme/signup", data={"plan": "pro"})
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*no event tracked with schema com.acme/signup, data {'plan': 'pro'}",
            "E*1 event: signup 1-0-0",
            "E*nearest: signup 1-0-0  eid=*",
            "E*data.plan: expected 'pro', got 'free'",
            "*-- snowplow --*",
            "good  signup 1-0-0  eid=*",
        ]
    )
    # The traceback ends in the test.
    result.stdout.no_fnmatch_line("*assertions.py*")


@pytest.mark.parametrize(
    ("fixture", "value"),
    [
        ("snowplow_tracker", "snowplow_tracker"),
        ("snowplow_events", "Tracker('shop', snowplow_events)"),
    ],
)
def test_a_bad_event_that_nobody_expects_is_an_error_of_the_test(run, fixture, value):
    result = run(
        f"""
        def test_page({fixture}):
            tracker = {value}
            {BAD_EVENT}
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*1 bad event tracked", "  page_view http://x  vid: not an integer of 32 bits: 'first'"]
    )


def test_bad_events_are_no_second_failure_of_a_test_that_failed(run):
    result = run(
        f"""
        def test_page(snowplow, snowplow_tracker):
            tracker = snowplow_tracker
            {BAD_EVENT}
            assert False
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*-- snowplow --*", "bad   page_view http://x  eid=*"])


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("snowplow.allow_bad()", ()),
        ("snowplow.assert_bad('vid: not an integer')", ()),
        ("", ("--snowplow-allow-bad",)),
        ("", ("-o", "snowplow_fail_on_bad=false")),
    ],
)
def test_bad_events_can_be_allowed(run, line, arguments):
    result = run(
        f"""
        def test_page(snowplow, snowplow_tracker):
            tracker = snowplow_tracker
            {BAD_EVENT}
            {line}
        """,
        *arguments,
    )
    result.assert_outcomes(passed=1)


def test_the_marker_allows_bad_events_with_strict_markers(run):
    result = run(
        f"""
        import pytest

        @pytest.mark.snowplow(allow_bad=True)
        def test_page(snowplow, snowplow_tracker):
            tracker = snowplow_tracker
            {BAD_EVENT}
        """,
        "--strict-markers",
    )
    result.assert_outcomes(passed=1)


def test_events_buffered_by_a_tracker_of_the_factory_are_judged_after_the_test(run):
    result = run(
        f"""
        def test_page(snowplow_tracker_factory):
            tracker = snowplow_tracker_factory("shop", app_id="a", batch_size=100)
            {BAD_EVENT}
        """
    )
    result.assert_outcomes(passed=1, errors=1)


def test_the_environment_reaches_a_subprocess_and_a_forked_child(run):
    result = run(
        f"""
        import multiprocessing, subprocess, sys

        def track():
            exec({CHILD!r})

        def test_subprocess(snowplow, snowplow_env):
            subprocess.run([sys.executable, "-c", {CHILD!r}], check=True)
            snowplow.assert_tracked("page_view", fields={{"tna": "cli"}})

        def test_forked_child(snowplow, snowplow_env):
            child = multiprocessing.get_context("fork").Process(target=track)
            child.start()
            child.join()
            snowplow.assert_tracked("page_view", fields={{"tna": "cli"}})
        """,
        "-W",
        "ignore:.*multi-threaded.*fork:DeprecationWarning",
    )
    result.assert_outcomes(passed=2)


def test_further_names_of_the_environment_are_settings(run, pytester):
    pytester.makeini(
        "[pytest]\nsnowplow_env_names =\n  ACME_COLLECTOR=url\n  ACME_HOST = host\n  ACME_PORT=port"
    )
    result = run(
        """
        import os

        def test_names(snowplow_env, snowplow_collector):
            assert os.environ["ACME_COLLECTOR"] == snowplow_collector.url
            assert os.environ["ACME_HOST"] == "127.0.0.1"
            assert os.environ["ACME_PORT"] == str(snowplow_collector.port)
        """
    )
    result.assert_outcomes(passed=1)


def test_a_wrong_name_of_the_environment_is_an_error_that_says_so(run):
    result = run("def test_names(snowplow_env): pass", "-o", "snowplow_env_names=ACME=address")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*expected NAME=url, NAME=host or NAME=port: 'ACME=address'*"])


def test_the_options_of_the_collector_can_be_overridden(run, pytester):
    pytester.makeconftest(
        """
        import pytest
        from snowplow_tracker.collector import Journal

        @pytest.fixture(scope="session")
        def snowplow_collector_options():
            return {"journal": Journal(max_good=1)}
        """
    )
    result = run(
        """
        def test_only_the_last(snowplow, snowplow_tracker):
            for _ in range(3):
                snowplow_tracker.track(PageView("https://www.example.com/"))
            assert len(snowplow.good) == 1
        """
    )
    result.assert_outcomes(passed=1)


def test_each_worker_of_xdist_has_a_collector_of_its_own(run):
    source = """
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_page(snowplow, snowplow_tracker, number):
            snowplow_tracker.track(PageView(f"https://www.example.com/{number}"))
            snowplow.assert_count(1)
    """
    run(source, "-n", "2", "-p", "xdist").assert_outcomes(passed=6)


def test_the_plugin_can_be_disabled(run):
    result = run("def test_page(snowplow): pass", "-p", "no:snowplow")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'snowplow' not found*"])


def test_a_running_micro_is_used_instead_of_a_collector(run, monkeypatch):
    source = f"""
        def test_page(snowplow, snowplow_tracker):
            tracker = snowplow_tracker
            tracker.track(PageView("https://www.example.com/"))
            {BAD_EVENT}
            snowplow.assert_tracked("page_view", fields={{"page_url": "https://www.example.com/"}})
            snowplow.assert_bad("vid")
            assert [each.is_good for each in snowplow.all] == [True, False]
    """
    with CollectorServer() as collector:
        run(source, "--snowplow-micro-url", collector.url).assert_outcomes(passed=1)
        assert collector.journal.counts() == {"total": 2, "good": 1, "bad": 1}
        monkeypatch.setenv("SNOWPLOW_MICRO_URL", collector.url)
        run_again = run(source)
        run_again.assert_outcomes(passed=1)
        assert collector.journal.counts()["total"] == 2


def test_events_are_recorded_in_a_file_with_the_test_that_tracked_them(run, pytester):
    run(
        """
        def test_page(snowplow_events):
            Tracker("shop", snowplow_events).track(PageView("https://www.example.com/"))

        def test_none(snowplow_events):
            pass
        """,
        "--snowplow-record",
        "events.ndjson",
    )
    [line] = (pytester.path / "events.ndjson").read_text().splitlines()
    recorded = json.loads(line)
    assert recorded["test"].endswith("::test_page")
    assert recorded["event"]["url"] == "https://www.example.com/"


@pytest.mark.parametrize("library", ["freezegun", "time_machine"])
def test_a_stopped_clock_stops_no_fixture(run, library):
    stop = {
        "freezegun": "freezegun.freeze_time('2024-02-29')",
        "time_machine": "time_machine.travel('2024-02-29', tick=False)",
    }
    result = run(
        f"""
        import {library}
        import pytest

        @{stop[library]}
        def test_page(snowplow, snowplow_tracker):
            snowplow_tracker.track(PageView("https://www.example.com/"))
            event = snowplow.assert_tracked("page_view")
            assert event.created.isoformat() == "2024-02-29T00:00:00+00:00"
            with pytest.raises(AssertionError):
                snowplow.assert_tracked("page_ping", timeout=0.2)
        """
    )
    result.assert_outcomes(passed=1)


def test_without_the_extra_the_fixture_fails_with_the_line_that_installs_it(run, pytester):
    pytester.makeconftest(
        """
        import importlib.util, sys
        find = importlib.util.find_spec
        for module in ("snowplow_tracker.collector.server",):
            __import__(module)
            sys.modules[module].find_spec = lambda name: None if name == "uvicorn" else find(name)
        """
    )
    result = run("def test_page(snowplow): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*pip install 'snowplow-tracker-rs?testing?'*"])


def test_the_plugin_imports_only_pytest(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # other plugins import requests
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            loaded = {name.partition(".")[0] for name in sys.modules}
            assert "snowplow_tracker_pytest" in loaded
            assert not loaded & {"snowplow_tracker", "starlette", "uvicorn", "requests"}
        """
    )
    result = pytester.runpytest_subprocess("-p", "snowplow_tracker_pytest")
    result.assert_outcomes(passed=1)


SIGNUP = {
    "$schema": "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema"
    "/1-0-0#",
    "self": {
        "vendor": "com.acme",
        "name": "signup",
        "format": "jsonschema",
        "version": "1-0-0",
    },
    "type": "object",
    "properties": {"plan": {"enum": ["free", "pro"]}},
    "required": ["plan"],
    "additionalProperties": False,
}
SIGN_UP = """
        def sign_up(emitter, plan):
            data = SelfDescribingJson("iglu:com.acme/signup/jsonschema/1-0-0", {"plan": plan})
            Tracker("shop", emitter).track(SelfDescribing(data))
"""


@pytest.fixture
def schemas(pytester):
    """A folder with one schema, below the root of the tests."""
    folder = pytester.path / "iglu" / "schemas" / "com.acme" / "signup" / "jsonschema"
    folder.mkdir(parents=True)
    (folder / "1-0-0").write_text(json.dumps(SIGNUP))


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize("setting", ["command line", "file"])
def test_data_is_validated_against_the_schemas_of_the_options(run, pytester, setting):
    if setting == "file":
        pytester.makeini("[pytest]\nsnowplow_schemas = iglu")
    arguments = ("--snowplow-schemas", "iglu") if setting == "command line" else ()
    result = run(
        SIGN_UP
        + """
        def test_good(snowplow_events):
            sign_up(snowplow_events, "free")
            snowplow_events.assert_tracked(schema="signup")

        def test_bad(snowplow_events):
            sign_up(snowplow_events, "enterprise")

        def test_bad_over_http(snowplow, snowplow_tracker):
            sign_up(snowplow_tracker.emitters, "enterprise")
            bad = snowplow.assert_bad("plan", schema="com.acme/signup")
            assert bad.failures[0]["failureType"] == "ValidationError"
        """,
        *arguments,
    )
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        ["*1 bad event tracked", "  signup 1-0-0  unstruct: signup 1-0-0: $.plan: *"]
    )


@pytest.mark.usefixtures("schemas")
def test_the_marker_adds_schemas_for_one_test(run):
    result = run(
        SIGN_UP
        + """
        import pytest

        @pytest.mark.snowplow(schemas="iglu")
        def test_with(snowplow_events, snowplow, snowplow_tracker):
            for emitters in (snowplow_events, snowplow_tracker.emitters):
                sign_up(emitters, "enterprise")
            snowplow_events.assert_bad("plan")
            snowplow.assert_bad("plan")

        def test_without(snowplow_events, snowplow, snowplow_tracker):
            for emitters in (snowplow_events, snowplow_tracker.emitters):
                sign_up(emitters, "enterprise")
            snowplow_events.assert_tracked(schema="signup")
            snowplow.assert_tracked(schema="signup")
        """
    )
    result.assert_outcomes(passed=2)


def test_whether_unknown_schemas_are_bad_is_a_setting(run):
    result = run(
        SIGN_UP
        + """
        def test_unknown(snowplow_events):
            sign_up(snowplow_events, "free")
            snowplow_events.assert_bad("signup")
        """,
        "-o",
        "snowplow_unknown_schemas=bad",
    )
    result.assert_outcomes(passed=1)


def test_the_options_are_in_the_help(pytester):
    result = pytester.run(sys.executable, "-m", "pytest", "--help")
    result.stdout.fnmatch_lines(["*--snowplow-schemas=DIR*", "*snowplow_fail_on_bad*"])
