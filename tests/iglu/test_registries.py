"""Folders and HTTP servers as registries."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.iglu.schemas import URI, schema, write

from snowplow_tracker.iglu import (
    FolderRegistry,
    HttpRegistry,
    MemoryRegistry,
    NotARegistryError,
    RegistryError,
    SchemaKey,
)

KEY = SchemaKey.parse(URI)
FILE = "schemas/com.acme/order/jsonschema/1-0-0"


@pytest.mark.parametrize("base", ["", "schemas"])
@pytest.mark.parametrize("ending", ["", ".json"])
def test_a_static_folder(tmp_path, base, ending):
    write(tmp_path, json.dumps(schema({})), FILE + ending)
    write(tmp_path, "x", "schemas/.git/a/b/c")
    registry = FolderRegistry(tmp_path / base)
    assert registry.lookup(KEY) == schema({})
    assert registry.lookup(KEY.with_version("1-0-1")) is None
    assert list(registry.list()) == [KEY]


def test_a_folder_of_snowplow_cli(tmp_path):
    structure = {
        "apiVersion": "v1",
        "resourceType": "data-structure",
        "meta": {"hidden": False, "schemaType": "event", "customData": {}},
        "data": schema({"title": "x"}),
    }
    write(tmp_path, json.dumps(structure), "data-structures/com.acme/order.json")
    write(tmp_path, "{}", "data-structures/com.acme/other.json")
    for base in ("", "data-structures"):
        registry = FolderRegistry(tmp_path / base)
        assert registry.lookup(KEY) == schema({"title": "x"})
        assert registry.lookup(KEY.with_version("1-0-1")) is None
        assert list(registry.list()) == [KEY]
    with pytest.raises(RegistryError, match="not a data structure of snowplow-cli"):
        registry.lookup(KEY._replace(name="other"))


def test_yaml_needs_a_package(tmp_path, monkeypatch):
    write(tmp_path, "a: 1", "data-structures/com.acme/order.yaml")
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    with pytest.raises(RegistryError, match=r"order\.yaml: YAML needs PyYAML: pip install pyyaml"):
        FolderRegistry(tmp_path).lookup(KEY)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "1-0-0: not JSON: "),
        ("[]", "a schema must be a JSON object"),
        ('{"type": "object"}', 'needs "self" with vendor, name, format and version'),
        (json.dumps(schema({}, "1-0-1")), 'its "self" is com.acme/order/jsonschema/1-0-1'),
        ("[" * 100_000, "nested too deeply|not JSON"),
        ('"\xff', "not JSON"),
    ],
)
def test_a_file_that_is_no_schema_is_an_error_not_missing(tmp_path, content, reason):
    file = write(tmp_path, "", FILE)
    file.write_bytes(content.encode("latin-1"))
    registry = FolderRegistry(tmp_path)
    with pytest.raises(RegistryError, match=reason) as caught:
        registry.lookup(KEY)
    assert caught.value.to_json()["error"] == "RepoFailure"
    assert list(registry.list()) == []


@pytest.mark.parametrize("path", ["no", "file"])
def test_what_is_no_folder(tmp_path, path):
    write(tmp_path, "", "file")
    with pytest.raises(NotARegistryError, match=f"{path}: no such folder; give one that contains"):
        FolderRegistry(tmp_path / path)


def test_a_vendor_cannot_leave_the_folder(tmp_path):
    outside = schema({})
    outside["self"]["vendor"] = ".."
    write(tmp_path, json.dumps(outside), "order/jsonschema/1-0-0")
    (tmp_path / "schemas").mkdir()
    assert FolderRegistry(tmp_path).lookup(SchemaKey("..", *KEY[1:])) is None


def test_schemas_of_the_program():
    registry = MemoryRegistry([schema({"title": "1"})])
    before = registry.stamp(KEY)
    registry.add(schema({"title": "2"}))
    assert registry.lookup(KEY) == schema({"title": "2"})
    assert registry.stamp(KEY) != before
    with pytest.raises(ValueError, match='needs "self"'):
        registry.add({})


@contextmanager
def server(status: int, body: bytes, stays_silent: bool = False):
    requests: list[tuple[str, str | None]] = []
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append((self.path, self.headers["apikey"]))
            if stays_silent:
                stop.wait(10)
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}", requests
    finally:
        stop.set()
        running.shutdown()
        thread.join()
        running.server_close()


def test_a_schema_from_a_server():
    with server(200, json.dumps(schema({})).encode()) as (url, requests):
        registry = HttpRegistry(f"{url}/api/", "secret", "server")
        assert registry.lookup(KEY) == schema({})
        assert requests == [("/api/schemas/com.acme/order/jsonschema/1-0-0", "secret")]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, b"", None),
        (500, b"broken", {"error": "RepoFailure", "message": "Unexpected server response: broken"}),
        (401, b"", {"error": "ClientFailure", "message": "Unexpected response code: 401"}),
        (200, b"[]", {"error": "ClientFailure", "message": "a schema must be a JSON object"}),
        (
            200,
            b"<html>",
            {
                "error": "ClientFailure",
                "message": "not JSON: Expecting value: line 1 column 1 (char 0)",
            },
        ),
    ],
)
def test_other_answers_of_a_server(status, body, error):
    with server(status, body) as (url, _):
        registry = HttpRegistry(url)
        if error is None:
            assert registry.lookup(KEY) is None
            return
        with pytest.raises(RegistryError) as caught:
            registry.lookup(KEY)
        assert caught.value.to_json() == error


def test_a_server_that_does_not_answer():
    with server(200, b"", stays_silent=True) as (url, _):
        with pytest.raises(RegistryError, match="Timeout") as caught:
            HttpRegistry(url, timeout=(1, 0.05)).lookup(KEY)
        assert caught.value.kind == "RepoFailure"
    with pytest.raises(RegistryError, match="Error"):
        HttpRegistry(url).lookup(KEY)


def test_a_password_is_not_part_of_the_name():
    assert HttpRegistry("https://user:secret@a.example/api").name == "https://a.example/api"
    with pytest.raises(ValueError, match="must begin with http:// or https://"):
        HttpRegistry("a.example")
