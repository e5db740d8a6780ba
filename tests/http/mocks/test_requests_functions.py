"""Programs whose tests replace `requests.post` and `requests.get`, or pass a session."""

from __future__ import annotations

import functools
import json
from typing import Any
from unittest import mock

import pytest
import requests

from snowplow_tracker import emitters

pytestmark = pytest.mark.usefixtures("no_network")
TYPE = {"Content-Type": "application/json; charset=utf-8"}


def answer(status: int = 200) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    return response


def target(program: Any) -> str:
    return f"snowplow_tracker.emitters.requests.{program.method}"


@pytest.mark.parametrize("settings", [{}, {"autospec": True}])
def test_a_mock_is_called_as_the_function_would_be(program, settings):
    with mock.patch(target(program), **settings) as patched:
        patched.return_value = answer()
        ids = program.track("a", "b")
    calls = patched.call_args_list
    assert all(call.args == (program.url,) for call in calls)
    if program.method == "post":
        [call] = calls
        assert call.kwargs == {"data": mock.ANY, "headers": TYPE, "timeout": (10, 30)}
        assert [e["eid"] for e in json.loads(call.kwargs["data"])["data"]] == ids
    else:
        assert all(call.kwargs == {"params": mock.ANY, "timeout": (10, 30)} for call in calls)
        assert [call.kwargs["params"]["eid"] for call in calls] == ids
    assert program.sent == ["a", "b"]


@pytest.mark.parametrize("timeout", [5, 2.5, (3, 7), (3, None)])
def test_it_is_called_with_the_timeout_as_given(program, timeout):
    program.emitter.request_timeout = timeout
    with mock.patch(target(program), return_value=answer()) as patched:
        program.track("a")
    assert patched.call_args.kwargs["timeout"] == timeout


@pytest.mark.parametrize(("status", "queued"), [(503, 1), (410, 0)])
def test_a_mocked_failure_is_one(program, status, queued):
    with mock.patch(target(program), return_value=answer(status)):
        program.track("a")
    assert (program.failed, program.emitter.stats()["queued"]) == (["a"], queued)


@pytest.mark.parametrize("error", [requests.ConnectTimeout, OSError("mine"), ValueError("mine")])
def test_a_mock_that_raises_is_a_failed_attempt(program, error):
    with mock.patch(target(program), side_effect=error):
        program.track("a")
    assert (program.failed, program.emitter.stats()["queued"]) == (["a"], 1)


def test_monkeypatch_replaces_them_as_well(program, monkeypatch):
    labels: list[str] = []

    def post(url, data, headers, timeout):
        assert (url, headers, timeout) == (program.post_url, TYPE, (10, 30))
        labels.extend(event["se_la"] for event in json.loads(data)["data"])
        return answer()

    def get(url, params, timeout):
        assert (url, timeout) == (program.get_url, (10, 30))
        labels.append(params["se_la"])
        return answer()

    monkeypatch.setattr(emitters.requests, "post", post)
    monkeypatch.setattr(requests, "get", get)
    program.track("a", "b")
    assert labels == program.sent == ["a", "b"]


def test_a_wrapper_that_looks_like_what_it_wraps_is_called(program, monkeypatch):
    calls = []

    @functools.wraps(getattr(requests, program.method))
    def counting(*arguments, **_):
        calls.append(arguments)
        return answer()

    monkeypatch.setattr(requests, program.method, counting)
    program.track("a")
    assert calls == [(program.url,)]


def test_an_emitter_made_under_a_patch_is_free_of_it_afterwards(kind, program):
    with mock.patch(target(program), return_value=answer()) as patched:
        emitter = kind("collector.example", "https", method=program.method, batch_size=1)
    emitter.max_retry_delay_seconds = 1000
    with mock.patch.object(requests.Session, "send", return_value=answer()) as send:
        emitter.input({"e": "pv"})
        emitter.sync_flush()
    assert (patched.call_count, send.call_count) == (0, 1)


def test_a_given_session_goes_before_a_patched_function(kind, method):
    session = mock.Mock(spec=["post", "get"])
    getattr(session, method).return_value = answer()
    emitter = kind("collector.example", "https", method=method, session=session)
    with mock.patch(f"snowplow_tracker.emitters.requests.{method}") as patched:
        emitter.input({"e": "pv"})
        emitter.sync_flush()
    assert not patched.called
    [call] = getattr(session, method).call_args_list
    assert set(call.kwargs) == (
        {"data", "headers", "timeout"} if method == "post" else {"params", "timeout"}
    )


def test_hooks_of_a_given_session_run(kind, method):
    statuses = []
    session = requests.Session()
    session.hooks["response"].append(lambda response, **_: statuses.append(response.status_code))
    emitter = kind("collector.example", "https", method=method, session=session)
    with mock.patch.object(requests.adapters.HTTPAdapter, "send", return_value=answer(201)) as send:
        emitter.input({"e": "pv"})
        emitter.sync_flush()
    assert (statuses, send.call_count) == ([201], 1)
