"""What is read, and where references lead."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.clients.openapi.documents import document, json_body, operation
from tests.clients.openapi.service import client, serving

from toolyard import CallContext, ConfigError
from toolyard.clients.openapi import reading
from toolyard.clients.openapi.reading import read_document

NODE = {"$ref": "#/components/schemas/Node"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no table"),
        (b"[1]", "no table"),
        (b"just text", "no table"),
        (b"{", "not valid JSON at line 1"),
        (b'{"a": 1,\n"a": 2}', "'a' is there twice"),
        (
            b"{" + b"".join(b'"%d":1,' % n for n in range(50_000)) + b'"49999":1}',
            "'49999' is there",
        ),
        (b'{"a": NaN}', "no end"),
        (b'{"a": -Infinity}', "no end"),
        (b'{"a": 1e999}', "no end"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too long"),
        (b'{"a": ' * 200 + b"1" + b"}" * 200, "nested over 100"),
        (b"\xff\xfe{\x00}\x00", "UTF-8"),
        (b"{\0" + b"[" * 300, "UTF-8"),
        (b"x" * (reading.MAX_BYTES + 1), "over 16777216 bytes"),
        (b'{"a": [' + b"1," * 2_000_001 + b"1]}", "over 2000000 values"),
    ],
    ids=range(15),
)
def test_a_text_that_is_no_document_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        read_document(content, "'x.json'")
    assert "The document 'x.json'" in str(raised.value)


def test_yaml_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "toolyard.clients.openapi.yaml_text", raising=False)
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ConfigError, match=r"toolyard\[openapi\]"):
        read_document(b"openapi: 3.0.0", "x")
    assert read_document(b'\xef\xbb\xbf {"a": 1}', "x") == {"a": 1}


@pytest.mark.parametrize(
    ("root", "message"),
    [
        ({"swagger": "2.0", "paths": {}}, "Swagger 2.0"),
        ({}, "OpenAPI 3.0 or 3.1"),
        ({"openapi": "4.0.0", "paths": {}}, "'4.0.0'"),
        ({"openapi": ["3.0"], "paths": {}}, "OpenAPI 3.0 or 3.1"),
        ({"openapi": "3.0.0", "servers": [{"url": "http://a.example"}]}, "no paths"),
        ({"openapi": "3.0.0", "servers": [{"url": "http://a.example"}], "paths": []}, "no paths"),
        (document({}), "No operation"),
        (document({"/a": {"trace": operation()}}), "No operation"),
        ({"a": {1, 2}}, "JSON cannot"),
        ({"a": float("nan")}, "JSON cannot"),
    ],
    ids=range(10),
)
async def test_what_is_no_openapi_3_is_refused(root: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        async with client(root):
            pass


async def test_a_document_in_a_circle_is_refused() -> None:
    root: dict[str, Any] = document({})
    root["paths"]["/a"] = root
    with pytest.raises(ConfigError, match="JSON cannot"):
        async with client(root):
            pass


async def test_every_kind_of_reference_is_followed() -> None:
    root = document(
        {
            "/a": {"$ref": "#/x-items/~1a"},
            "/b": {"post": operation({"$ref": "#/components/parameters/P"}, operationId="b")},
        },
        components={
            "parameters": {"P": {"$ref": "#/components/parameters/Q"}, "Q": {
                "name": "q", "in": "query", "schema": {"$ref": "#/x-shapes/1/deep%20er"}}},
        },
    )  # fmt: skip
    root["x-items"] = {"/a": {"get": operation(operationId="a")}}
    root["x-shapes"] = [{}, {"deep er": {"type": "integer"}}]
    async with serving(root) as service:
        tools = await service.tools()
    assert tools["b"].input_schema["$defs"] == {"deep_20er": {"type": "integer"}}
    assert list(tools) == ["a", "b"]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("#/components/schemas/Nobody", "not there"),
        ("#/paths/9", "not there"),
        ("#x", "not there"),
        ("#/components/schemas/Loop", "circle"),
        ("http://169.254.169.254/latest/meta-data", "nothing is fetched"),
        ("https://example.com/x.json#/A", "nothing is fetched"),
        ("//example.com/x.json", "nothing is fetched"),
        ("file:///etc/passwd", "nothing is fetched"),
        ("/etc/passwd", "nothing is fetched"),
        ("\\\\host\\share", "nothing is fetched"),
        ("other.json#/A", "one document"),
    ],
)
async def test_a_reference_that_leads_nowhere_or_out_is_refused(
    reference: str, message: str
) -> None:
    loop = {"Loop": {"$ref": "#/components/schemas/Loop"}}
    paths = {
        "/good": {"get": operation(operationId="good")},
        "/schema": {"get": operation({"name": "a", "in": "query", "schema": {"$ref": reference}})},
        "/parameter": {"get": operation({"$ref": reference})},
        "/body": {"post": operation(requestBody={"$ref": reference})},
        "/item": {"$ref": reference},
    }
    async with serving(document(paths, components={"schemas": loop})) as service:
        reasons = service.client.health()["reasons"]
        assert list(await service.tools()) == ["good"] or message == "circle"
    assert any(message in reason for reason in reasons.values())
    assert len(reasons) == 4 or message == "circle"


async def test_references_in_a_circle_stay_references() -> None:
    shape = {"type": "object", "properties": {"next": NODE, "name": {"type": "string"}}}
    paths = {"/a": {"post": operation(operationId="a", requestBody=json_body(NODE))}}
    async with serving(document(paths, components={"schemas": {"Node": shape}})) as service:
        asked = await service.asked("a", name="x", next={"next": {"name": "y"}})
    assert asked.json == {"next": {"next": {"name": "y"}}, "name": "x"}


def folder(tmp_path: Path, **files: Any) -> Path:
    """A document `root.json` beside other files, whose names have `__` for a slash."""
    for name, held in files.items():
        path = tmp_path / "api" / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(held))
    return tmp_path / "api" / "root.json"


async def test_a_file_may_refer_to_files_below_its_directory(tmp_path: Path) -> None:
    paths = {
        "/a": {"$ref": "paths/a.json"},
        "/b": {"post": operation(operationId="b", requestBody=json_body({"$ref": "s/n.json#/N"}))},
    }
    file = folder(
        tmp_path,
        root=document(paths),
        paths__a={"get": operation({"$ref": "../s/n.json#/P"}, operationId="a")},
        s__n={
            "N": {
                "type": "object",
                "properties": {"next": {"$ref": "#/N"}, "i": {"$ref": "i.json"}},
            },
            "P": {"name": "p", "in": "query", "schema": {"$ref": "./n.json#/N"}},
        },
        s__i={"type": "integer"},
    )
    async with client(file) as source:
        a, b = await source.list_tools(CallContext())
    assert a.input_schema["$defs"].keys() == b.input_schema["$defs"].keys() == {"N", "i_json"}
    assert b.input_schema["properties"]["next"] == {"$ref": "#/$defs/N"}


async def test_what_a_file_says_twice_by_an_alias_is_read_once(tmp_path: Path) -> None:
    paths = {"/a": {"get": operation({"$ref": "below/p.yaml#/P"}, operationId="a")}}
    file = folder(tmp_path, root=document(paths))
    (file.parent / "below").mkdir()
    (file.parent / "below" / "p.yaml").write_text(
        "again: &word {$ref: '#/Word'}\n"
        "P: {name: p, in: query, schema: *word}\n"
        "Word: {type: string}\n"
    )
    async with client(file) as source:
        (tool,) = await source.list_tools(CallContext())
    assert tool.input_schema["$defs"] == {"Word": {"type": "string"}}


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("../outside.json", "not below"),
        ("a/../../outside.json", "not below"),
        ("%2e%2e/outside.json", "not below"),
        ("link.json", "not below"),
        ("secret.txt", "not .json or .yaml"),
        ("nobody.json", "is it there"),
        ("directory.json", "no ordinary file"),
        ("broken.json", "not valid JSON"),
        ("root.json#/nowhere", "not there"),
        ("nul\0.json", "not .json"),
    ],
)
async def test_a_file_reads_nothing_but_documents_below_it(
    tmp_path: Path, reference: str, message: str
) -> None:
    paths = {
        "/good": {"get": operation(operationId="good")},
        "/bad": {"get": operation({"$ref": reference})},
    }
    file = folder(tmp_path, root=document(paths))
    (tmp_path / "outside.json").write_text('{"name": "leaked", "in": "query"}')
    (file.parent / "link.json").symlink_to(tmp_path / "outside.json")
    (file.parent / "secret.txt").write_text("s3cret")
    (file.parent / "directory.json").mkdir()
    (file.parent / "broken.json").write_text("{s3cret")
    async with client(file) as source:
        (reason,) = source.health()["reasons"].values()
    assert message in reason
    assert "s3cret" not in reason
    assert str(tmp_path) not in reason


@pytest.mark.parametrize("name", ["nobody.json", "a\0b.json", "."])
async def test_a_document_that_is_not_there_is_refused_without_its_directory(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ConfigError, match=r"is it there|ordinary file") as raised:
        async with client(tmp_path / name):
            pass
    assert str(tmp_path) not in str(raised.value)
