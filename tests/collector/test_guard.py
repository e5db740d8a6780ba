"""Web pages of others can neither read nor delete the events of the local collector."""

from __future__ import annotations

import pytest

from snowplow_tracker.collector import CollectorServer

CALLS = ["/micro/all", "/micro/good", "/micro/bad", "/micro/reset", "/micro/nothing"]


@pytest.fixture
def ask(collector, session):
    """Calls a path with headers."""

    def get(path, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return session.get(collector.url + path, headers=names, timeout=10)

    return get


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:9090", "localhost.evil.example", "127.0.0.1.evil.example"],
)
def test_a_foreign_host_name_is_refused(ask, path, host):
    answer = ask(path, Host=host)
    assert answer.status_code == 403
    assert f"--allow-host {host.partition(':')[0]}" in answer.text


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:9090", "shop.localhost", "localhost.", "127.0.0.1:1", "10.0.0.7"),
        *("[::1]:9090", "collector", "collector:9090", "host.docker.internal"),
    ],
)
def test_names_that_no_stranger_can_own_are_taken(ask, host):
    assert ask("/micro/all", Host=host).status_code == 200


def test_events_are_taken_at_any_name(ask):
    assert ask("/i?e=pv", Host="collector.acme.example").status_code == 200


def test_further_names_can_be_allowed(session):
    with CollectorServer(allow_hosts=["Dev.Acme.Example"]) as collector:
        for host, status in [("dev.acme.example:80", 200), ("acme.example", 403)]:
            url = f"{collector.url}/micro/all"
            assert session.get(url, headers={"Host": host}, timeout=10).status_code == status


@pytest.mark.parametrize("names", [["a b"], ["a:80"], [""], "a.example"])
def test_malformed_names_are_refused(names):
    with pytest.raises(ValueError, match=r"^allow_hosts: "):
        CollectorServer(allow_hosts=names)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[bad"},
        {"Referer": "https://evil.example/page"},
    ],
)
def test_a_reset_from_another_site_is_refused(collector, ask, headers):
    ask("/i?e=pv")
    assert ask("/micro/reset", **headers).status_code == 403
    assert collector.journal.counts()["total"] == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "same-site", "Origin": "http://127.0.0.1:3000"},
        {"Sec_Fetch_Site": "none", "Sec_Fetch_Mode": "navigate"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Referer": "http://127.0.0.1:3000/page"},
    ],
)
def test_a_reset_of_ones_own_is_done(collector, ask, headers):
    ask("/i?e=pv")
    assert ask("/micro/reset", **headers).status_code == 200
    assert collector.journal.counts()["total"] == 0


def test_a_link_from_another_site_can_be_followed(ask):
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert ask("/micro/good", **link).status_code == 200
    script = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}
    assert ask("/micro/good", **script).status_code == 403
