"""The collector validates data with schemas, and says why data is bad."""

from __future__ import annotations

import json
import threading
from typing import Any

import jsonschema
import pytest
import requests
from tests.iglu.schemas import URI, schema, write

from snowplow_tracker.collector import CollectorServer
from snowplow_tracker.collector.__main__ import main
from snowplow_tracker.collector.schemas import schemas_of
from snowplow_tracker.iglu import FolderRegistry, HttpRegistry, MemoryRegistry, Resolver

STANDARD = "iglu:com.snowplowanalytics.snowplow"
RULES = {
    "type": "object",
    "properties": {"price": {"type": "number"}},
    "required": ["price"],
    "additionalProperties": False,
}


@pytest.fixture
def envelopes(event):
    """Makes a self-describing event, with entities, of pairs of URI and data."""

    def make(*described: tuple[str, Any], **changes: Any) -> dict[str, Any]:
        items = [{"schema": uri, "data": data} for uri, data in described]
        ue = {"schema": f"{STANDARD}/unstruct_event/jsonschema/1-0-0", "data": items[0]}
        contexts = {"schema": f"{STANDARD}/contexts/jsonschema/1-0-1", "data": items[1:]}
        co = json.dumps(contexts) if items[1:] else None
        made: dict[str, Any] = event(**{"e": "ue", "ue_pr": json.dumps(ue), "co": co, **changes})
        return made

    return make


@pytest.fixture
def judged(tmp_path, batch):
    """Posts events to a collector whose schemas are in `tmp_path`; returns its journal."""
    with CollectorServer(schemas=tmp_path) as server, requests.Session() as session:

        def send(*events: Any) -> Any:
            server.reset()
            post(session, server, batch(*events))
            return server.journal

        send.server = server  # type: ignore[attr-defined]
        yield send


def post(session: requests.Session, server: CollectorServer, body: bytes) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    url = f"{server.url}/com.snowplowanalytics.snowplow/tp2"
    assert session.post(url, data=body, headers=headers, timeout=20).status_code == 200


def test_data_that_fits_its_schema_is_good(tmp_path, judged, envelopes):
    write(tmp_path, schema(RULES), "com.acme/order/jsonschema/1-0-0")
    click = (f"{STANDARD}/link_click/jsonschema/1-0-1", {"targetUrl": "x"})
    journal = judged(envelopes((URI, {"price": 1}), click))
    assert journal.counts() == {"total": 1, "good": 1, "bad": 0}


def test_each_violation_of_event_and_entities_is_reported(tmp_path, judged, envelopes):
    write(tmp_path, schema(RULES), "com.acme/order/jsonschema/1-0-0")
    click = (f"{STANDARD}/link_click/jsonschema/1-0-1", {"targetURL": "x"})
    journal = judged(envelopes((URI, {"price": "1"}), (URI, {"price": 1}), click, dtm="x"))
    [bad] = journal.bad()
    assert bad["errors"] == [
        "dtm: not an integer number of milliseconds: 'x'",
        "unstruct: order 1-0-0: $.price: string found, number expected",
        (
            "contexts: link_click 1-0-1: $.targetUrl: is missing but it is required;"
            " $.targetURL: is not defined in the schema and the schema does not allow additional"
            ' properties (did you mean "targetUrl" by "targetURL"?)'
        ),
    ]


def test_the_bad_row_is_that_of_snowplow(tmp_path, judged, envelopes):
    write(tmp_path, schema(RULES), "com.acme/order/jsonschema/1-0-0")
    sent = envelopes((URI, {"price": "1"}), dtm="x", aid="shop", tr_tt="1.5", f_pdf="1")
    judged(sent)
    [entry] = requests.get(f"{judged.server.url}/micro/bad", timeout=10).json()
    assert len(entry["errors"]) == 3
    row = json.loads(entry["errors"][-1])
    assert row["schema"].endswith(".badrows/schema_violations/jsonschema/2-0-0")
    assert list(row["data"]) == ["processor", "failure", "payload"]
    report = {
        "message": "$.price: string found, number expected",
        "path": "$.price",
        "keyword": "type",
        "targets": ["string", "number"],
    }
    # The limits of fields count only if the data fits.
    assert row["data"]["failure"]["messages"] == [
        {"schemaKey": URI, "error": {"error": "ValidationError", "dataReports": [report]}}
    ]
    enriched, raw = row["data"]["payload"]["enriched"], row["data"]["payload"]["raw"]
    assert len(enriched) == 131
    assert (enriched["app_id"], enriched["tr_total"], enriched["br_features_pdf"]) == (
        "shop",
        "1.5",
        1,
    )
    assert enriched["dvce_created_tstamp"] is None
    assert json.loads(enriched["unstruct_event"])["data"]["data"] == {"price": "1"}
    jsonschema.validate(
        enriched["collector_tstamp"], {"pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$"}
    )
    assert {"name": "dtm", "value": "x"} in raw["parameters"]
    assert raw["vendor"] == "com.snowplowanalytics.snowplow"
    assert {*raw} == {
        *("vendor", "version", "parameters", "contentType", "loaderName", "encoding", "hostname"),
        *("timestamp", "ipAddress", "useragent", "refererUri", "headers", "userId"),
    }


def messages(server: CollectorServer) -> list[dict[str, Any]]:
    [entry] = requests.get(f"{server.url}/micro/bad", timeout=10).json()
    found: list[dict[str, Any]] = json.loads(entry["errors"][-1])["data"]["failure"]["messages"]
    return found


def test_bad_rows_of_other_faults(judged, event):
    judged(event(e="ue", ue_pr="{"))
    [message] = messages(judged.server)
    assert (message["field"], message["value"]) == ("ue_pr", "{")
    assert "not JSON" in message["error"]
    judged(event(page="x" * 2001, dtm="x"))
    [message] = messages(judged.server)
    assert message["schemaKey"] == f"{STANDARD}/atomic/jsonschema/1-0-0"
    assert {(r["path"], r["keyword"]) for r in message["error"]["dataReports"]} == {
        ("dtm", "atomic_field_parse_error"),
        ("page", "atomic_field_length_exceeded"),
    }
    judged(event(unknown="x"))
    [entry] = requests.get(f"{judged.server.url}/micro/bad", timeout=10).json()
    assert "unknown: unknown key" in entry["errors"]
    assert "/tracker_protocol_violations/" in json.loads(entry["errors"][-1])["schema"]
    judged("no event")
    [entry] = requests.get(f"{judged.server.url}/micro/bad", timeout=10).json()
    row = json.loads(entry["errors"][-1])
    assert row["schema"].endswith("/tracker_protocol_violations/jsonschema/1-0-0")
    assert row["data"]["failure"]["messages"][0]["field"] == "event"


UNSTRUCT = f"{STANDARD}/unstruct_event/jsonschema/1-0-0"
CONTEXTS = f"{STANDARD}/contexts/jsonschema/1-0-1"
ITEM = {"schema": "iglu:a/b/jsonschema/0-0-1", "data": {}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"e": "ue", "ue_pr": {"schema": CONTEXTS, "data": []}},
            {
                "schemaKey": CONTEXTS,
                "schemaCriterion": f"{STANDARD}/unstruct_event/jsonschema/1-0-*",
            },
        ),
        (
            {"e": "ue", "ue_pr": {"schema": UNSTRUCT, "data": ITEM}},
            {"json": ITEM, "error": "INVALID_IGLUURI"},
        ),
        (
            {"co": {"schema": CONTEXTS, "data": [{"schema": URI}]}},
            {"json": {"schema": URI}, "error": "INVALID_DATA_PAYLOAD"},
        ),
        (
            {"co": {"schema": CONTEXTS, "data": 5}},
            {"json": {"schema": CONTEXTS, "data": 5}, "error": "INVALID_DATA_PAYLOAD"},
        ),
        ({"co": []}, {"json": [], "error": "INVALID_DATA_PAYLOAD"}),
    ],
)
def test_bad_rows_of_envelopes(judged, event, fields, expected):
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}
    judged(event(**texts))
    assert messages(judged.server) == [expected]


def test_a_schema_that_is_not_found_is_bad_if_schemas_are_given(judged, envelopes):
    [bad] = judged(envelopes((URI, {}))).bad()
    assert bad["errors"] == ["unstruct: order 1-0-0: Resolution error: schema URI not found"]
    [message] = messages(judged.server)
    history = message["error"]["lookupHistory"]
    assert [entry["errors"] for entry in history] == [[{"error": "NotFound"}]] * 2
    assert history[1]["repository"] == "Standard schemas"


@pytest.mark.parametrize(
    ("settings", "is_good"),
    [
        ({}, True),
        ({"unknown_schemas": "bad"}, False),
        ({"schemas": []}, False),
        ({"schemas": [], "unknown_schemas": "good"}, True),
        ({"schemas": Resolver([MemoryRegistry()])}, False),
    ],
)
def test_what_becomes_of_unknown_schemas(settings, is_good, batch, envelopes):
    lines: list[str] = []
    with CollectorServer(report=lines.append, **settings) as server, requests.Session() as session:
        post(session, server, batch(envelopes((URI, {}))))
        assert server.journal.counts()["good"] == is_good
    assert ("schema?" in lines[0]) == is_good


def test_by_default_data_of_standard_schemas_is_validated(batch, envelopes):
    with CollectorServer() as server, requests.Session() as session:
        post(session, server, batch(envelopes((f"{STANDARD}/link_click/jsonschema/1-0-1", {}))))
        [bad] = server.journal.bad()
    assert "is missing but it is required" in bad["errors"][0]


def test_a_file_that_is_edited_counts_at_the_next_event(tmp_path, judged, envelopes):
    path = "com.acme/order/jsonschema/1-0-0"
    file = write(tmp_path, schema(RULES), path)
    sent = envelopes((URI, {"price": "1"}))
    assert judged(sent).counts()["bad"] == 1
    write(tmp_path, schema({"type": "object"}), path)
    assert judged(sent).counts()["good"] == 1
    file.unlink()
    assert judged(sent).counts()["bad"] == 1


def test_broken_files_do_not_keep_the_collector_from_starting(tmp_path, envelopes, batch):
    write(tmp_path, "{", "schemas/com.acme/a/jsonschema/1-0-0")
    write(tmp_path, schema({}), "schemas/com.acme/b/jsonschema/1-0-0")
    usual = {**schema({}, name="c"), "$schema": "http://json-schema.org/draft-04/schema#"}
    write(tmp_path, usual)
    write(tmp_path, schema(RULES))
    with CollectorServer(schemas=[tmp_path, tmp_path / "no"]) as server:
        found = requests.get(f"{server.url}/micro/iglu", timeout=10).json()
        problems = server.schema_problems()
        with requests.Session() as session:
            post(session, server, batch(envelopes((URI, {"price": 1}))))
        assert server.journal.counts()["good"] == 1
    assert found["problems"] == problems
    broken, wrong_self, wrong_draft, missing = problems
    assert broken.startswith(f"{tmp_path}/schemas/com.acme/a/jsonschema/1-0-0: not JSON: ")
    assert wrong_self.endswith(
        'its "self" is com.acme/order/jsonschema/1-0-0; correct it, or rename the file'
    )
    assert "Unknown MetaSchema: http://json-schema.org/draft-04/schema#; use http" in wrong_draft
    assert missing == f"{tmp_path}/no: no such folder; give one that contains schemas/"
    assert URI in found["schemas"]
    assert found["unknownSchemas"] == "bad"


def test_schemas_can_be_read(tmp_path, judged):
    write(tmp_path, schema(RULES), "com.acme/order/jsonschema/1-0-0")
    base = f"{judged.server.url}/micro/iglu"
    answer = requests.get(f"{base}/com.acme/order/jsonschema/1-0-0", timeout=10)
    assert (answer.status_code, answer.json()) == (200, schema(RULES))
    answer = requests.get(f"{base}/com.acme/order/jsonschema/1-0-1", timeout=10)
    assert answer.status_code == 404
    [standard] = [one for name, one in answer.json()["value"].items() if name == "Standard schemas"]
    assert standard.pop("lastAttempt")
    assert standard == {"errors": [{"error": "NotFound"}], "attempts": 1}
    answer = requests.get(f"{base}/com.acme/order/jsonschema/x", timeout=10)
    assert (answer.status_code, answer.text[:8]) == (404, "schema: ")
    assert requests.get(f"{base}/com.acme", timeout=10).status_code == 404


class Blocking(MemoryRegistry):
    """A local registry that does not answer until a test says so."""

    entered = threading.Event()
    may_answer = threading.Event()

    def lookup(self, key: Any) -> Any:
        self.entered.set()
        assert self.may_answer.wait(20)
        return super().lookup(key)


class Remote(Blocking):
    stamp = None  # type: ignore[assignment]


@pytest.mark.parametrize(("kind", "count"), [(Blocking, 500), (Remote, 1)])
def test_other_requests_are_answered_while_data_is_validated(kind, count, batch, envelopes):
    kind.entered, kind.may_answer = threading.Event(), threading.Event()
    resolver = Resolver([kind([schema(RULES)])])
    with CollectorServer(schemas=resolver) as server, requests.Session() as session:
        body = batch(*[envelopes((URI, {"price": i})) for i in range(count)])
        sender = threading.Thread(target=post, args=(session, server, body))
        sender.start()
        try:
            assert kind.entered.wait(20)
            assert requests.get(f"{server.url}/health", timeout=10).text == "OK"
        finally:
            kind.may_answer.set()
            sender.join()
        assert server.journal.counts() == {"total": count, "good": count, "bad": 0}


def test_failures_count_as_memory(judged, envelopes):
    large = judged(envelopes((URI, {"a": "x" * 10_000}))).bad_rows()[0].size()
    small = judged(envelopes((URI, {"a": "x"}))).bad_rows()[0].size()
    assert large > small + 20_000


def test_the_arguments_and_the_environment_name_schemas(tmp_path):
    (tmp_path / "a").mkdir()
    config = tmp_path / "resolver.json"
    uri = "iglu:com.snowplowanalytics.iglu/resolver-config/jsonschema/1-0-1"
    config.write_text(json.dumps({"schema": uri, "data": {"cacheSize": 1, "repositories": []}}))
    assert schemas_of([], None, {}) is None
    environment = {
        "SNOWPLOW_SCHEMAS": f"{tmp_path / 'b'}{__import__('os').pathsep}{tmp_path / 'c'}",
        "MICRO_IGLU_REGISTRY_URL": "https://user:secret@iglu.example/api",
        "MICRO_IGLU_API_KEY": "key",
    }
    resolver = schemas_of([str(tmp_path / "a")], str(config), environment)
    assert resolver is not None
    folders = [one for one in resolver.registries if isinstance(one, FolderRegistry)]
    assert [folder.path.name for folder in folders] == ["a", "b", "c"]
    [server] = [one for one in resolver.registries if isinstance(one, HttpRegistry)]
    assert (server.name, server.priority) == ("Custom (https://iglu.example/api)", 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not JSON: "),
        ('{"schema": "x", "data": {}}', "schema: not iglu:"),
        (None, "no such file"),
    ],
)
def test_a_resolver_file_that_cannot_be_used_ends_the_command(tmp_path, capsys, content, reason):
    file = tmp_path / "resolver.json"
    if content is not None:
        file.write_text(content)
    assert main(["--port", "0", "--iglu", str(file)]) == 2
    assert f"error: {file}: {reason}" in capsys.readouterr().err


def test_a_wrong_word_for_unknown_schemas():
    with pytest.raises(ValueError, match="unknown_schemas: 'maybe' is not one of good, bad"):
        CollectorServer(unknown_schemas="maybe")
