"""Documents, services and models that mean harm."""

import json
import logging
import time
import tracemalloc
from collections.abc import Mapping
from typing import Any

import pytest
from tests.clients.openapi.documents import PETS, document, json_body, operation, parameter
from tests.clients.openapi.service import FINE, client, read, serving
from tests.egress.hosts import hosting, ok, redirect

from toolyard import CallContext, ConfigError, InvalidArguments, OpenAPIClient, ToolCall
from toolyard.clients.openapi import offering, schemas

SECRET = "s3cr+t/kèy=".replace("è", "e")
SCHEMES: Mapping[str, Any] = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "api_key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "basic": {"type": "http", "scheme": "Basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "oauth": {"type": "oauth2", "flows": {}},
    "openid": {"type": "openIdConnect", "openIdConnectUrl": "http://a.example/"},
    "digest": {"type": "http", "scheme": "digest"},
    "mutual": {"type": "mutualTLS"},
    "nameless": {"type": "apiKey", "in": "header"},
    "nowhere": {"type": "apiKey", "in": "body", "name": "k"},
    "framing": {"type": "apiKey", "in": "header", "name": "Transfer-Encoding"},
    "spoof": {"type": "apiKey", "in": "header", "name": "X-Forwarded-For"},
    "biscuit": {"type": "apiKey", "in": "cookie", "name": "a=b; c"},
}


def secured(*alternatives: Mapping[str, Any], parameters: Any = ()) -> dict[str, Any]:
    return document(
        {"/a": {"get": operation(*parameters, operationId="a", security=list(alternatives))}},
        components={"securitySchemes": SCHEMES},
    )


@pytest.mark.parametrize(
    ("scheme", "secret", "place"),
    [
        ("header", SECRET, "x-api-key: s3cr+t/key="),
        ("query", SECRET, "GET /a?api_key=s3cr%2Bt%2Fkey%3D "),
        ("cookie", SECRET, "cookie: session=s3cr%2Bt%2Fkey%3D"),
        ("basic", ("ann", SECRET), "authorization: Basic YW5uOnMzY3IrdC9rZXk9"),
        ("bearer", SECRET, "authorization: Bearer s3cr+t/key="),
        ("oauth", SECRET, "authorization: Bearer s3cr+t/key="),
        ("openid", SECRET, "authorization: Bearer s3cr+t/key="),
    ],
)
async def test_a_secret_goes_where_its_scheme_says_and_is_shown_nowhere(
    scheme: str, secret: Any, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "toolyard")

    async def echo(stream: Any, request: bytes) -> None:
        await stream.send(ok(request, "Content-Type: text/plain", f"X-Seen: {SECRET}"))

    async with serving(secured({scheme: []}), echo, credentials={scheme: secret}) as service:
        result = await service.call("a")
        tools = await service.tools()
        shown = [repr(result), repr(tools), repr(service.client), str(service.client.health())]
        assert place.encode() in service.host.requests[0]
    told = "\n".join([*shown, caplog.text])
    for spelling in (SECRET, "s3cr%2Bt%2Fkey%3D", "YW5uOnMzY3IrdC9rZXk9"):
        assert spelling not in told
    assert "[hidden]" in told


@pytest.mark.parametrize("scheme", ["header", "query", "cookie", "basic", "bearer"])
async def test_a_secret_follows_no_redirect_to_another_origin(scheme: str) -> None:
    secret: Any = ("ann", SECRET) if scheme == "basic" else SECRET
    async with hosting(ok()) as other:
        away = redirect(other.url("/x", name="b.example"))
        named = [f"http://b.example:{other.port}"]
        options: dict[str, Any] = {"credentials": {scheme: secret}, "redirect_hosts": named}
        async with serving(secured({scheme: []}), away, **options) as service:
            await service.call("a")
        (request,) = other.requests
    asked = read(request)
    assert asked.target == "/x"
    assert asked.headers.keys().isdisjoint({"authorization", "cookie", "x-api-key"})


@pytest.mark.parametrize(
    ("scheme", "secret", "message"),
    [
        ("nobody", SECRET, "no security scheme 'nobody'; it has: header, query"),
        ("header", ("ann", SECRET), "takes one text"),
        ("header", "", "not empty"),
        ("header", f"{SECRET}\r\nX-More: 1", "visible ASCII"),
        ("bearer", f"{SECRET}\n", "visible ASCII"),
        ("bearer", "ü", "visible ASCII"),
        ("basic", SECRET, "a user without a colon, and a password"),
        ("basic", ("a:b", SECRET), "a user without a colon"),
        ("digest", SECRET, "a kind that is not known"),
        ("mutual", SECRET, "a kind that is not known"),
        ("nameless", SECRET, "does not name its key"),
        ("nowhere", SECRET, "in no place we know"),
        ("framing", SECRET, "cannot be set"),
        ("spoof", SECRET, "cannot be set"),
        ("biscuit", SECRET, "in no place we know"),
    ],
)
async def test_a_credential_that_cannot_be_sent_is_refused_without_showing_it(
    scheme: str, secret: Any, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        async with client(secured({"header": []}), credentials={scheme: secret}):
            pass
    assert SECRET not in str(raised.value)


async def test_the_first_alternative_that_is_complete_is_used() -> None:
    alternatives: list[dict[str, list[str]]] = [
        {"bearer": []},
        {"header": [], "cookie": []},
        {"query": []},
    ]
    credentials = {"header": SECRET, "cookie": SECRET, "query": SECRET}
    async with serving(secured(*alternatives), credentials=credentials) as service:
        asked = await service.asked("a")
        assert service.client.health()["schemes_without_credentials"] == []
    assert asked.target == "/a"
    assert asked.headers.keys() >= {"x-api-key", "cookie"}


async def test_a_credential_wins_over_a_header_for_every_call() -> None:
    options: dict[str, Any] = {
        "credentials": {"header": SECRET},
        "headers": {"X-Api-Key": "public"},
    }
    async with serving(secured({"header": []}, {}), **options) as service:
        assert (await service.asked("a")).headers["x-api-key"] == SECRET


@pytest.mark.parametrize("alternatives", [(), ({},), ({"bearer": []},)])
async def test_a_credential_goes_only_to_operations_that_ask_for_it(
    alternatives: tuple[Mapping[str, Any], ...],
) -> None:
    async with serving(secured(*alternatives), credentials={"header": SECRET}) as service:
        asked = await service.asked("a")
        missing = service.client.health()["schemes_without_credentials"]
    assert SECRET not in str(asked)
    assert missing == [name for each in alternatives for name in each]


async def test_what_is_asked_of_all_is_overruled_by_an_operation() -> None:
    root = secured({"header": []})
    root["security"] = [{"bearer": []}]
    root["paths"]["/b"] = {"get": operation(operationId="b")}
    root["paths"]["/c"] = {"get": operation(operationId="c", security=[])}
    credentials = {"header": SECRET, "bearer": SECRET}
    async with serving(root, credentials=credentials) as service:
        assert "authorization" not in (await service.asked("a")).headers
        assert "authorization" in (await service.asked("b")).headers
        assert "authorization" not in (await service.asked("c")).headers


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Authorization", "header"),
        ("authorization", "header"),
        ("Content-Type", "header"),
        ("Accept", "header"),
        ("Cookie", "header"),
        ("Host", "header"),
        ("Content-Length", "header"),
        ("Transfer-Encoding", "header"),
        ("Connection", "header"),
        ("Proxy-Authorization", "header"),
        ("X-Forwarded-Host", "header"),
        ("X-HTTP-Method-Override", "header"),
        ("User-Agent", "header"),
        ("X-API-KEY", "header"),
        ("X-Team", "header"),
        ("bad name", "header"),
        ("a\r\nb", "header"),
        ("session", "cookie"),
        ("a=b", "cookie"),
        ("a;b", "cookie"),
        ("api_key", "query"),
    ],
)
async def test_what_says_who_asks_and_how_is_no_argument(name: str, place: str) -> None:
    root = secured(parameters=[parameter(name, place), parameter("free")])
    async with serving(root, headers={"x-team": "blue"}) as service:
        (tool,) = (await service.tools()).values()
        assert list(tool.input_schema["properties"]) == ["free"]
        with pytest.raises(InvalidArguments):
            await service.call("a", **{name: "x"})


async def test_an_operation_that_needs_what_cannot_be_set_is_left_out() -> None:
    root = secured()
    root["paths"]["/b"] = {"get": operation(parameter("Host", "header", required=True))}
    async with serving(root) as service:
        (reason,) = service.client.health()["reasons"].values()
    assert "'Host'" in reason


@pytest.mark.parametrize(
    "value", ["a\r\nX-More: 1", "a\nb", "a\0b", " a", "a ", "ü", "\x7f", "x" * 9000]
)
async def test_a_value_of_a_header_stays_one_line(value: str) -> None:
    paths = {"/a": {"get": operation(parameter("X-Free", "header"), operationId="a")}}
    async with serving(document(paths)) as service:
        assert "X-Free" in await service.refused("a", **{"X-Free": value})


@pytest.mark.parametrize("value", ["a; admin=1", "a\r\nX: 1", 'a"b', "a,b", "ü", "a=b"])
async def test_a_value_of_a_cookie_stays_one_cookie(value: str) -> None:
    paths = {"/a": {"get": operation(parameter("c", "cookie"), operationId="a")}}
    async with serving(document(paths)) as service:
        asked = await service.asked("a", c=value)
    assert not set(asked.headers["cookie"]) & set('; ,"\r\n')
    assert "x" not in asked.headers


async def test_the_names_and_values_of_a_form_stay_in_their_part() -> None:
    name = 'a"; filename="x"\r\nX: 1'
    shape = {"type": "object", "properties": {name: {"type": "string"}}}
    body = {"required": True, "content": {"multipart/form-data": {"schema": shape}}}
    paths = {"/a": {"post": operation(operationId="a", requestBody=body)}}
    async with serving(document(paths)) as service:
        (tool,) = (await service.tools()).values()
        (argument,) = tool.input_schema["properties"]
        asked = await service.asked("a", **{argument: "\r\n--x--\r\nv"})
    head = asked.body.partition(b"\r\n\r\n")[0]
    assert head.count(b"\r\n") == 2
    assert b"filename=" not in head.replace(b"%22; filename=%22", b"")


@pytest.mark.parametrize(
    "path",
    [
        "a", "", "//evil.example/a", "/a?x=1", "/a#x", "/../a", "/a/./b", "/a/..;/b", "/%2e%2e/a",
        "/a\\b", "/a b", "/a\r\nX: 1", "/a\u200bb", "http://evil.example/", "@evil.example", "/ü",
        "/{a", "/a}", "/{a}{", "/{a/b}", "/{}",
    ],
)  # fmt: skip
async def test_a_path_that_is_more_than_a_path_is_left_out(path: str) -> None:
    paths = {"/good": {"get": operation(operationId="good")}, path: {"get": operation()}}
    async with serving(document(paths)) as service:
        tools = list(await service.tools())
        if path == "//evil.example/a":
            asked = await service.asked(tools[1])
            assert asked.target == path
            assert asked.headers["host"].startswith("a.example")
            return
        assert tools == ["good"]
        assert service.client.health()["left_out"] == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://user:pw@a.example/", "user or a password"),
        ("ftp://a.example/", "http:// or https://"),
        ("javascript:alert(1)", "where its service is"),
        ("/v1", "where its service is"),
        ("", "where its service is"),
        ("http://a.example/?x=1", "has a query"),
        ("http://0x7f.1/", "numbers"),
        ("http://{host}/", "has no default"),
        ("http://a.example\\@evil.example/", "backslash"),
        (7, "no text"),
    ],
)
async def test_a_server_that_cannot_be_used_is_refused(url: Any, message: str) -> None:
    root = {**secured(), "servers": [{"url": url}]}
    with pytest.raises(ConfigError, match=message):
        async with client(root):
            pass


@pytest.mark.parametrize(
    ("default", "message"),
    [
        ("evil.example/@a.example", None),
        ("a.example@evil.example", "user or a password"),
        (["x"], "no default"),
    ],
)
async def test_a_variable_of_a_server_is_filled_before_the_server_is_looked_at(
    default: Any, message: str | None
) -> None:
    servers = [{"url": "http://{host}/", "variables": {"host": {"default": default}}}]
    root = {**secured(), "servers": servers}
    if message is None:
        async with client(root) as source:
            assert source.health()["server"] == "http://evil.example:80"
        return
    with pytest.raises(ConfigError, match=message):
        async with client(root):
            pass


@pytest.mark.parametrize(
    "servers",
    [
        [{"url": "http://evil.example/"}],
        [{"url": "//evil.example/"}],
        [{"url": "https://a.example/"}],
        [{"url": "http://a.example:1/"}],
    ],
)
async def test_a_document_from_a_url_sends_no_call_elsewhere(servers: Any) -> None:
    root = {**secured(), "servers": servers}
    written = ok(json.dumps(root).encode())
    async with hosting(written, written, FINE) as host:
        with pytest.raises(ConfigError, match="another origin"):
            async with client(host.url("/openapi.json"), credentials={"header": SECRET}):
                pass
        said = host.url("/said")
        async with client(host.url("/openapi.json"), server=said) as source:
            await source.call_tool(ToolCall("a"), CallContext())
    assert read(host.requests[-1]).target == "/said/a"


@pytest.mark.parametrize("place", ["operation", "path"])
async def test_an_operation_with_a_server_elsewhere_is_left_out(place: str) -> None:
    item: dict[str, Any] = {"get": operation(operationId="b")}
    (item["get"] if place == "operation" else item)["servers"] = [{"url": "http://evil.example"}]
    root = secured()
    root["paths"] |= {
        "/b": item,
        "/c": {"get": operation(operationId="c", servers=[{"url": "/v2"}])},
    }
    async with serving(root) as service:
        assert list(await service.tools()) == ["a", "c"]
        assert (await service.asked("c")).target == "/v2/c"


async def test_no_credential_goes_out_in_the_open_because_a_document_says_so() -> None:
    with pytest.raises(ConfigError, match="without encryption"):
        async with client(secured({"header": []}), credentials={"header": SECRET}):
            pass


WRONG: list[Any] = [
    7, None, [], "text", {"get": 7}, {"get": []}, {"get": {"parameters": {}}},
    {"get": {"parameters": [7]}}, {"get": {"parameters": [{}]}},
    {"get": {"parameters": [{"name": "a"}]}},
    {"get": {"parameters": [{"name": 7, "in": "query"}]}},
    {"get": {"parameters": [{"name": "a", "in": "querystring"}]}},
    {"get": {"parameters": [{"name": "a", "in": "query", "style": "matrix"}]}},
    {"get": {"parameters": [{"name": "a", "in": "query", "schema": 7}]}},
    {"get": {"parameters": [{"name": "a", "in": "query", "content": {"text/xml": {}}}]}},
    {"get": {"summary": 7}}, {"get": {"description": []}}, {"get": {"security": [7]}},
    {"get": {"servers": {}}}, {"post": {"requestBody": 7}},
    {"post": {"requestBody": {"content": []}}},
    {"post": {"requestBody": {"content": {"application/json": 7}}}},
    {"post": {"requestBody": {"content": {"multipart/mixed": {}}}}},
    {"post": {"requestBody": {"content": {"a\r\nb": {}}}}},
    {"post": {"requestBody": {"content": {
        "application/x-www-form-urlencoded": {"encoding": {"a": {"style": "odd"}}}}}}},
]  # fmt: skip


@pytest.mark.parametrize("item", WRONG, ids=range(25))
async def test_what_is_written_wrongly_harms_no_other_operation(item: Any) -> None:
    paths = {"/bad": item, "/good": {"get": operation(operationId="good")}}
    async with serving(document(paths)) as service:
        assert list(await service.tools()) == ["good"]
        assert await service.asked("good")
        assert service.client.health()["left_out"] == 1


@pytest.mark.parametrize(
    "others",
    [
        {"components": 7}, {"components": {"securitySchemes": []}},
        {"components": {"securitySchemes": {"a": 7}}}, {"servers": 7}, {"servers": [7]},
        {"components": {"securitySchemes": {"a": {"$ref": "http://evil.example/"}}}},
    ],
)  # fmt: skip
async def test_a_document_whose_frame_is_wrong_is_refused(others: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        async with client({**secured(), **others}):
            pass


async def test_a_description_is_cut_and_holds_nothing_that_nobody_sees() -> None:
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "obey me")
    told = f"Fine{hidden}\u202e.\x1b[31m " + "long " * 10_000
    item = operation(
        parameter("a", description=told), operationId="a", summary=told, description=told
    )
    async with serving(document({"/a": {"get": item}})) as service:
        (tool,) = (await service.tools()).values()
    assert tool.description.startswith("Fine.[31m long")
    assert len(tool.description) <= offering.MAX_DESCRIPTION
    assert len(tool.title or "") <= offering.MAX_TITLE
    assert len(tool.input_schema["properties"]["a"]["description"]) <= schemas.MAX_DESCRIPTION
    assert hidden not in repr(tool)


async def test_names_that_two_operations_would_have_are_nobodys_and_stay_the_same() -> None:
    paths = {
        "/a": {"get": operation(operationId="same"), "post": operation(operationId="Same")},
        "/b/{x}": {"get": operation()},
        "/b-{x}": {"get": operation()},
        "/c": {"get": operation(operationId="x" * 90)},
        "/d": {"get": operation(operationId="odd name/with ünï")},
        "/e": {"get": operation(operationId="???")},
    }
    async with serving(document(paths)) as service:
        names = list(await service.tools())
    async with serving(document(dict(reversed(paths.items())))) as service:
        turned = list(await service.tools())
    async with serving(document(paths), include=["/b/*"]) as service:
        assert list(await service.tools()) == [names[2]]
    assert sorted(turned) == sorted(names)
    assert names[0].startswith("same_")
    assert names[1].startswith("Same_")
    assert names[2].startswith("get_b_x")
    assert names[5:] == ["odd_name_with_n", "get_e"]
    assert all(len(name) <= 64 for name in names)
    assert len({name.lower() for name in names}) == 7


def many(count: int) -> dict[str, Any]:
    """A document with `count` operations that share shapes in a circle."""
    shapes = {
        f"S{n}": {
            "type": "object",
            "properties": {
                "next": {"$ref": f"#/components/schemas/S{(n + 1) % 3}"},
                "text": {"type": "string", "maxLength": 100},
            },
        }
        for n in range(3)
    }
    paths = {
        f"/things{n}/{{id}}": {
            "put": operation(
                parameter("id", "path"),
                operationId=f"put{n}",
                summary="Replace a thing",
                requestBody=json_body({"$ref": f"#/components/schemas/S{n % 3}"}),
            )
        }
        for n in range(count)
    }
    return document(paths, components={"schemas": shapes})


async def test_more_operations_than_a_model_can_use_have_to_be_chosen() -> None:
    with pytest.raises(ConfigError, match="choose at most 10000 with include"):
        async with client(many(10_001)):
            pass
    async with client(many(10_001), include=["put1?"]) as source:
        assert len(await source.list_tools(CallContext())) == 10
    with pytest.raises(ConfigError, match="over 20000 operations"):
        async with client(many(20_001), include=["put1"]):
            pass


async def test_shapes_that_all_lead_to_all_cost_no_more_than_is_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shapes = {
        f"S{n}": {"anyOf": [{"$ref": f"#/components/schemas/S{m}"} for m in range(300)]}
        for n in range(300)
    }
    paths = {
        f"/a{n}": {"post": operation(requestBody=json_body({"$ref": "#/components/schemas/S0"}))}
        for n in range(500)
    }
    root = document({**paths, "/good": {"get": operation()}}, components={"schemas": shapes})
    began = time.monotonic()
    async with client(root) as source:
        assert source.health()["left_out"] == 500
    assert time.monotonic() - began < 10
    monkeypatch.setattr(schemas, "MAX_VISITS", 100)
    with pytest.raises(ConfigError, match="refers to too much"):
        async with client(root):
            pass


async def test_the_tools_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offering, "MAX_CHARS", 1000)
    with pytest.raises(ConfigError, match="cannot be described in 1000"):
        async with client(PETS):
            pass


async def test_reading_a_document_that_is_nested_deeply_takes_no_stack() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(60):
        schema = {"type": "array", "items": schema}
    paths = {"/a": {"post": operation(operationId="a", requestBody=json_body(schema))}}
    with pytest.raises(ConfigError, match="nested over 100"):
        async with client(document({**paths, "/b": {"x": _deep(200)}})):
            pass
    async with client(document(paths)) as source:
        assert source.health()["operations"] == 1


def _deep(levels: int) -> Any:
    held: Any = 1
    for _ in range(levels):
        held = [held]
    return held


async def test_a_service_that_never_ends_holds_up_nobody() -> None:
    async def endless(stream: Any, request: bytes) -> None:
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        while True:
            await stream.send(b"0," * 10_000)

    tracemalloc.start()
    async with serving(PETS, endless, max_response_bytes=100_000) as service:
        result = await service.call("getPet", petId="1")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.structured["truncated"]
    assert peak < 30_000_000


async def test_a_service_that_says_nothing_is_given_up() -> None:
    async def silent(stream: Any, request: bytes) -> None:
        await stream.receive()

    async with serving(PETS, silent, timeout_s=0.2) as service:
        assert "within 0.2 s" in (await service.call("getPet", petId="1")).text


async def test_a_document_that_never_ends_is_given_up() -> None:
    async def endless(stream: Any, request: bytes) -> None:
        await stream.send(b"HTTP/1.1 200 OK\r\n\r\n{")
        while True:
            await stream.send(b" " * 1_000_000)

    async with hosting(endless) as host:
        with pytest.raises(ConfigError, match="over 16777216 bytes"):
            async with client(host.url("/openapi.json")):
                pass


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/", "http://10.0.0.1/"]
)
async def test_nothing_private_is_asked_unless_it_was_allowed(url: str) -> None:
    source = OpenAPIClient(PETS, server=url)
    async with source:
        result = await source.call_tool(ToolCall("getPet", {"petId": "1"}), CallContext())
    assert "cannot be reached" in result.text


async def test_a_body_that_is_too_large_stays_here() -> None:
    async with serving(PETS) as service:
        assert "over 4194304 bytes" in await service.refused(
            "replacePet", petId="1", name="x" * 5_000_000
        )
        assert "characters" in await service.refused("getPet", petId="x" * 9000)
        assert "characters" in await service.refused("listPets", tags=["x" * 9000])
