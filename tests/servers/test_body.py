"""Bodies that no honest client sends."""

import json
import resource
from collections.abc import AsyncGenerator, MutableMapping
from typing import Any

import anyio
import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.servers.harness import (
    ACCEPT,
    MODERN,
    TOKEN,
    ask,
    builder,
    head,
    headers_of,
    http_to,
    is_well,
    legacy,
    messages,
    open_session,
    raw,
    request,
    status_of,
)

from toolyard.core.errors import ConfigError
from toolyard.core.toolbox import Toolbox
from toolyard.security.body import BodyLimits
from toolyard.security.refusal import Refusal
from toolyard.servers.body import ClientGone, Said, read_body, said_in
from toolyard.servers.builder import MCPServerBuilder
from toolyard.servers.tool_server import ToolServer

MIB = 1 << 20
SECRETS = ("Traceback", "site-packages", "toolyard/", '.py"', "/root", "pass-word", TOKEN)
"""What no answer may contain."""


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[ToolServer]:
    tools = Toolbox()

    @tools.tool
    async def echo(text: str) -> str:
        """Say it again."""
        return text

    @tools.tool
    async def broken() -> str:
        """Fail."""
        raise RuntimeError("/root/secret.py pass-word")

    assert echo
    assert broken
    async with builder(tools).with_bearer_token(TOKEN).build() as running:
        yield running


@pytest.fixture(scope="module")
async def http(server: ToolServer) -> AsyncGenerator[httpx2.AsyncClient]:
    async with http_to(server, TOKEN) as client:
        yield client


@pytest.fixture(scope="module")
async def session(http: httpx2.AsyncClient) -> dict[str, str]:
    return await open_session(http)


def memory_mib() -> float:
    """The most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def sent_in_vain(server: ToolServer, path: str, *fields: str) -> int:
    """Send 100 MiB, or as much as is taken; gives the status."""
    async with raw(server) as stream:
        await stream.send(head("POST", path, f"Content-Length: {100 * MIB}", *fields))
        status = await status_of(stream)
        try:
            for _ in range(100):
                await stream.send(b"[" * MIB)
        except anyio.BrokenResourceError:
            pass
    return status


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/mcp", [], 401),
        ("/mcp", [f"Authorization: Bearer {TOKEN}"], 413),
        ("/healthz", [], 200),
    ],
)
async def test_a_huge_body_is_never_held(
    server: ToolServer, path: str, fields: list[str], status: int
) -> None:
    before = memory_mib()

    assert await sent_in_vain(server, path, *fields) == status

    assert memory_mib() - before < 10
    assert await is_well(server)


async def test_a_body_without_announced_length_is_counted(server: ToolServer) -> None:
    async def endless() -> AsyncGenerator[bytes]:
        for _ in range(50):
            yield b" " * MIB

    async with http_to(server, TOKEN) as http:
        answer = await http.post("/mcp", content=endless(), headers=ACCEPT)

    assert answer.status_code == 413


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b"   \r\n ",
    "not json": b"hello",
    "half": b'{"jsonrpc": "2.0", "id": 1,',
    "text": b'"tools/list"',
    "number": b"1",
    "null": b"null",
    "true": b"true",
    "NaN": b"NaN",
    "3 MB of zeros": b"[" + b"0," * 1_500_000 + b"0]",
    "3 MB of nothing": b"," * 3_000_000,
    "100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "100,000 deep, open": b"[" * 100_000,
    "100,000 deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep in the arguments": legacy("tools/call", {"name": "echo", "arguments": {"text": 0}})
    .encode()
    .replace(b"0}", b"[" * 70 + b"]" * 70 + b"}"),
    "100,000 closing": b"]" * 100_000,
    "long number": b'{"jsonrpc":"2.0","id":' + b"9" * 100_000 + b',"method":"ping"}',
    "large exponent": b'{"jsonrpc":"2.0","id":1e999,"method":"ping"}',
    "empty batch": b"[]",
    "batch": f"[{legacy('ping')},{legacy('ping')}]".encode(),
    "bytes that are no UTF-8": b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe"}',
    "UTF-16": legacy("ping").encode("utf-16"),
    "deep UTF-16": ('["∀",' * 5000).encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + legacy("ping").encode(),
    "lone surrogate as method": b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}',
    "lone surrogate as id": b'{"jsonrpc":"2.0","id":"\\udfff","method":"ping"}',
    "lone surrogate as key": b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"\\ud800":1}}',
    "nul in the method": b'{"jsonrpc":"2.0","id":1,"method":"pi\\u0000ng"}',
    "no version": b'{"id":1,"method":"ping"}',
    "other version": b'{"jsonrpc":"1.0","id":1,"method":"ping"}',
    "no method": b'{"jsonrpc":"2.0","id":1}',
    "method of another type": b'{"jsonrpc":"2.0","id":1,"method":["ping"]}',
    "unknown method": legacy("no/such").encode(),
    "private method": legacy("__class__").encode(),
    "params of another type": legacy("tools/call").replace("{}", '"echo"').encode(),
    "unasked answer": b'{"jsonrpc":"2.0","id":1,"result":{}}',
    "unasked error": b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}',
    "answer and request": b'{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}',
    "proto keys": b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{"a":1}}}',
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_strange_body_is_refused_politely(
    http: httpx2.AsyncClient, session: dict[str, str], name: str
) -> None:
    modern = {**ACCEPT, "mcp-protocol-version": MODERN, "mcp-method": "ping"}
    for headers in (modern, session, ACCEPT):
        answer = await http.post("/mcp", content=HOSTILE[name], headers=headers)
        assert answer.status_code < 500
        assert not any(secret in answer.text for secret in SECRETS)
    again = await http.post("/mcp", content=legacy("ping"), headers=session)
    assert messages(again)[-1]["result"] == {}


@pytest.mark.parametrize("number", [0, -1, 1 << 62, 1 << 70, "", "a", "é", "x" * 5000, 1.5, None])
async def test_an_answer_carries_the_id_of_its_request(
    http: httpx2.AsyncClient, session: dict[str, str], number: Any
) -> None:
    listing = legacy("tools/list", number=number)
    for answer in (
        await ask(http, "tools/list", number=number),
        await http.post("/mcp", content=listing, headers=session),
    ):
        if answer.status_code == 200:
            (message,) = messages(answer)
            assert (message["id"], type(message["id"])) == (number, type(number))
        else:  # no id of JSON-RPC; the SDK takes some of these for notifications
            assert answer.status_code in (202, 400)
            assert number is None or isinstance(number, float) or number == 1 << 70


@pytest.mark.parametrize("name", ["echo", "broken", "missing", "\ud800"])
@pytest.mark.parametrize(
    "arguments",
    [{}, None, [], 7, {"text": "\ud800"}, {"text": None}, {"\ud800": 1}, {"text": float("nan")}],
)
async def test_strange_arguments_never_break_a_call(
    http: httpx2.AsyncClient, session: dict[str, str], name: str, arguments: Any
) -> None:
    params = {"name": name, "arguments": arguments}
    body = request("tools/call", params)
    modern = {**headers_of(body), "mcp-name": name.replace("\ud800", "=?base64?7aCA?=")}
    for answer in (
        await http.post("/mcp", content=json.dumps(body), headers=modern),
        await http.post("/mcp", content=legacy("tools/call", params), headers=session),
    ):
        assert answer.status_code < 500
        assert not any(secret in answer.text for secret in SECRETS)


FUZZ = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=20,
)
METHODS = st.sampled_from(
    [
        *("tools/call", "tools/list", "initialize", "ping", "server/discover", "prompts/get"),
        *("resources/read", "logging/setLevel", "completion/complete", "notifications/cancelled"),
        *("subscriptions/listen", "notifications/initialized", "tasks/get", "resources/subscribe"),
    ]
)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | LEAVES,
        "id": LEAVES,
        "method": METHODS | st.text(max_size=20),
        "params": st.dictionaries(
            st.sampled_from(["name", "arguments", "cursor", "uri", "level", "_meta", "requestId"]),
            VALUES,
        )
        | VALUES,
    },
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id", "accept"),
            *("content-type", "last-event-id", "mcp-param-a", "x-forwarded-for", "expect"),
        ]
    ),
    st.sampled_from([MODERN, "2025-11-25", "1999-01-01", "*/*", "application/json", "tools/call"])
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(str.strip),
    max_size=5,
)


@given(body=st.binary(max_size=200) | REQUESTS | VALUES, headers=HEADERS, modern=st.booleans())
@FUZZ
async def test_nothing_that_is_posted_breaks_the_server(
    server: ToolServer,
    http: httpx2.AsyncClient,
    body: Any,
    headers: dict[str, str],
    modern: bool,
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    era = {"mcp-protocol-version": MODERN, "mcp-method": "ping"} if modern else {}
    with anyio.move_on_after(2):  # a subscription has no end
        async with http.stream(
            "POST", "/mcp", content=content, headers={**ACCEPT, **era, **headers}
        ) as answer:
            assert answer.status_code < 500
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                text = (await answer.aread()).decode()
                assert not any(secret in text for secret in SECRETS)
    assert await is_well(server)


async def parts(*pieces: bytes) -> bytes:
    messages = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, start=1)
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    return await read_body(receive, None, BodyLimits(max_bytes=10))


async def test_a_body_is_put_together() -> None:
    assert await parts(b"") == b""
    assert await parts(b"abc", b"", b"def") == b"abcdef"
    with pytest.raises(Refusal) as refused:
        await parts(b"abcdef", b"ghijkl")
    assert refused.value.status == 413


async def test_a_client_that_hangs_up_is_no_body() -> None:
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientGone):
        await read_body(gone, None, BodyLimits())


async def test_a_body_that_does_not_come_is_not_awaited_for_ever() -> None:
    """Where somebody else listens; our own connections cut such a client off."""
    server = MCPServerBuilder("slow").with_protocol("box", Toolbox()).with_limits(body_s=0.01)
    said: list[MutableMapping[str, Any]] = []

    async def silence() -> MutableMapping[str, Any]:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "headers": [(b"host", b"127.0.0.1:8080"), (b"content-length", b"2")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8080),
    }
    built = server.build()
    app = built.asgi_app()
    with anyio.fail_after(5):
        async with built.lifespan():
            await app(scope, silence, send)
    assert said[0]["status"] == 408


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (legacy("tools/call", {"name": "add"}), Said("tools/call", named=("tool", "add"))),
        (legacy("prompts/get", {"name": "hi"}), Said("prompts/get", named=("prompt", "hi"))),
        (
            legacy("resources/read", {"uri": "a:b"}),
            Said("resources/read", named=("resource", "a:b")),
        ),
        (legacy("tools/list"), Said("tools/list")),
        (legacy("tools/call"), Said("tools/call")),
        ('{"method": "notifications/cancelled"}', Said("notifications/cancelled", goes_on=True)),
        ('{"id": 1, "result": {}}', Said(goes_on=True)),
        ('{"id": 1, "error": {}}', Said(goes_on=True)),
        ("{}", Said()),
        ('{"method": ["tools/call"], "params": 7}', Said("['tools/call']", goes_on=True)),
        ("[]", Said()),
        ("{", Said()),
        ("[" * 100_000, Said()),
    ],
)
def test_a_body_says_what_it_is_about(body: str, said: Said) -> None:
    assert said_in(body.encode()) == said


LONG = "x" * 70_000
MANY = {f"k{number}": {"a": ["b"] * 20} for number in range(100)}
BULK: dict[str, tuple[str, bool]] = {
    "a call": (legacy("tools/call", {"name": "add", "arguments": {"a": LONG}}), True),
    "a call with many arguments": (
        legacy("tools/call", {"name": "add", "arguments": {**MANY, "z": LONG}}),
        True,
    ),
    "a prompt": (legacy("prompts/get", {"name": "hi", "arguments": {"a": LONG}}), True),
    "an answer": (json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"a": LONG}}), True),
    "no message": (json.dumps([LONG]), True),
    "a handshake": (legacy("initialize", {"capabilities": {"a": LONG}}), False),
    "a notice": (json.dumps({"method": "notifications/initialized", "params": {"a": LONG}}), False),
    "a watch": (legacy("resources/subscribe", {"uri": LONG}), False),
    "a list": (legacy("tools/list", {"cursor": LONG}), False),
    "no method": (json.dumps({"method": {"a": LONG}}), False),
    "a list of methods": (json.dumps({"method": ["tools/call"], "params": {"a": LONG}}), False),
    "an unknown method": (legacy("any/thing", {"a": LONG}), False),
    "a call with much about it": (
        legacy("tools/call", {"name": "add", "_meta": MANY, "arguments": {"a": LONG}}),
        False,
    ),
    "a call with many answers": (
        legacy("tools/call", {"name": "add", "inputResponses": MANY, "arguments": {"a": LONG}}),
        False,
    ),
}


@pytest.mark.parametrize("name", BULK)
def test_only_what_has_a_reason_to_be_large_may_be(name: str) -> None:
    body, is_fine = BULK[name]
    if is_fine:
        said_in(body.encode())
        return
    with pytest.raises(Refusal) as refused:
        said_in(body.encode())
    assert (refused.value.status, refused.value.reason) == (413, "size")


@pytest.mark.parametrize("name", [name for name, (_, is_fine) in BULK.items() if not is_fine])
async def test_what_has_no_reason_to_be_large_is_not_let_in(name: str) -> None:
    async with builder(Toolbox()).build() as server, http_to(server) as http:
        answer = await http.post("/mcp", content=BULK[name][0], headers=ACCEPT)
    assert answer.status_code == 413


@pytest.mark.parametrize("limit", ["body_bytes", "depth", "elements", "headers", "call_s"])
def test_a_limit_of_nothing_is_refused(limit: str) -> None:
    with pytest.raises(ConfigError, match=limit):
        builder(Toolbox()).with_limits(**{limit: 0})
