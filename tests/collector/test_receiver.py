"""What browsers and proxies need of the collector: CORS, paths, cookies, addresses, anonymity."""

from __future__ import annotations

import uuid
from http.cookies import SimpleCookie

import pytest

from snowplow_tracker.collector import CollectorServer

TP2 = "/com.snowplowanalytics.snowplow/tp2"
JSON = {"Content-Type": "application/json"}
ORIGIN = "http://shop.example:3000"
NOBODY = "00000000-0000-0000-0000-000000000000"
KNOWN_USER = "6d6f4b3e-3d0b-4d64-9c1e-6f2f4b1f9a10"


@pytest.fixture
def send(collector, session):
    """Sends a request of a given method to a path."""

    def request(method, path=TP2, **options):
        return session.request(method, collector.url + path, timeout=10, **options)

    return request


@pytest.fixture
def last(collector):
    """Returns the newest event's `rawEvent`, good or bad."""

    def raw_event():
        (_, row), *_ = collector.journal.numbered_rows()
        return row.payload.raw_event(row.parameters or {})

    return raw_event


@pytest.fixture(autouse=True)
def forget_cookies(session):
    session.cookies.clear()


@pytest.mark.parametrize("path", [TP2, "/i", "/any/thing", "/", "/health", "/no/such/path"])
def test_any_path_answers_a_preflight(collector, send, path):
    answer = send("OPTIONS", path, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type, SP-Anonymous"
    assert answer.headers["Access-Control-Max-Age"] == "3600"
    assert collector.journal.counts()["total"] == 0


@pytest.mark.parametrize("path", ["/micro/all", "/micro/reset", "/micro/nothing"])
def test_queries_are_for_no_other_origin(send, path):
    for method in ("OPTIONS", "GET"):
        answer = send(method, path, headers={"Origin": "http://127.0.0.1:3000"})
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert send("OPTIONS", path).status_code in (404, 405)


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, ORIGIN), (None, "*"), ("null", "null")])
def test_event_answers_can_be_read_by_pages_of_any_origin(send, event, batch, origin, allowed):
    headers = {"Origin": origin} if origin else {}
    for answer in (
        send("POST", headers={**JSON, **headers}, data=batch(event())),
        send("POST", headers={**JSON, **headers}, data=b"x" * 2_100_000),
        send("GET", "/i", params=event(), headers=headers),
        send("HEAD", "/i", params=event(), headers=headers),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == allowed
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.parametrize("path", ["/i", "/ice.png", TP2, TP2[:-1] + "1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_pixels(collector, send, event, path, method):
    answer = send(method, path, params=event())
    assert answer.headers["Content-Type"] == "image/gif"
    assert answer.headers["Cache-Control"] == "no-cache, no-store, must-revalidate"
    assert answer.content[:6] == (b"GIF89a" if method == "GET" else b"")
    assert collector.journal.counts() == {"total": 1, "good": 1, "bad": 0}


@pytest.mark.parametrize(("method", "answered"), [("POST", b"ok"), ("GET", b"GIF"), ("HEAD", b"")])
def test_a_path_without_adapter_takes_events_and_makes_them_bad(
    collector, session, send, event, batch, method, answered
):
    answer = send(method, "/com.acme/v1", params=event(), headers=JSON, data=batch(event()))
    assert (answer.status_code, answer.content[:3]) == (200, answered)
    filters = {"vendor": "com.acme", "version": "v1"}
    (bad,) = session.post(f"{collector.url}/micro/bad", json=filters, timeout=10).json()
    assert bad["errors"][0].startswith("path: no adapter for com.acme/v1")
    assert bad["collectorPayload"]["api"] == {"vendor": "com.acme", "version": "v1"}


def test_aliases_of_paths(session, event, batch):
    paths = {"/acme/track": TP2, "/acme/click": "/r/tp2"}
    with CollectorServer(paths=paths) as collector:
        url = f"{collector.url}/acme/track"
        session.post(url, data=batch(event()), headers=JSON, timeout=10)
        session.get(url, params=event(), timeout=10)
        session.post(f"{collector.url}{TP2}", data=batch(event()), headers=JSON, timeout=10)
        assert session.options(url, timeout=10).status_code == 200
        assert session.get(f"{collector.url}/acme/click", timeout=10).status_code == 404
        assert collector.journal.counts() == {"total": 3, "good": 3, "bad": 0}
        assert collector.journal.good()[1]["rawEvent"]["api"]["version"] == "tp2"


@pytest.mark.parametrize(
    "paths",
    [{"track": TP2}, {"/track": TP2}, {"/a/b": "x"}, {"/micro/all": TP2}, {"/a/b?c": TP2}],
)
def test_malformed_aliases_are_refused(paths):
    with pytest.raises(ValueError, match=r"^paths: '"):
        CollectorServer(paths=paths)


def test_redirects_are_disabled(collector, send):
    answer = send("GET", "/r/tp2?u=http%3A%2F%2Fevil.example%2F", allow_redirects=False)
    assert answer.status_code == 404
    assert "redirects are disabled" in answer.text
    assert collector.journal.counts()["total"] == 0


def test_an_anonymous_request_leaves_no_trace_of_the_user(send, last, event, batch):
    personal = {
        "SP-Anonymous": "*",
        "X-Forwarded-For": "203.0.113.9",
        "X-Real-IP": "203.0.113.9",
        "Cookie": f"sp={KNOWN_USER}",
    }
    for answer in (
        send("POST", f"{TP2}?nuid={KNOWN_USER}", headers={**JSON, **personal}, data=batch(event())),
        send("GET", "/i", params={**event(), "nuid": KNOWN_USER}, headers=personal),
    ):
        context = last()["context"]
        assert (context["ipAddress"], context["userId"]) == ("unknown", NOBODY)
        names = {header.partition(":")[0] for header in context["headers"]}
        assert "Sp-Anonymous" in names
        assert not names & {"X-Forwarded-For", "X-Real-Ip", "Cookie"}
        cookie = SimpleCookie(answer.headers["Set-Cookie"])["sp"]
        assert (cookie.value, cookie["expires"]) == ("", "Thu, 01 Jan 1970 00:00:00 GMT")


def test_an_anonymous_request_without_the_cookie_gets_none(send, event):
    answer = send("GET", "/i", params=event(), headers={"SP-Anonymous": "*"})
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9 , 10.0.0.1", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("", "127.0.0.1"),
        ("unknown", "127.0.0.1"),
        ("<script>", "127.0.0.1"),
    ],
)
def test_the_address_is_the_first_of_x_forwarded_for(send, last, event, forwarded, address):
    send("GET", "/i", params=event(), headers={"X-Forwarded-For": forwarded})
    assert last()["context"]["ipAddress"] == address


def test_forwarded_headers_can_be_ignored(session, event):
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    with CollectorServer(forwarded=False) as collector:
        answer = session.get(f"{collector.url}/i", params=event(), headers=headers, timeout=10)
        (good,) = collector.journal.good()
        assert good["event"]["user_ipaddress"] == "127.0.0.1"
        assert "Secure" not in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("headers", "attributes"),
    [
        ({}, {"httponly": True, "secure": "", "samesite": "lax"}),
        ({"X-Forwarded-Proto": "https"}, {"httponly": True, "secure": True, "samesite": "none"}),
    ],
)
def test_the_cookie_has_the_attributes_that_a_browser_keeps(send, headers, attributes):
    cookie = SimpleCookie(send("GET", "/i", headers=headers).headers["Set-Cookie"])["sp"]
    assert uuid.UUID(cookie.value)
    assert (cookie["path"], int(cookie["max-age"])) == ("/", 365 * 24 * 3600)
    assert {name: cookie[name] for name in attributes} == attributes


def test_the_host_name_is_without_its_port(send, last, event):
    for host, name in [("[::1]:9090", "::1"), ("[::1]", "::1"), ("a.example:80", "a.example")]:
        send("GET", "/i", params=event(), headers={"Host": host})
        assert last()["source"]["hostname"] == name
