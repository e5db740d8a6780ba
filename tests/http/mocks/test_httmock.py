"""Programs whose tests use httmock: it replaces `requests.Session.send`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from httmock import HTTMock, all_requests, urlmatch  # type: ignore[import-untyped]

pytestmark = pytest.mark.usefixtures("no_network")


def labels_of(request: Any) -> list[str]:
    if request.method == "GET":
        return parse_qs(urlsplit(request.url).query)["se_la"]
    return [event["se_la"] for event in json.loads(request.body)["data"]]


def test_a_mocked_collector_gets_the_events(program):
    seen = []

    @urlmatch(scheme="https", netloc="collector.example")
    def collector(_url, request):
        seen.extend(labels_of(request))
        return {"status_code": 200}

    with HTTMock(collector):
        program.track("a", "b", "c")
    assert seen == program.sent == ["a", "b", "c"]


@pytest.mark.parametrize(("status", "queued"), [(503, 1), (403, 0)])
def test_a_mocked_failure_is_one(program, status, queued):
    @all_requests
    def collector(_url, _request):
        return {"status_code": status}

    with HTTMock(collector):
        program.track("a")
    assert (program.sent, program.failed) == ([], ["a"])
    assert program.emitter.stats()["queued"] == queued


def test_a_mocked_connection_error_is_a_failed_attempt(program):
    @all_requests
    def collector(_url, _request):
        raise requests.ConnectionError("mine")

    with HTTMock(collector):
        program.track("a")
    assert program.failed == ["a"]
    assert "mine" in program.emitter.stats()["last_error"]
