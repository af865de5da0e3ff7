"""Services of several kinds, described and asked."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.clients.openapi.documents import LIBRARY, PETS, document, operation
from tests.clients.openapi.service import FINE, client, read, serving
from tests.egress.hosts import Names, hosting, ok, redirect

from toolyard import (
    CallContext,
    ConfigError,
    Image,
    InvalidArguments,
    OpenAPIClient,
    ToolCall,
    ToolError,
    ToolProtocol,
    UnknownName,
    Unreachable,
)

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def test_each_operation_of_a_document_is_a_tool() -> None:
    async with serving(PETS) as pets:
        tools = await pets.tools()
    assert isinstance(pets.client, ToolProtocol)
    assert list(tools) == [
        "listPets", "createPet", "getPet", "replacePet", "deletePet", "getPhoto", "setPhoto",
        "order",
    ]  # fmt: skip
    assert tools["listPets"].title == "List pets"
    assert tools["listPets"].description == "List pets\n\nAll pets,\nthe youngest first."
    assert tools["getPet"].description == "GET /pets/{petId}"
    assert tools["deletePet"].description == "Deprecated. DELETE /pets/{petId}"


async def test_annotations_tell_what_a_method_does() -> None:
    async with serving(PETS) as pets:
        tools = await pets.tools()
    said = {
        name: (told.read_only, told.destructive, told.idempotent, told.open_world)
        for name in ("getPet", "createPet", "replacePet", "deletePet")
        if (told := tools[name].annotations)
    }
    assert said == {
        "getPet": (True, False, True, True),
        "createPet": (False, True, False, True),
        "replacePet": (False, True, True, True),
        "deletePet": (False, True, True, True),
    }


async def test_the_arguments_are_one_flat_object() -> None:
    async with serving(PETS) as pets:
        tools = await pets.tools()
    assert tools["replacePet"].input_schema == {
        "type": "object",
        "properties": {
            "petId": {"type": "string"},
            "name": {"type": "string", "examples": ["Rex"]},
            "kind": {"$ref": "#/$defs/Kind"},
            "mother": {"$ref": "#/$defs/Pet"},
        },
        "required": ["petId", "name"],
        "additionalProperties": False,
        "$defs": {
            "Kind": {"anyOf": [{"type": "string"}, {"type": "null"}], "enum": ["cat", "dog", None]},
            "Pet": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "examples": ["Rex"]},
                    "kind": {"$ref": "#/$defs/Kind"},
                    "mother": {"$ref": "#/$defs/Pet"},
                },
                "required": ["name"],
            },
        },
    }
    limit = tools["listPets"].input_schema["properties"]["limit"]
    assert limit == {
        "type": "integer",
        "exclusiveMinimum": 0,
        "maximum": 100,
        "default": 20,
        "description": "How many",
    }


async def test_each_argument_goes_where_the_document_has_it() -> None:
    async with serving(PETS, path="/v1/") as pets:
        asked = await pets.asked(
            "listPets",
            limit=3.0,
            tags=["a b", "c&d"],
            filter={"kind": "cat"},
            **{"X-Trace": "t1"},
        )
        assert asked.method == "GET"
        assert asked.target == "/v1/pets?limit=3&tags=a%20b&tags=c%26d&filter%5Bkind%5D=cat"
        assert asked.headers["x-trace"] == "t1"
        assert asked.body == b""

        asked = await pets.asked("replacePet", petId="1/2", name="Rex", kind=None)
        assert (asked.method, asked.target) == ("PUT", "/v1/pets/1%2F2")
        assert asked.headers["content-type"] == "application/json"
        assert asked.json == {"name": "Rex", "kind": None}


async def test_a_form_is_written_as_its_encoding_says() -> None:
    async with serving(PETS) as pets:
        asked = await pets.asked(
            "order", pets=["a", "b"], gift=True, address={"city": "Ulm"}, box={"size": {"w": 2}}
        )
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert asked.body == (
            b"pets=a&pets=b&address=%7B%22city%22%3A%20%22Ulm%22%7D&gift=true&box%5Bsize%5D%5Bw%5D=2"
        )
        assert (await pets.asked("order")).headers.get("content-type") is None


async def test_bytes_go_out_and_pictures_come_back() -> None:
    async with serving(PETS, FINE, ok(PNG, "Content-Type: image/png")) as pets:
        asked = await pets.asked("setPhoto", petId="7", body=base64.b64encode(PNG).decode())
        assert (asked.headers["content-type"], asked.body) == ("image/png", PNG)
        result = await pets.call("getPhoto", petId="7")
        assert result.content[1] == Image(PNG, "image/png")
        assert "base64" in await pets.refused("setPhoto", petId="7", body="no base64!")


async def test_an_answer_is_data_as_its_schema_says() -> None:
    async with serving(PETS) as pets:
        result = await pets.call("getPet", petId="7")
        tool = (await pets.tools())["getPet"]
    assert not result.is_error
    assert result.structured["status"] == 200
    assert result.structured["body"] == {"fine": True}
    assert result.text == '200 application/json\n\n{"fine": true}'
    assert tool.output_schema is not None
    jsonschema.validate(result.structured, tool.output_schema)


@pytest.mark.parametrize("status", ["404 Not Found", "500 Broken", "301 Moved"])
async def test_what_is_no_success_is_an_error_that_a_model_can_read(status: str) -> None:
    body = b'{"message": "no such pet"}'
    answer = ok(body, "Content-Type: application/problem+json").replace(b"200 OK", status.encode())
    async with serving(PETS, answer) as pets:
        result = await pets.call("getPet", petId="7")
    assert result.is_error
    assert result.structured["status"] == int(status[:3])
    assert result.structured["body"] == {"message": "no such pet"}
    assert "no such pet" in result.text


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b"[1, 2]", "application/json", [1, 2]),
        (b"7", "application/json; charset=utf-8", 7),
        (b"null", "application/json", "null"),
        (b"not json", "application/json", "not json"),
        (b'{"a": NaN}', "application/json", '{"a": NaN}'),
        (b'"\\ud800"', "application/json", '"\\ud800"'),
        (b"[" * 200 + b"]" * 200, "application/json", "[" * 200 + "]" * 200),
        (b'{"a": 1}', "text/plain", '{"a": 1}'),
        (b"\xff\x00", "application/octet-stream", "data:application/octet-stream;base64,/wA="),
        (b"", "application/json", ""),
    ],
)
async def test_a_body_is_a_value_where_it_is_json_and_else_a_text(
    body: bytes, kind: str, expected: Any
) -> None:
    async with serving(PETS, ok(body, f"Content-Type: {kind}")) as pets:
        result = await pets.call("getPet", petId="7")
    assert result.structured["body"] == expected
    assert not result.structured["truncated"]


async def test_an_answer_that_is_too_long_is_cut_and_stays_a_text() -> None:
    answer = ok(json.dumps(["x" * 1000]).encode(), "Content-Type: application/json")
    async with serving(PETS, answer, max_response_bytes=50) as pets:
        result = await pets.call("getPet", petId="7")
    assert result.structured["truncated"]
    assert len(result.structured["body"]) == 50


async def test_arguments_that_the_schema_refuses_never_leave() -> None:
    async with serving(PETS) as pets:
        for arguments in ({}, {"petId": 7}, {"petId": "7", "more": 1}):
            with pytest.raises(InvalidArguments):
                await pets.call("getPet", **arguments)
        with pytest.raises(InvalidArguments, match="limit"):
            await pets.call("listPets", limit=0)
        assert not pets.host.requests


async def test_in_python_an_operation_is_asked_by_its_name() -> None:
    async with serving(PETS) as pets:
        answer = await pets.client.ask("getPet", {"petId": "7"})
        assert (answer.status, answer.json()) == (200, {"fine": True})
        with pytest.raises(ToolError, match="petId"):
            await pets.client.ask("getPet")
        with pytest.raises(UnknownName):
            await pets.client.ask("nobody")


async def test_a_client_has_no_tools_before_it_is_entered_and_after_it_is_left() -> None:
    source = client(PETS)
    with pytest.raises(RuntimeError, match="entered"):
        await source.list_tools(CallContext())
    assert source.health() == {}
    async with source:
        assert await source.list_tools(CallContext())
    with pytest.raises(RuntimeError, match="left"):
        await source.call_tool(ToolCall("getPet"), CallContext())


async def test_a_document_of_3_1_is_read_from_where_it_is_served() -> None:
    async with hosting(ok(LIBRARY.encode()), FINE) as host:
        url = host.url("/docs/openapi.yaml")
        async with client(url, credentials={"token": "t0ken"}) as source:
            tools = {tool.name: tool for tool in await source.list_tools(CallContext())}
            assert list(tools) == ["books_list", "get_books_isbn", "addScan", "addNote"]
            arguments = {"page_size": 5, "since": "2024-01-01", "session": "a;b"}
            await source.call_tool(ToolCall("books_list", arguments), CallContext())
    asked = read(host.requests[1])
    assert asked.target == "/api/v2/books?page%5Bsize%5D=5&since=2024-01-01"
    assert asked.headers["cookie"] == "session=a%3Bb"
    assert asked.headers["authorization"] == "Bearer t0ken"
    assert "authorization" not in read(host.requests[0]).headers


async def test_a_form_of_several_parts_has_its_files_as_files(tmp_path: Path) -> None:
    file = tmp_path / "library.yaml"
    file.write_text(LIBRARY)
    async with serving(file) as library:
        asked = await library.asked(
            "addScan",
            isbn="1",
            scan=base64.b64encode(PNG).decode(),
            note='a "quoted"\r\nnote',
            pages=[1, 2],
            about={"by": "me"},
        )
        boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
        parts = asked.body.split(b"--" + boundary)
        assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert len(parts) == 7
        assert b'name="scan"; filename="scan"' in parts[1]
        assert PNG in parts[1]
        assert b'name="note"\r\n' in parts[2]
        assert b'a "quoted"\r\nnote' in parts[2]
        assert b"application/json" in parts[5]
        asked = await library.asked("addNote", body="plain")
        assert (asked.headers["content-type"], asked.body) == ("text/plain", b"plain")


async def test_a_document_that_changed_is_read_anew_on_entering() -> None:
    first = document({"/a": {"get": operation(operationId="one")}})
    second = document({"/a": {"get": operation(operationId="two")}})
    for each in (first, second):
        each["servers"] = []
    async with hosting(ok(json.dumps(first).encode()), ok(json.dumps(second).encode())) as host:
        source = client(host.url("/openapi.json"))
        for expected in ("one", "two"):
            async with source:
                assert [tool.name for tool in await source.list_tools(CallContext())] == [expected]


async def test_a_file_is_read_anew_on_entering_too(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    source = client(file)
    for name in ("one", "two"):
        file.write_text(json.dumps(document({"/a": {"get": operation(operationId=name)}})))
        async with source:
            assert [tool.name for tool in await source.list_tools(CallContext())] == [name]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"include": ["tag:orders"]}, ["order"]),
        ({"include": ["GET"]}, ["listPets", "getPet", "getPhoto"]),
        ({"include": ["get /pets/*"]}, ["getPet", "getPhoto"]),
        ({"include": ["/orders"]}, ["order"]),
        ({"include": ["list*", "order"]}, ["listPets", "order"]),
        ({"include": ["/pets*"], "exclude": ["*Photo", "DELETE", "tag:none"]},
         ["listPets", "createPet", "getPet", "replacePet"]),
        ({"read_only": True}, ["listPets", "getPet", "getPhoto"]),
        ({"read_only": True, "include": ["tag:pets"]}, ["listPets", "getPet"]),
    ],
)  # fmt: skip
async def test_only_chosen_operations_are_offered(
    options: Mapping[str, Any], expected: list[str]
) -> None:
    async with serving(PETS, **options) as pets:
        assert list(await pets.tools()) == expected
        with pytest.raises(UnknownName):
            await pets.call("nothing")


async def test_a_rule_that_chooses_nothing_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(PETS, exclude=["delPet"]) as pets:
        assert pets.client.health()["rules_without_effect"] == ["delPet"]
    assert "'delPet' chooses nothing" in caplog.text
    with pytest.raises(ConfigError, match="No operation"):
        async with client(PETS, include=["nobody"]):
            pass


async def test_what_cannot_be_a_tool_is_left_out_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    paths = {"/a": {"get": operation(operationId="a")}, "/../b": {"get": operation()}}
    async with serving(document(paths)) as service:
        health = service.client.health()
        assert list(await service.tools()) == ["a"]
    assert health["left_out"] == 1
    assert list(health["reasons"]) == ["GET /../b"]
    assert "GET /../b is left out" in caplog.text


async def test_a_document_that_cannot_be_fetched_says_why() -> None:
    with pytest.raises(Unreachable, match="allow_private"):
        async with OpenAPIClient("http://127.0.0.1:1/openapi.json"):
            pass
    async with hosting(ok().replace(b"200 OK", b"503 No")) as host:
        with pytest.raises(Unreachable, match="503"):
            async with client(host.url("/openapi.json?key=s3cret")) as _:
                pass
    async with hosting(redirect("http://other.example/openapi.json")) as host:
        with pytest.raises(Unreachable, match="not among") as raised:
            async with client(host.url("/openapi.json?key=s3cret")) as _:
                pass
    assert "s3cret" not in str(raised.value)


async def test_a_call_asks_no_other_host_unless_it_is_named() -> None:
    async with hosting(ok(b"there")) as other:
        away = redirect(other.url("/x", name="b.example"))
        async with serving(PETS, away, credentials={"key": "s3cret"}) as pets:
            assert "not among" in (await pets.call("getPet", petId="1")).text
            assert not other.requests
        named = [f"http://b.example:{other.port}"]
        async with serving(PETS, away, credentials={"key": "s3cret"}, redirect_hosts=named) as pets:
            assert "there" in (await pets.call("getPet", petId="1")).text
            assert b"s3cret" not in other.requests[0]


async def test_a_name_that_leads_inside_is_refused_at_every_call() -> None:
    names = Names({"a.example": ["10.0.0.1"]})
    async with client(PETS, server="http://a.example", resolve=names) as source:
        result = await source.call_tool(ToolCall("getPet", {"petId": "1"}), CallContext())
    assert "cannot be reached" in result.text
    assert "10.0.0.1" not in result.text
