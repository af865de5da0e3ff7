"""Schemas of OpenAPI as JSON Schema 2020-12."""

from typing import Any

import jsonschema
import pytest
from tests.clients.openapi.documents import document, json_body, operation, parameter
from tests.clients.openapi.service import serving

from toolyard import InvalidTool
from toolyard.clients.openapi.document import Document
from toolyard.clients.openapi.schemas import Schemas

COMPONENTS = {
    "schemas": {
        "Id": {"type": "integer", "readOnly": True},
        "Word": {"type": "string"},
        "Secret": {"type": "string", "writeOnly": True},
    }
}


def translated(schema: Any, version: str = "3.0.3") -> Any:
    root = document({}, version=version, components=COMPONENTS)
    return Schemas(Document(root, "a test")).translated(schema, {})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"type": "string", "nullable": True, "enum": ["a"]},
         {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": "string", "nullable": True, "enum": ["a", None]},
         {"type": ["string", "null"], "enum": ["a", None]}),
        ({"allOf": [{"$ref": "#/components/schemas/Word"}], "nullable": True, "description": "d"},
         {"description": "d", "anyOf": [{"allOf": [{"$ref": "#/$defs/Word"}]}, {"type": "null"}]}),
        ({"nullable": True}, {}),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"maximum": 9, "exclusiveMaximum": True}, {"exclusiveMaximum": 9}),
        ({"exclusiveMaximum": True}, {}),
        ({"type": "string", "example": "x"}, {"type": "string", "examples": ["x"]}),
        ({"type": "string", "example": "x" * 200}, {"type": "string"}),
        ({"type": "string", "xml": {"name": "x"}, "x-own": 1, "externalDocs": {}},
         {"type": "string"}),
        ({"$ref": "#/components/schemas/Word", "description": "not said in 3.0"},
         {"$ref": "#/$defs/Word"}),
        ({"description": "a\u200bb\r\nc"}, {"description": "ab\nc"}),
        ({"type": "object", "required": ["id", "name", "name"], "properties": {
            "id": {"$ref": "#/components/schemas/Id"}, "name": {"type": "string"}}},
         {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}),
        ({"type": "object", "required": ["id"], "properties": {"id": {"readOnly": True}}},
         {"type": "object", "properties": {}}),
        ({"type": "object", "properties": {"s": {"$ref": "#/components/schemas/Secret"}}},
         {"type": "object", "properties": {"s": {"$ref": "#/$defs/Secret"}}}),
        ({"type": "string", "required": True}, {"type": "string"}),
        ({"properties": {"$ref": {"type": "string"}, "nullable": {"type": "string"}}},
         {"properties": {"$ref": {"type": "string"}, "nullable": {"type": "string"}}}),
        ({"type": "object", "additionalProperties": {"type": "string", "nullable": True}},
         {"type": "object", "additionalProperties": {"type": ["string", "null"]}}),
        ({"default": None, "type": "string"}, {"default": None, "type": "string"}),
    ],
)  # fmt: skip
def test_what_3_0_says_is_said_in_2020_12(written: Any, expected: Any) -> None:
    schema = translated(written)
    assert schema == expected
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (True, {}),
        (False, {"not": {}}),
        ({"type": ["string", "null"], "const": None}, {"type": ["string", "null"], "const": None}),
        ({"$ref": "#/components/schemas/Word", "description": "said in 3.1"},
         {"description": "said in 3.1", "$ref": "#/$defs/Word"}),
        ({"type": "array", "prefixItems": [{"type": "string"}], "items": False},
         {"type": "array", "prefixItems": [{"type": "string"}], "items": {"not": {}}}),
        ({"exclusiveMinimum": 3}, {"exclusiveMinimum": 3}),
        ({"$id": "http://x/y", "$schema": "http://z", "$anchor": "a", "type": "string"},
         {"type": "string"}),
    ],
)  # fmt: skip
def test_what_3_1_says_stays(written: Any, expected: Any) -> None:
    assert translated(written, "3.1.0") == expected


@pytest.mark.parametrize(
    "written",
    [7, "text", None, [], {"properties": []}, {"allOf": 3}, {"items": [1]}, {"anyOf": 3},
     {"$dynamicRef": "#x"}, {"$recursiveRef": "#"}, {"properties": {"a": 7}}],
)  # fmt: skip
def test_what_is_no_schema_is_refused(written: Any) -> None:
    with pytest.raises(InvalidTool):
        translated(written)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "text"}, {"type": 7}, {"minimum": "low"}, {"enum": "a"}, {"pattern": "("},
        {"required": [1], "properties": {}}, {"properties": {"a": {"maxLength": -1}}},
        {"enum": ["\u202e"]}, {"items": {"properties": {"\u200b": {}}}}, {"default": "\U000e0041"},
        {"type": "object", "properties": {"a": {"$ref": "#/nowhere"}}},
        {"enum": ["x" * 100] * 2000},
    ],
)  # fmt: skip
async def test_a_schema_that_nobody_could_follow_leaves_its_operation_out(schema: Any) -> None:
    paths = {
        "/good": {"get": operation(operationId="good")},
        "/bad": {"post": operation(operationId="bad", requestBody=json_body(schema))},
    }
    async with serving(document(paths)) as service:
        assert list(await service.tools()) == ["good"], await service.tools()
        assert service.client.health()["left_out"] == 1


async def test_names_that_clash_are_told_apart_and_odd_ones_made_fit() -> None:
    item = operation(
        parameter("id"),
        parameter("id", "path"),
        parameter("id", "header"),
        parameter("filter[name]"),
        parameter("filter.name"),
        parameter("$top"),
        parameter("ünï"),
        parameter("x" * 80),
        parameter("x" * 90),
        operationId="get",
        requestBody=json_body({"type": "object", "properties": {"id": {"type": "integer"}}}),
    )
    async with serving(document({"/a/{id}": {"post": item}})) as service:
        (tool,) = (await service.tools()).values()
        names = list(tool.input_schema["properties"])
        assert names == [
            "id", "id_path", "id_header", "filter_name", "filter.name", "top", "n",
            "x" * 64, "x" * 58 + "_query", "id_body",
        ]  # fmt: skip
        asked = await service.asked(
            "get", id="q", id_path="p", id_header="h", id_body=1, filter_name="f", top="t", n="u"
        )
    assert asked.target == "/a/p?id=q&filter%5Bname%5D=f&%24top=t&%C3%BCn%C3%AF=u"
    assert asked.headers["id"] == "h"
    assert asked.json == {"id": 1}


@pytest.mark.parametrize(
    ("schema", "others"),
    [
        ({"type": "array", "items": {"type": "string"}}, {}),
        ({"type": "object", "additionalProperties": True, "properties": {"a": {}}}, {}),
        ({"type": "object", "additionalProperties": {"type": "string"}}, {}),
        ({"oneOf": [{"type": "object"}], "properties": {"a": {}}}, {}),
        ({"type": "object", "properties": {"a": {}}, "minProperties": 1}, {}),
        ({"type": "object"}, {}),
        ({}, {}),
        ({"type": "object", "properties": {"a": {}}, "required": ["a"]}, {"required": False}),
    ],
)
async def test_a_body_that_would_lose_something_stays_whole(schema: Any, others: Any) -> None:
    body = json_body(schema, **others)
    paths = {"/a": {"post": operation(operationId="a", requestBody=body)}}
    async with serving(document(paths)) as service:
        (tool,) = (await service.tools()).values()
        assert list(tool.input_schema["properties"]) == ["body"]
        assert tool.input_schema.get("required", []) == (["body"] if body["required"] else [])


async def test_an_empty_object_is_sent_where_a_body_is_required() -> None:
    shape = {"type": "object", "properties": {"a": {"type": "string"}}}
    paths = {
        "/a": {"post": operation(operationId="a", requestBody=json_body(shape))},
        "/b": {"post": operation(operationId="b", requestBody=json_body(shape, required=False))},
    }
    async with serving(document(paths)) as service:
        assert (await service.asked("a")).body == b"{}"
        assert (await service.asked("b")).body == b""
