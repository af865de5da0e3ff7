"""Calls of 2026-07-28 that go past the SDK, beside the same calls by its own transport."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx2
import pytest
from anyio.abc import SocketStream
from opentelemetry.trace import NonRecordingSpan, SpanContext, use_span
from tests.clients.serving import Asked, answering, asked_on, handling, http

from toolyard import CallContext, MCPClient, ToolCall
from toolyard.clients.calls import FIRST_NUMBER
from toolyard.core.context import LogLevel
from toolyard.core.errors import CallTimeout, InputRequired, RemoteFault, ToolyardError, Unreachable
from toolyard.core.inputs import InputRequest

CONTEXT = CallContext()
ADD = ToolCall("add", {"a": 1})
STREAM = "text/event-stream"
WAYS: Mapping[str, Mapping[str, Any]] = {"direct": {}, "sdk": {"auth": httpx2.Auth()}}
"""Whoever signs in has a say in every request, so that each goes the SDK's way."""

Answer = Callable[[Asked], bytes]

HEADED = {
    "type": "object",
    "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
}
DISCOVERED: Mapping[str, Any] = {
    "supportedVersions": ["2026-07-28"],
    "capabilities": {"tools": {}},
    "ttlMs": 0,
    "cacheScope": "private",
    "resultType": "complete",
}
LISTED: Mapping[str, Any] = {
    "tools": [{"name": "headed", "inputSchema": HEADED}],
    "ttlMs": 0,
    "cacheScope": "private",
    "resultType": "complete",
}


def said(asked: Asked, **rest: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": asked.body["id"], **rest}


def event(message: object) -> bytes:
    return f"data: {json.dumps(message)}\n\n".encode()


@dataclass
class Server:
    """A server of 2026-07-28 that answers calls as a test says."""

    answer: Answer
    calls: list[Asked] = field(default_factory=list[Asked])

    async def __call__(self, asked: Asked) -> bytes:
        if asked.method != "POST":
            return http(405)
        method = asked.body["method"]
        if method == "tools/call":
            self.calls.append(asked)
            return self.answer(asked)
        result = DISCOVERED if method == "server/discover" else LISTED
        return http(200, said(asked, result=result))

    @property
    def direct_calls(self) -> int:
        return sum(asked.body["id"] >= FIRST_NUMBER for asked in self.calls)


def of(result: object) -> Answer:
    return lambda asked: http(200, said(asked, result=result))


def texts(*blocks: object, **rest: object) -> dict[str, Any]:
    return {"content": list(blocks), "resultType": "complete", **rest}


TEXT = {"type": "text", "text": "ok"}
DATA = base64.b64encode(b"\0\1").decode()
NOTES = {"annotations": {"priority": None, "audience": ["user"]}, "_meta": {"a": None}}
DOCUMENT = {"uri": "file:///a", "mimeType": "text/plain"}
SERVER = {"io.modelcontextprotocol/serverInfo": {"name": "s", "version": "1"}}
ASKED: Mapping[str, Any] = {
    "who": {
        "method": "elicitation/create",
        "params": {"message": "Who?", "requestedSchema": {"type": "object", "properties": {}}},
    }
}

RESULTS: dict[str, object] = {
    "a text": texts(TEXT),
    "nothing": texts(),
    "data": texts(TEXT, structuredContent={"a": [1, 1.5, None, True, 10**30]}, isError=False),
    "data that is no object": texts(TEXT, structuredContent=[1]),
    "an error": texts(TEXT, isError=True),
    "no word on errors": texts(TEXT, isError=None),
    "an odd word on errors": texts(TEXT, isError="yes"),
    "a number for an error": texts(TEXT, isError=1),
    "notes": texts(TEXT, _meta={**SERVER, "x/y": [1]}),
    "notes of the server": texts(TEXT, _meta=SERVER),
    "null for notes": texts(TEXT, _meta=None),
    "odd notes": texts(TEXT, _meta=[1]),
    "a text with notes": texts({**TEXT, **NOTES}),
    "a text with more": texts({**TEXT, "more": 1}),
    "an image": texts({"type": "image", "data": DATA, "mimeType": "image/png", **NOTES}),
    "a sound": texts(TEXT, {"type": "audio", "data": DATA, "mimeType": "audio/wav"}),
    "a link": texts({"type": "resource_link", "uri": "file:///a", "name": "a", "size": 3}),
    "a document": texts({"type": "resource", "resource": {**DOCUMENT, "text": "t"}, **NOTES}),
    "a file": texts({"type": "resource", "resource": {**DOCUMENT, "blob": DATA}}),
    "broken base64": texts({"type": "image", "data": "abc", "mimeType": "image/png"}),
    "an unknown block": texts({"type": "smell", "text": "x"}),
    "a block that is none": texts("ok"),
    "a text without text": texts({"type": "text"}),
    "a text that is none": texts({"type": "text", "text": 1}),
    "no blocks": {"resultType": "complete"},
    "null for blocks": {"content": None, "resultType": "complete"},
    "an object for blocks": {"content": {}, "resultType": "complete"},
    "no type": {"content": [TEXT]},
    "an odd type": texts(TEXT, resultType="odd"),
    "a type that is none": texts(TEXT, resultType=7),
    "more than there is": texts(TEXT, ttlMs=-5, inputRequests=ASKED),
    "a question": {"resultType": "input_required", "inputRequests": ASKED, "requestState": "s"},
    "a state": {"resultType": "input_required", "requestState": "s"},
    "an empty question": {"resultType": "input_required"},
    "an odd question": {"resultType": "input_required", "inputRequests": {"a": {"method": "x"}}},
    "no object": [1],
    "no result": None,
}

ERROR = {"code": -32602, "message": "No.", "data": {"why": [None]}}


def refusing(status: int, **error: object) -> Answer:
    return lambda asked: http(status, said(asked, error={**ERROR, **error}))


def raw(text: str) -> Answer:
    """An answer with `ID` where the id goes."""
    return lambda asked: http(200, text.replace("ID", str(asked.body["id"])).encode())


WHOLE = '{"jsonrpc": "2.0", "id": ID, "result": {"content": [], "resultType": "complete"%s}}'

BODIES: dict[str, Answer] = {
    "an error of the protocol": refusing(200),
    "its status": refusing(400),
    "an error as the SDK writes it": refusing(200, code=-32000, message="Connection closed"),
    "an error without a sentence": lambda asked: http(200, said(asked, error={"code": 1})),
    "an error with an odd code": refusing(200, code="one"),
    "a result and an error": lambda asked: http(200, said(asked, result=texts(TEXT), error=ERROR)),
    "an id as a text": lambda asked: http(
        200, {**said(asked, result=texts()), "id": str(asked.body["id"])}
    ),
    "no version": lambda asked: http(200, {"id": asked.body["id"], "result": texts(TEXT)}),
    "another version": lambda asked: http(200, {**said(asked, result=texts()), "jsonrpc": "1.0"}),
    "no JSON": raw("{"),
    "no answer": raw('"ID"'),
    "no bytes": raw(""),
    "no UTF-8": lambda _: http(200, b"\xff\xfe\x00"),
    "spaces around": raw(f" \n{WHOLE % ''}\n "),
    "half a character": raw(WHOLE % ', "structuredContent": "\\ud800"'),
    "no number": raw(WHOLE % ', "structuredContent": NaN'),
    "twice the same": raw(WHOLE % ', "content": [{"type": "text", "text": "2"}]'),
    "nested": raw(WHOLE % f', "structuredContent": {"[" * 150}{"]" * 150}'),
    "many values": raw(WHOLE % f', "structuredContent": [{"1," * 500_001}1]'),
    "large": raw(WHOLE % f', "structuredContent": "{"x" * 300_000}"'),
    "too large": raw(WHOLE % f', "structuredContent": "{"x" * 1_100_000}"'),
    "cut": lambda _: (
        b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    ),
    "no HTTP": lambda _: b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "dropped": lambda _: b"",
    "packed": lambda asked: http(
        200, said(asked, result=texts()), head="Content-Encoding: gzip\r\n"
    ),
    "a cookie": lambda asked: http(200, said(asked, result=texts()), head="Set-Cookie: a=b\r\n"),
    "a page": lambda _: http(200, b"<p>", kind="text/html"),
    "created elsewhere": lambda asked: http(
        201, said(asked, result=texts(TEXT)), head="Location: /result\r\n"
    ),
    "moved without a place": lambda asked: http(307, said(asked, result=texts(TEXT))),
    "not packed": lambda asked: http(
        200, said(asked, result=texts(TEXT)), head="Content-Encoding: identity\r\n"
    ),
    "created": lambda asked: http(201, said(asked, result=texts(TEXT))),
    "moved, but here": lambda asked: http(304, said(asked, result=texts(TEXT))),
    "no kind": lambda asked: http(200, said(asked, result=texts()), kind=""),
    "accepted": lambda _: http(202),
    "empty": lambda _: http(204),
    "elsewhere": lambda _: http(307, head="Location: http://127.0.0.2/mcp\r\n"),
    "nowhere": lambda _: http(307),
    "unknown to us": lambda _: http(401, head='WWW-Authenticate: Bearer realm="x"\r\n'),
    "forbidden": refusing(403, message="Not from there."),
    "no page": lambda _: http(404, b"<html>", kind="text/html"),
    "no method": refusing(404, code=-32601),
    "too much": refusing(429, message="Wait 3 s."),
    "trouble": lambda _: http(500, b"Traceback", kind="text/plain"),
    "trouble, told": refusing(500, code=-32603),
    "a proxy's trouble": lambda _: http(502),
    "overload": lambda _: http(503, b"{}"),
    "a stream": lambda asked: http(200, event(said(asked, result=texts(TEXT))), kind=STREAM),
    "a stream with an error": lambda asked: http(200, event(said(asked, error=ERROR)), kind=STREAM),
    "a stream with words before": lambda asked: http(
        200, b": hello\n\n" + event(said(asked, result=texts(TEXT))), kind=STREAM
    ),
    "a stream with a notice": lambda asked: http(
        200,
        event(
            {
                "jsonrpc": "2.0",
                "method": "notifications/message",
                "params": {"level": "info", "data": 1},
            }
        )
        + event(said(asked, result=texts(TEXT))),
        kind=STREAM,
    ),
    "a stream with another id": lambda asked: http(
        200, event({**said(asked, result=texts(TEXT)), "id": 77}), kind=STREAM
    ),
    "a nested stream": lambda asked: http(
        200, event(said(asked, result=json.loads("[" * 150 + "]" * 150))), kind=STREAM
    ),
    "a broken stream": lambda _: http(200, b"data: {nope}\n\n", kind=STREAM),
    "an ended stream": lambda _: http(200, b": hello\n\n", kind=STREAM),
}

NEVER: dict[str, Answer] = {
    "another id": lambda asked: http(200, {**said(asked, result=texts(TEXT)), "id": 77}),
    "no id": lambda asked: http(200, {"jsonrpc": "2.0", "id": None, "error": ERROR}),
    "a notice": lambda _: http(200, {"jsonrpc": "2.0", "method": "notifications/message"}),
}
"""What answers nothing that was asked: it is waited for."""


async def told(url: str, client: MCPClient, context: CallContext) -> object:
    """What a call gives, or raises, without what names the server's port."""
    try:
        return await client.call_tool(ADD, context)
    except ToolyardError as error:
        shown: list[object] = [type(error), str(error).replace(url.split("/")[2], "HERE")]
        if isinstance(error, RemoteFault):
            shown += [error.wire_code, error.details]
        if isinstance(error, InputRequired):
            shown += [error.requests, error.state]
        return shown


async def by_both(answer: Answer, *, seconds: float = 10) -> list[object]:
    """What a call gives the one way and the other; each is sent once."""
    outcomes: list[object] = []
    for way, options in WAYS.items():
        server = Server(answer)
        with anyio.fail_after(20):
            async with answering(server) as url, MCPClient(url, **options) as client:
                context = CallContext(deadline=anyio.current_time() + seconds)
                outcomes.append(await told(url, client, context))
        assert (len(server.calls), server.direct_calls) == (1, int(way == "direct"))
    return outcomes


@pytest.mark.parametrize("kind", RESULTS)
async def test_a_result_is_taken_as_the_sdk_takes_it(kind: str) -> None:
    direct, by_the_sdk = await by_both(of(RESULTS[kind]))
    assert direct == by_the_sdk


@pytest.mark.parametrize("kind", BODIES)
async def test_any_answer_is_taken_as_the_sdk_takes_it(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("direct", "http", "events"):
        monkeypatch.setattr(f"toolyard.clients.{part}.MOST_BYTES", 2**20 + 50_000)
    direct, by_the_sdk = await by_both(BODIES[kind])
    assert repr(direct) == repr(by_the_sdk)  # no number equals no number


@pytest.mark.parametrize("kind", NEVER)
async def test_what_answers_something_else_is_waited_for_either_way(kind: str) -> None:
    direct, by_the_sdk = await by_both(NEVER[kind], seconds=0.3)
    assert isinstance(direct, list)
    assert isinstance(by_the_sdk, list)
    assert direct[0] is by_the_sdk[0] is CallTimeout


async def test_a_redirect_to_the_same_place_is_followed_either_way() -> None:
    for way, options in WAYS.items():
        moved = iter([http(307, head="Location: /mcp?moved\r\n")])

        def answer(asked: Asked, moved: Iterator[bytes] = moved) -> bytes:
            return next(moved, None) or http(200, said(asked, result=texts(TEXT)))

        server = Server(answer)
        with anyio.fail_after(10):
            async with answering(server) as url, MCPClient(url, **options) as client:
                assert (await client.call_tool(ADD, CONTEXT)).text == "ok"
        assert (len(server.calls), server.direct_calls) == (2, int(way == "direct"))


class Listening:
    """A channel whose caller wants what it is told to want."""

    capabilities: Mapping[str, Any] = {}
    can_ask = False

    def __init__(self, *, wants_progress: bool = False, log_level: LogLevel | None = None) -> None:
        self.wants_progress = wants_progress
        self.log_level: LogLevel | None = log_level

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        raise AssertionError(progress)

    async def log(self, level: LogLevel, data: Any, logger: str | None) -> None:
        raise AssertionError(data)

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        raise AssertionError(request)


async def test_a_request_is_the_same_either_way() -> None:
    asked = list[list[Asked]]()
    logs = CallContext(channel=Listening(log_level="warning"))
    for options in WAYS.values():
        server = Server(of(texts(TEXT)))
        with anyio.fail_after(10):
            async with (
                answering(server) as url,
                MCPClient(
                    url, headers={"X-Team": "blue", "Accept": "nothing"}, **options
                ) as client,
            ):
                await client.list_tools(CONTEXT)
                await client.call_tool(ToolCall("add", {"a": [1, None, {"b": "é"}]}), CONTEXT)
                await client.call_tool(ToolCall("fügen", {}), CONTEXT)
                await client.call_tool(ToolCall("headed", {"region": "in Übersee"}), CONTEXT)
                await client.call_tool(ToolCall("headed", {"region": None}), logs)
                with use_span(NonRecordingSpan(SpanContext(1, 2, is_remote=True))):
                    await client.call_tool(ADD, CONTEXT)
        asked.append(server.calls)

    for direct, by_the_sdk in zip(*asked, strict=True):
        del direct.body["id"], by_the_sdk.body["id"]
        assert direct.body == by_the_sdk.body
        passing = ("host", "content-length")  # a port, and how long an id is
        assert {**direct.headers, **dict.fromkeys(passing)} == {
            **by_the_sdk.headers,
            **dict.fromkeys(passing),
        }
    _, named, headed, logging, traced = asked[0]
    assert named.headers["mcp-name"].startswith("=?base64?")
    assert headed.headers["mcp-param-region"].startswith("=?base64?")
    assert "warning" in logging.body["params"]["_meta"].values()
    assert "traceparent" in traced.body["params"]["_meta"]


@pytest.mark.parametrize(
    "context",
    [
        CallContext(channel=Listening(wants_progress=True)),
        CallContext(inputs={"who": {"action": "decline"}}),
        CallContext(state="s"),
    ],
    ids=["progress", "an answer", "a state"],
)
async def test_calls_with_more_to_them_go_the_sdks_way(context: CallContext) -> None:
    server = Server(of(texts(TEXT)))
    with anyio.fail_after(10):
        async with answering(server) as url, MCPClient(url) as client:
            assert (await client.call_tool(ADD, context)).text == "ok"
    assert (len(server.calls), server.direct_calls) == (1, 0)


async def test_calls_share_a_connection_and_one_whose_answer_does_not_end_is_left() -> None:
    connections, left = list[SocketStream](), anyio.Event()

    async def handle(stream: SocketStream) -> None:
        connections.append(stream)
        async with stream:
            with suppress(anyio.IncompleteRead):
                while True:
                    asked = await asked_on(stream)
                    result = DISCOVERED if asked.body["method"] != "tools/call" else texts(TEXT)
                    if asked.body["params"].get("name") != "endless":
                        answer = http(200, said(asked, result=result))
                        await stream.send(answer.replace(b"Connection: close\r\n", b""))
                        continue
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: {STREAM}\r\n\r\n".encode()
                    await stream.send(head + event(said(asked, result=result)))
                    with suppress(anyio.EndOfStream):
                        await stream.receive()
                    left.set()
                    return

    with anyio.fail_after(10):
        async with handling(handle) as url, MCPClient(url) as client:
            for _ in range(3):
                assert (await client.call_tool(ADD, CONTEXT)).text == "ok"
            assert len(connections) == 1
            assert (await client.call_tool(ToolCall("endless"), CONTEXT)).text == "ok"
            assert (await client.call_tool(ADD, CONTEXT)).text == "ok"
            assert not left.is_set()
            await left.wait()
            assert len(connections) == 2


@pytest.mark.parametrize("way", WAYS)
async def test_leaving_ends_a_call_that_is_under_way(way: str) -> None:
    begun, errors = anyio.Event(), list[Exception]()

    async def handle(stream: SocketStream) -> None:
        async with stream:
            asked = await asked_on(stream)
            if asked.body["method"] == "server/discover":
                await stream.send(http(200, said(asked, result=DISCOVERED)))
                return
            begun.set()
            with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                await stream.receive()

    async def call(client: MCPClient) -> None:
        try:
            await client.call_tool(ADD, CONTEXT)
        except ToolyardError as error:
            errors.append(error)

    with anyio.fail_after(10):
        async with handling(handle) as url, anyio.create_task_group() as tasks:
            client = MCPClient(url, **WAYS[way])
            async with client:
                tasks.start_soon(call, client)
                await begun.wait()
        assert [type(error) for error in errors] == [Unreachable]
        assert "may or may not have run" in str(errors[0])
