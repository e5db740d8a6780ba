"""Short form of `make differential`: generated programs, and each intended difference."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from qa.differential.compare import compare, disagreements
from qa.differential.differences import DIFFERENCES, NEWEST, OLDEST, Difference, names
from qa.differential.packages import OURS, Package
from qa.differential.programs import Program
from qa.differential.strategies import programs

from snowplow_tracker import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.processes

_EMITTER = "emitter = Emitter(HOST, protocol='http', port=PORT, batch_size=3)"
_TRACKER = "tracker = Tracker('ns', emitter, encode_base64=False)"
_thorough = settings(
    max_examples=30,  # `make differential` runs thousands
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def ours() -> Iterator[Package]:
    with Package(OURS) as package:
        yield package


@pytest.fixture(scope="module")
def newest() -> Iterator[Package]:
    with Package(NEWEST) as package:
        yield package


@pytest.fixture(scope="module")
def oldest() -> Iterator[Package]:
    with Package(OLDEST) as package:
        yield package


def tracking(*steps: str, tracker: str = _TRACKER) -> Program:
    return Program((_EMITTER, tracker, *steps, "tracker.flush()"))


class TestGeneratedPrograms:
    @_thorough
    @given(program=programs(is_0x=False))
    def test_do_as_with_the_newest_original(self, newest, ours, program):
        found = compare(program, newest, NEWEST, ours).disagreements
        assert not found, "\n".join([program.snippet(), *map(str, found)])

    @_thorough
    @given(program=programs(is_0x=True))
    def test_do_as_with_the_oldest_original(self, oldest, ours, program):
        found = compare(program, oldest, OLDEST, ours).disagreements
        assert not found, "\n".join([program.snippet(), *map(str, found)])


class TestDifferences:
    @pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.name)
    def test_are_real_and_nothing_beside_them(self, newest, oldest, ours, difference: Difference):
        own = ours.run(difference.example)
        for version, original in ((NEWEST, newest), (OLDEST, oldest)):
            if version in difference.versions:
                patches = names(version)
                theirs = original.run(difference.example, patches)
                assert not disagreements(difference.example, theirs, own)
                patches.remove(difference.name)
                theirs = original.run(difference.example, patches)
                assert disagreements(difference.example, theirs, own)

    def test_have_a_name_and_a_reason_each(self):
        named = [difference.name for difference in DIFFERENCES]
        assert len(set(named)) == len(named)
        assert all(difference.reason.endswith(".") for difference in DIFFERENCES)


_JSON = "tracker.track(SelfDescribing(SelfDescribingJson('iglu:a/b/jsonschema/1-0-0', {})))"


class TestComparison:
    def test_is_with_the_originals_themselves(self, newest, oldest, ours):
        assert (newest.version, oldest.version) == (NEWEST, OLDEST)
        assert ours.version == __version__

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("tracker.track(PageView('a'))", "tracker.track(PageView('b'))"),
            ("tracker.track(PageView('a'))", "tracker.track(PageView('a', 'title'))"),
            ("tracker.track(PageView('a'))", "tracker.track(PageView('a')); 0"),
            ("tracker.track(PageView('a'))", "tracker.track_page_view('a')"),
            ("PageView('')", "PageView()"),
            (_JSON.format("{'x': 1}"), _JSON.format("{'x': 1.0}")),
            (_JSON.format("{'x': 1}"), _JSON.format("{'x': True}")),
            (_JSON.format("{'x': None}"), _JSON.format("{}")),
            (_JSON.format("{'x': 1, 'y': 2}"), _JSON.format("{'y': 2, 'x': 1}")),
            (_JSON.format("{'1': 0, 1: 0}"), _JSON.format("{1: 0}")),
            ("inbox.input({'vid': 1})", "inbox.input({'vid': '1'})"),
            ("on_success([{'e': 'pv'}])", "on_success([])"),
            ("on_failure(0, [])", "on_failure(1, [])"),
            ("tracker.get_namespace()", "'other'"),
            ("emitter.batch_size = 1", "emitter.batch_size = 2"),
        ],
    )
    def test_sees_what_is_not_the_same(self, ours, one, other):
        behind = ["tracker.track(PageView('c'))"]
        first, second = tracking(one, *behind), tracking(other, *behind)
        assert not disagreements(first, ours.run(first), ours.run(first))
        assert disagreements(first, ours.run(first), ours.run(second))

    def test_sees_that_another_field_is_encoded(self, ours):
        event = _JSON.format("{'x': 1}")
        first = tracking(event)
        second = tracking(event, tracker=_TRACKER.replace("False", "True"))
        assert disagreements(first, ours.run(first), ours.run(second))

    def test_reports_a_process_that_dies_and_goes_on(self, ours):
        fatal = Program(("import os; os._exit(3)",))
        assert ours.run(fatal).steps[0].raised == "the process ended: 3"
        assert ours.run(Program(("1 + 1",))).steps[0].returned == ("int", "2")


class TestSnippets:
    def test_run_on_their_own(self):
        script = tracking("tracker.track(PageView('https://example.com'))").snippet()
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        assert "https://example.com" in done.stdout
