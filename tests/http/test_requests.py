"""Features of `requests`: proxies, certificates and netrc, for both methods."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
import requests
from requests.adapters import HTTPAdapter

from snowplow_tracker import AsyncEmitter, Emitter, Tracker

KINDS = [Emitter, AsyncEmitter]
METHODS = ["post", "get"]
TYPE = "application/json; charset=utf-8"


def send_one(emitter: Emitter, track: Any) -> None:
    track(Tracker("ns", emitter), "a")
    emitter.sync_flush()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_a_proxy_of_the_environment_is_gone_through(server, track, monkeypatch, kind, method):
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", server.url)
    emitter = kind("collector.example", "http", method=method)
    send_one(emitter, track)
    [request] = server.requests
    assert request.target.startswith("http://collector.example/")
    assert emitter.stats()["sent"] == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_netrc_authenticates(server, track, monkeypatch, tmp_path, method):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login shop password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    send_one(Emitter(server.url, method=method, batch_size=1), track)
    assert server.requests[0].headers["authorization"].startswith("Basic ")


def sent_with(emitter: Emitter, track: Any) -> Any:
    answer = requests.Response()
    answer.status_code = 200
    with mock.patch.object(HTTPAdapter, "send", return_value=answer) as send:
        send_one(emitter, track)
    return send.call_args.kwargs


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_certificates_are_verified_with_those_of_the_environment(
    track, monkeypatch, tmp_path, kind, method
):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    emitter = kind("collector.example", "https", method=method)
    assert sent_with(emitter, track)["verify"] is True
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    assert sent_with(emitter, track)["verify"] == str(bundle)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("step", "status"), [(200, 200), (204, 204), (503, 503), ("cut", -1)])
def test_both_methods_called_directly_return_the_status(server, kind, step, status):
    server.otherwise = step
    emitter = kind(server.url)
    assert emitter.http_post('{"é": 1}') == status
    emitter.endpoint = emitter.as_collector_uri(server.url, method="get")
    assert emitter.http_get({"e": "pv", "page": "é"}) == status
    posted, *_, got = server.requests
    assert (posted.body, posted.headers["content-type"]) == ('{"é": 1}'.encode(), TYPE)
    assert got.target == "/i?e=pv&page=%C3%A9"


def test_which_statuses_are_good():
    statuses = (-1, 0, 199, 200, 204, 299, 300, 404, 500)
    assert [status for status in statuses if Emitter.is_good_status_code(status)] == [200, 204, 299]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_send_events_called_directly_sends_here_and_now(server, kind, method):
    calls: list[Any] = []
    emitter = kind(server.url, method=method, on_success=calls.append)
    events: list[dict[str, Any]] = [{"e": "pv", "n": 1}, {"e": "pp"}]
    emitter.send_events(events)
    assert calls == [events]
    assert all(int(event["stm"]) > 0 for event in events)
    assert len(server.requests) == (1 if method == "post" else 2)


class Fake:
    """A session that is no session: it answers itself."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def post(self, _url: str, **_: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    get = post


class Status:
    def __init__(self, status_code: int) -> None:
        self.status_code = status_code


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        *((Status(200), "sent"), (Status(503), "queued"), (Status(403), "rejected")),
        *((requests.ConnectTimeout(), "queued"), (RuntimeError("mine"), "queued")),
        *((None, "queued"), (object(), "queued")),
    ],
)
def test_a_session_may_answer_with_anything(track, kind, method, answer, outcome):
    emitter = kind("collector.example", method=method, session=Fake(answer), protocol="https")
    emitter.max_retry_delay_seconds = 1000
    send_one(emitter, track)
    assert emitter.stats()[outcome] == 1
    emitter.buffer.clear()
