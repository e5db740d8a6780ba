"""Programs whose tests use responses: it replaces `HTTPAdapter.send`."""

from __future__ import annotations

import json

import pytest
import requests
import responses
from responses import matchers

pytestmark = pytest.mark.usefixtures("no_network")
BUSY, REFUSED = 503, 403


@pytest.fixture
def mocked():
    with responses.RequestsMock() as mocked:
        yield mocked


def test_a_post_is_seen_as_it_would_leave(mocked, program):
    if program.method == "post":
        mocked.post(program.url, status=200)
        program.track("a", "b")
        [call] = mocked.calls
        assert [e["se_la"] for e in json.loads(call.request.body)["data"]] == ["a", "b"]
        assert call.request.headers["Content-Type"] == "application/json; charset=utf-8"
    else:
        mocked.get(program.url, status=200)
        program.track("a", "b")
        assert [call.request.params["se_la"] for call in mocked.calls] == ["a", "b"]
    assert program.sent == ["a", "b"]


def test_a_matcher_of_the_query_matches(mocked, program):
    if program.method == "get":
        matcher = matchers.query_param_matcher({"se_la": "é ü", "p": "pc"}, strict_match=False)
        mocked.get(program.url, match=[matcher])
    else:
        mocked.post(program.url, match=[matchers.header_matcher({"Accept": "*/*"})])
    program.track("é ü")
    assert program.sent == ["é ü"]


@pytest.mark.parametrize(("status", "queued"), [(BUSY, 1), (REFUSED, 0)])
def test_a_mocked_failure_is_one(mocked, program, status, queued):
    mocked.add(program.method.upper(), program.url, status=status)
    program.track("a")
    assert (program.sent, program.failed) == ([], ["a"])
    assert program.emitter.stats()["queued"] == queued


def test_a_mocked_exception_is_a_failed_attempt(mocked, program):
    mocked.add(program.method.upper(), program.url, body=requests.ReadTimeout("mine"))
    program.track("a")
    assert program.failed == ["a"]
    assert "mine" in program.emitter.stats()["last_error"]


def test_an_address_that_is_not_mocked_is_a_connection_error(program):
    with responses.RequestsMock() as mocked:
        program.track("a")
        assert len(mocked.calls) == 1
    assert program.failed == ["a"]
    assert program.emitter.stats()["last_error"].startswith("ConnectionError")


@responses.activate
def test_an_emitter_made_under_the_decorator_works_too(kind):
    responses.post("https://other.example/com.snowplowanalytics.snowplow/tp2")
    emitter = kind("other.example", "https")
    emitter.input({"e": "pv"})
    emitter.sync_flush()
    assert emitter.stats()["sent"] == 1
    assert len(responses.calls) == 1
