"""Programs whose tests use requests-mock: it replaces `Session.get_adapter`."""

from __future__ import annotations

import pytest
import requests
import requests_mock

pytestmark = pytest.mark.usefixtures("no_network")


@pytest.fixture
def mocked():
    with requests_mock.Mocker() as mocked:
        yield mocked


def test_a_request_is_seen_as_it_would_leave(mocked, program):
    mocked.register_uri(program.method, program.url, status_code=200)
    program.track("a", "b")
    if program.method == "post":
        [request] = mocked.request_history
        assert [event["se_la"] for event in request.json()["data"]] == ["a", "b"]
    else:
        assert [request.qs["se_la"] for request in mocked.request_history] == [["a"], ["b"]]
    assert program.sent == ["a", "b"]


@pytest.mark.parametrize(("status", "queued"), [(500, 1), (422, 0)])
def test_a_mocked_failure_is_one(mocked, program, status, queued):
    mocked.register_uri(program.method, program.url, status_code=status)
    program.track("a")
    assert (program.sent, program.failed) == ([], ["a"])
    assert program.emitter.stats()["queued"] == queued


def test_answers_one_after_the_other(mocked, program):
    answers = [{"status_code": 503}, {"status_code": 200}]
    mocked.register_uri(program.method, program.url, answers)
    program.track("a")
    program.emitter.retry_timer.cancel()
    program.emitter.sync_flush()
    assert (program.failed, program.sent) == (["a"], ["a"])


@pytest.mark.parametrize("error", [requests.ConnectTimeout, requests.exceptions.SSLError])
def test_a_mocked_exception_is_a_failed_attempt(mocked, program, error):
    mocked.register_uri(program.method, program.url, exc=error)
    program.track("a")
    assert program.failed == ["a"]
    assert program.emitter.stats()["last_error"].startswith(error.__name__)


def test_an_address_that_is_not_mocked_is_a_connection_error(mocked, program):
    mocked.register_uri(program.method, "https://other.example/", status_code=200)
    program.track("a")
    assert program.failed == ["a"]
    assert program.emitter.stats()["last_error"].startswith("NoMockAddress")


def test_a_given_sessions_own_adapter_is_used(kind):
    session, adapter = requests.Session(), requests_mock.Adapter()
    session.mount("mock://", adapter)
    adapter.register_uri("POST", requests_mock.ANY, status_code=200)
    emitter = kind("mock://collector.example", session=session)
    emitter.input({"e": "pv", "page": "é"})
    emitter.sync_flush()
    [request] = adapter.request_history
    assert request.json()["data"][0]["page"] == "é"
