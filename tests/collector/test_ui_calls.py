"""The files of the page, and the calls that only it makes."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from pathlib import Path

import pytest

import snowplow_tracker.collector.ui
from snowplow_tracker._canonical_event import COLUMNS
from snowplow_tracker.collector import CollectorServer, Journal
from snowplow_tracker.collector.checks import judge
from snowplow_tracker.collector.ui.rows import list_rows

STATIC = Path(snowplow_tracker.collector.ui.__file__).with_name("static")
HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def get(collector, session):
    def call(path: str, **options):
        return session.get(collector.url + path, timeout=10, **options)

    return call


@pytest.fixture
def numbers(get):
    """The numbers of the rows that a call returns, counted from the first event of the test."""

    def call(query: str = ""):
        return [row["n"] for row in get(f"/micro/ui/rows?{query}").json()["rows"]]

    return call


def test_the_root_leads_browsers_to_the_page(get):
    answer = get("/", headers=HTML)
    assert [step.status_code for step in answer.history] == [307]
    assert answer.url.endswith("/micro/ui")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert get("/").status_code == 404


def test_a_collector_without_a_page_has_no_stream_and_no_exports_either(session):
    with CollectorServer(page=False) as collector:
        statuses = {
            path: session.get(collector.url + path, headers=HTML, timeout=10).status_code
            for path in ("/", "/micro/ui", "/micro/ui/rows", "/micro/stream", "/micro/all")
        }
    assert statuses.pop("/micro/all") == 200
    assert set(statuses.values()) == {404}


def test_the_page_may_run_only_its_own_script(get):
    for path in ("/micro/ui", "/micro/ui/app.js", "/micro/ui/app.css", "/micro/ui/icon.svg"):
        headers = get(path).headers
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy.pop("require-trusted-types-for") == "'script'"
        assert policy.pop("trusted-types") == "'none'"
        assert {value for name, value in policy.items() if name.endswith("-src")} == {
            "'none'",
            "'self'",
        }
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_nothing_in_the_page_makes_markup_of_text():
    scripts = "\n".join(path.read_text("utf-8") for path in STATIC.glob("*.js"))
    assert "textContent" in scripts
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", scripts)


def test_the_page_weighs_at_most_60_kb():
    assert sum(path.stat().st_size for path in STATIC.iterdir()) <= 60_000


def test_an_unchanged_file_is_not_sent_again(get):
    tag = get("/micro/ui/app.js").headers["ETag"]
    again = get("/micro/ui/app.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert get("/micro/ui/app.js", headers={"If-None-Match": '"x"'}).status_code == 200


def test_rows_are_paged_newest_first(post, batch, event, numbers, get):
    post(batch(*(event(eid=str(uuid.uuid4())) for _ in range(5))))
    last = get("/micro/ui/rows").json()["last"]
    assert numbers() == [last - at for at in range(5)]
    assert numbers("limit=2") == [last, last - 1]
    assert numbers(f"before={last - 1}&limit=2") == [last - 2, last - 3]
    assert numbers(f"after={last - 2}") == [last, last - 1]
    answer = get("/micro/ui/rows?limit=2").json()
    assert (answer["more"], answer["exact"]) == (3, True)
    assert answer["counts"] == {"total": 5, "good": 5, "bad": 0}
    assert answer["times"][0] <= answer["times"][1]


@pytest.mark.parametrize("search", ["", "page_view"])
def test_a_row_that_arrives_meanwhile_is_listed_once(payload, event, search):
    class Busy(Journal):
        def numbered_rows(self, *args, **limits):
            self.add(judge(payload, event()))
            return super().numbered_rows(*args, **limits)

    journal = Busy()
    first = list_rows(journal, search)
    second = list_rows(journal, search, after=first["last"])
    assert [row["n"] for row in second["rows"] + first["rows"]] == [2, 1]


def test_rows_tell_what_was_sent(post, batch, event, unstruct, contexts, get):
    fields = {"ue_pr": unstruct(data={"id": 7, "list": [1]}), "aid": "shop", "url": None}
    post(batch(event(e="ue", co=contexts("iglu:com.acme/user/jsonschema/1-0-0"), **fields)))
    post(batch(event(vid="x", page="Title")))
    bad, good = get("/micro/ui/rows?field=ue.id&field=vid").json()["rows"]
    assert (good["name"], good["app"], good["entities"]) == ("thing 1-0-0", "shop", ["user"])
    assert good["summary"] == [["id", 7]]
    assert good["cells"] == {"ue.id": 7, "vid": None}
    assert (bad["good"], bad["errors"], bad["cells"]["vid"]) == (False, 1, "x")
    assert bad["error"].startswith("vid: ")
    assert bad["summary"] == [["", "/"], ["title", "Title"]]


def test_an_unreadable_request_is_a_row(post, get):
    post(b"no json")
    [row] = get("/micro/ui/rows").json()["rows"]
    assert (row["name"], row["good"], row["eid"]) == ("unreadable request", False, None)


def test_a_search_selects_rows_and_export(post, batch, event, get):
    post(batch(event(aid="a"), event(aid="b", vid="x")))
    for query, apps in (("", ["b", "a"]), ("app_id:b", ["b"]), ("is:good", ["a"])):
        rows = get("/micro/ui/rows", params={"q": query}).json()["rows"]
        lines = get("/micro/ui/export", params={"q": query}).text.splitlines()
        assert [row["app"] for row in rows] == apps
        assert [json.loads(line)["parameters"]["aid"] for line in lines] == apps


@pytest.mark.parametrize(
    "query",
    ["limit=x", "limit=-1", "after=1.5", f"after={'9' * 30}", "before=²", "q=is:x", "before="],
)
def test_a_wrong_query_is_refused_with_the_reason(get, query):
    answer = get(f"/micro/ui/rows?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_wrong_search_is_located(get):
    for call in ("rows", "export"):
        answer = get(f"/micro/ui/{call}", params={"q": "a is:x"})
        assert answer.status_code == 400
        assert (answer.json()["start"], answer.json()["end"]) == (2, 6)


def test_export_as_json(post, batch, event, get):
    assert get("/micro/ui/export?format=json").json() == []
    post(batch(event(aid="a"), event(aid="b")))
    answer = get("/micro/ui/export?format=json")
    assert [entry["event"]["app_id"] for entry in answer.json()] == ["b", "a"]
    assert re.search(r'filename="events-[\d-]+\.json"', answer.headers["Content-Disposition"])
    assert get("/micro/ui/export?format=exe").status_code == 400


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", 'a"b,c\nd', "plain"])
def test_export_as_csv_is_safe_in_a_spreadsheet(post, batch, event, get, text):
    post(batch(event(aid=text, tz="Europe/Berlin")))
    answer = get("/micro/ui/export?format=csv&field=tz")
    [heads, row] = list(csv.reader(io.StringIO(answer.content.decode(), newline="")))
    expected = f"'{text}" if text[0] in "=+-@\t" else text
    assert dict(zip(heads, row, strict=True))["app_id"] == expected
    assert dict(zip(heads, row, strict=True))["tz"] == "Europe/Berlin"


def test_export_as_the_tsv_of_enrichment(post, batch, event, unstruct, get):
    fields = {"e": "ue", "ue_pr": unstruct(data={"a": "x\ty\nz ü"}), "url": None}
    post(batch(event(page="a\tb", f_pdf="1", cookie="0"), event(aid="s\r\n", **fields)))
    post(batch(event(vid="bad")))
    lines = get("/micro/ui/export?format=tsv").content.decode().split("\n")
    assert lines.pop() == ""
    described, view = [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in lines]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", view["collector_tstamp"])
    assert view["dvce_created_tstamp"] == "2026-09-21 14:13:20.000"
    assert (view["page_title"], view["user_id"], view["contexts"]) == ("a b", "", "")
    assert (view["br_features_pdf"], view["br_cookies"]) == ("1", "0")
    assert described["app_id"] == "s  "
    data = json.loads(described["unstruct_event"])["data"]["data"]
    assert data == {"a": "x\ty\nz ü"}
