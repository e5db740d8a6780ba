"""The user and page of a request, from headers that are text of the client."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.conftest import BROWSER, SESSION, USER

from snowplow_tracker.web._handling import Response, is_page
from snowplow_tracker.web._request import Request, ip_of, quote_escaped, quote_path
from snowplow_tracker.web.wsgi import request_of


def request(peer: str | None = "10.0.0.1", **headers: str) -> Request:
    named = {name.lower().replace("_", "-"): value for name, value in headers.items()}
    return Request("GET", "http", "localhost:8000", "/a", "b=1", peer, named)


def fields(one: Request, trust_forwarded: int = 0) -> dict[str, str | int]:
    return one.fields(trust_forwarded, cookie_prefix="_sp_", collector_cookie="sp")


def test_the_fields_of_a_browser():
    headers = {name.replace("-", "_"): value for name, value in BROWSER.items()}
    assert fields(request(**headers)) == {
        "ip": "10.0.0.1",
        "ua": "Mozilla/5.0",
        "lang": "en-GB",
        "duid": USER,
        "vid": 3,
        "sid": SESSION,
    }


def test_a_request_without_headers_has_only_an_address():
    assert fields(request()) == {"ip": "10.0.0.1"}
    assert fields(request(peer=None)) == {}


def test_a_long_user_agent_is_cut():
    assert fields(request(user_agent="x" * 5_000))["ua"] == "x" * 1_000


@pytest.mark.parametrize(
    ("header", "language"),
    [("de", "de"), ("zh-Hant-TW;q=0.8, en", "zh-Hant-TW"), ("*", None), ("", None), ("<x>", None)],
)
def test_the_first_language(header, language):
    assert request(accept_language=header).language() == language


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7:4711 ", "203.0.113.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unix:", None),
        ("testclient", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_has_no_port_brackets_or_zone(text, address):
    assert ip_of(text) == address


@pytest.mark.parametrize(
    ("trust_forwarded", "header", "address"),
    [
        (0, "203.0.113.7", "10.0.0.1"),
        (1, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (2, "198.51.100.1, 203.0.113.7,10.0.0.2", "203.0.113.7"),
        (2, "203.0.113.7", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "203.0.113.7, unknown", None),
    ],
)
def test_only_entries_of_trusted_proxies_count(trust_forwarded, header, address):
    assert request(x_forwarded_for=header).address(trust_forwarded) == address


@pytest.mark.parametrize(
    ("trust_forwarded", "header", "scheme"),
    [
        (0, "https", "http"),
        (1, "https", "https"),
        (2, "https", "https"),
        (1, "x", "http"),
        (1, "http, HTTPS", "https"),
        (2, "https, http", "https"),
        (1, "", "http"),
    ],
)
def test_the_scheme_is_that_of_trusted_proxies(trust_forwarded, header, scheme):
    one = request(x_forwarded_proto=header, host="shop.example")
    assert one.page(trust_forwarded).url == f"{scheme}://shop.example/a?b=1"


@pytest.mark.parametrize("host", ["", "a b", "x/../", "evil<script>", "a:b:c", "user@shop"])
def test_a_malformed_host_is_replaced_by_that_of_the_server(host):
    assert request(host=host).page(0).url == "http://localhost:8000/a?b=1"


def test_a_page_of_an_address():
    assert request(host="[::1]:8000").page(0).url == "http://[::1]:8000/a?b=1"


@pytest.mark.parametrize(
    ("header", "referrer"),
    [
        ("https://example.org/x?y=1", "https://example.org/x?y=1"),
        ("android-app://com.example", "android-app://com.example"),
        ("javascript:alert(1)", None),
        ("about:blank", None),
        ("https://example.org/a b", None),
        ("https://example.org/" + "x" * 5_000, None),
        ("", None),
    ],
)
def test_a_referrer_is_a_url(header, referrer):
    assert request(referer=header).page(0).referrer == referrer


def test_paths_are_escaped_once():
    assert quote_path("/ä b%20") == "/%C3%A4%20b%2520"
    assert quote_path("/ä".encode().decode("latin-1"), "latin-1") == "/%C3%A4"
    assert quote_escaped("/%C3%A4 \xe4") == "/%C3%A4%20%E4"


def test_the_page_of_an_environ():
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/shop",
        "PATH_INFO": "/\xc3\xa4",
        "QUERY_STRING": "a=%20 b",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
    }
    assert request_of(environ).page(0).url == "http://localhost:8000/shop/%C3%A4?a=%20%20b"
    assert request_of({"REQUEST_METHOD": "GET"}).page(0).url == "http://localhost/"


@given(st.dictionaries(st.sampled_from([*BROWSER, "X-Forwarded-For", "Host"]), st.text()))
def test_no_header_raises(headers):
    one = request(**{name.replace("-", "_"): value for name, value in headers.items()})
    for trust_forwarded in range(3):
        fields(one, trust_forwarded)
        one.page(trust_forwarded)


PAGE = Response(200, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("one", "response", "expected"),
    [
        (request(), PAGE, True),
        (request(), Response(302, "Text/HTML"), True),
        (request(), Response(404, "text/html"), False),
        (request(), Response(500, "text/html"), False),
        (request(), Response(200, "application/json"), False),
        (request(), Response(200, ""), False),
        (request()._replace(method="HEAD"), PAGE, False),
        (request()._replace(method="POST"), PAGE, False),
        (request()._replace(path="/healthz/"), PAGE, False),
        (request(sec_purpose="prefetch;prerender"), PAGE, False),
        (request(purpose="prefetch"), PAGE, False),
    ],
)
def test_which_responses_are_pages(one, response, expected):
    assert is_page(one, response) == expected
