"""Calls that go past the SDK's HTTP transport, and those that must not."""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import httpx2
import pytest
from tests.clients.serving import Answering, Asked, OldServer, answering, asked_on, handling, http
from tests.clients.tools import toolbox

from toolyard import CallContext, MCPClient, MCPServerBuilder, ToolCall
from toolyard.core.errors import CallTimeout, NotAdmitted, RemoteFault, Unreachable

CONTEXT = CallContext()
ADD = ToolCall("add", {"a": 1})
OK = {"content": [{"type": "text", "text": "ok"}]}
STREAM = "text/event-stream"


def result_of(asked: Asked, result: object = OK) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": asked.body["id"], "result": result}


def tangled(asked: Asked) -> dict[str, Any]:
    deep = json.loads("[" * 150 + "]" * 150)
    return result_of(asked, {**OK, "structuredContent": deep})


def event(message: object, *, before: str = "") -> bytes:
    return f"{before}data: {json.dumps(message)}\r\n\r\n".encode()


def from_the_second_call_on(answer: Callable[[Asked], bytes]) -> tuple[Answering, list[Asked]]:
    """A server of 2025-11-25 whose first call is a usual one; and what was asked of it."""
    server, calls = OldServer(), list[Asked]()

    async def answered(asked: Asked) -> bytes:
        if asked.body and asked.body["method"] == "tools/call":
            calls.append(asked)
            if len(calls) > 1:
                return answer(asked)
        return await server.answer(asked)

    return answered, calls


def through_the_sdk(log: pytest.LogCaptureFixture) -> int:
    """How many requests the SDK's transport has sent."""
    return sum(record.name == "httpx2" for record in log.records)


@pytest.fixture(autouse=True)
def _logged(caplog: pytest.LogCaptureFixture) -> None:  # pyright: ignore[reportUnusedFunction]
    caplog.set_level(logging.INFO, "httpx2")


PLAIN: dict[str, Callable[[Asked], bytes]] = {
    "cookie": lambda asked: http(200, result_of(asked), head="Set-Cookie: a=b\r\n"),
    "json": lambda asked: http(200, result_of(asked), kind="Application/JSON; charset=utf-8"),
    "event": lambda asked: http(200, event(result_of(asked)), kind=STREAM),
    "named": lambda asked: http(
        200, event(result_of(asked), before="id: 7\nevent: message\n"), kind=STREAM
    ),
}
ODD: dict[str, Callable[[Asked], bytes]] = {
    "primed": lambda asked: http(200, b"id: 1\ndata:\n\n" + event(result_of(asked)), kind=STREAM),
    "commented": lambda asked: http(200, b": hello\n\n" + event(result_of(asked)), kind=STREAM),
    "in lines": lambda asked: http(
        200, event(result_of(asked)).replace(b', "id"', b'\ndata: , "id"'), kind=STREAM
    ),
    "told first": lambda asked: http(
        200,
        event(
            {
                "jsonrpc": "2.0",
                "method": "notifications/message",
                "params": {"level": "info", "data": 1},
            }
        )
        + event(result_of(asked)),
        kind=STREAM,
    ),
    "large": lambda asked: http(
        200, event(result_of(asked, {**OK, "_meta": {"x/y": "z" * 200_000}})), kind=STREAM
    ),
}


@pytest.mark.parametrize("kind", [*PLAIN, *ODD])
async def test_every_answer_arrives_and_a_plain_one_by_the_shortcut(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer, calls = from_the_second_call_on({**PLAIN, **ODD}[kind])
    with anyio.fail_after(10):
        async with answering(answer) as url, MCPClient(url, revision="legacy") as client:
            assert (await client.call_tool(ADD, CONTEXT)).text == "ok"
            sent = through_the_sdk(caplog)
            assert (await client.call_tool(ADD, CONTEXT)).text == "ok"
            assert (through_the_sdk(caplog) == sent) is (kind in PLAIN)

    assert len(calls) == 2  # whichever way it goes, it is sent once


async def test_a_request_is_the_same_either_way() -> None:
    answer, calls = from_the_second_call_on(PLAIN["json"])
    headers = {"X-Team": "blue", "Accept": "nothing"}
    with anyio.fail_after(10):
        async with (
            answering(answer) as url,
            MCPClient(url, revision="legacy", token="t", headers=headers) as client,
        ):
            for _ in range(2):
                await client.call_tool(ADD, CONTEXT)

    by_the_sdk, by_the_shortcut = calls
    assert by_the_shortcut.headers == by_the_sdk.headers
    assert by_the_shortcut.headers["authorization"] == "Bearer t"
    for call in calls:
        del call.body["id"]
    assert by_the_shortcut.body == by_the_sdk.body


async def test_a_cookie_is_sent_from_then_on() -> None:
    answer, calls = from_the_second_call_on(PLAIN["cookie"])
    with anyio.fail_after(10):
        async with answering(answer) as url, MCPClient(url, revision="legacy") as client:
            for _ in range(3):
                await client.call_tool(ADD, CONTEXT)

    assert [call.headers.get("cookie") for call in calls] == [None, None, "a=b"]


BAD: dict[str, tuple[Callable[[Asked], bytes], type[Exception], str]] = {
    "refused": (lambda _: http(401), NotAdmitted, "401"),
    "nothing": (lambda _: b"", Unreachable, "may or may not have run"),
    "no MCP": (lambda _: http(200, b"<p>", kind="text/html"), Unreachable, "no MCP server"),
    "no JSON": (lambda _: http(200, b"{"), RemoteFault, "unintelligible"),
    "tangled": (lambda asked: http(200, tangled(asked)), Unreachable, "nested"),
    "tangled event": (
        lambda asked: http(200, event(tangled(asked)), kind=STREAM),
        Unreachable,
        "nested",
    ),
    "packed": (
        lambda asked: http(200, result_of(asked), head="Content-Encoding: gzip\r\n"),
        Unreachable,
        "compressed",
    ),
    "elsewhere": (
        lambda _: http(307, head="Location: http://127.0.0.2/mcp\r\n"),
        RemoteFault,
        "not followed",
    ),
    "an error": (
        lambda asked: http(
            200,
            {"jsonrpc": "2.0", "id": asked.body["id"], "error": {"code": -32602, "message": "No."}},
        ),
        RemoteFault,
        "No.",
    ),
}


@pytest.mark.parametrize("kind", BAD)
async def test_what_goes_wrong_is_said_as_on_the_other_way(kind: str) -> None:
    answer, error, said = BAD[kind]
    answered, calls = from_the_second_call_on(answer)
    with anyio.fail_after(10):
        async with answering(answered) as url, MCPClient(url, revision="legacy") as client:
            await client.call_tool(ADD, CONTEXT)
            with pytest.raises(error, match=said):
                await client.call_tool(ADD, CONTEXT)

    assert len(calls) == 2


async def test_an_answer_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolyard.clients.direct.MOST_BYTES", 10_000)
    monkeypatch.setattr("toolyard.clients.http.MOST_BYTES", 10_000)
    answer, _ = from_the_second_call_on(
        lambda asked: http(200, result_of(asked, {**OK, "_meta": {"x/y": "z" * 50_000}}))
    )
    with anyio.fail_after(10):
        async with answering(answer) as url, MCPClient(url, revision="legacy") as client:
            await client.call_tool(ADD, CONTEXT)
            with pytest.raises(Unreachable, match="larger than"):
                await client.call_tool(ADD, CONTEXT)


@pytest.mark.parametrize("era", ["2026-07-28", "legacy"])
async def test_a_call_that_is_given_up_ends_at_the_server(era: str) -> None:
    ended = anyio.Event()
    tools = toolbox()

    @tools.tool
    async def hang(first: bool) -> str:  # pyright: ignore[reportUnusedFunction]
        """Wait for ever, but for the first time."""
        try:
            if not first:
                await anyio.sleep_forever()
        finally:
            if not first:
                ended.set()
        return "ok"

    builder = MCPServerBuilder("t").with_protocol("t", tools).with_port(0)
    with anyio.fail_after(10):
        async with builder.build() as server, MCPClient(server.url, revision=era) as client:
            await client.call_tool(ToolCall("hang", {"first": True}), CONTEXT)
            soon = CallContext(deadline=anyio.current_time() + 0.3)
            with pytest.raises(CallTimeout):
                await client.call_tool(ToolCall("hang", {"first": False}), soon)
            with anyio.fail_after(1.5):  # sooner than an answer to it is given up
                await ended.wait()
            assert (await client.call_tool(ToolCall("hang", {"first": True}), CONTEXT)).text


async def test_a_stream_that_goes_on_after_the_answer_holds_nothing_up_and_is_left() -> None:
    server, calls, left = OldServer(), list[Asked](), list[bool]()

    async def handle(stream: Any) -> None:
        async with stream:
            asked = await asked_on(stream)
            answer = await server.answer(asked)
            if asked.body and asked.body["method"] == "tools/call":
                calls.append(asked)
                head = f"HTTP/1.1 200 OK\r\nContent-Type: {STREAM}\r\n\r\n".encode()
                await stream.send(head + event(result_of(asked)))
                with anyio.move_on_after(5), suppress(anyio.EndOfStream):
                    await stream.receive()
                left.append(True)
                return
            await stream.send(answer)

    with anyio.fail_after(10):
        async with handling(handle) as url, MCPClient(url, revision="legacy") as client:
            begun = anyio.current_time()
            for _ in range(4):
                assert (await client.call_tool(ADD, CONTEXT)).text == "ok"
            while len(left) < 4:  # noqa: ASYNC110
                await anyio.sleep(0.01)
            assert anyio.current_time() - begun < 4

    assert len(calls) == 4


async def test_whoever_signs_in_has_a_say_in_every_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer, _ = from_the_second_call_on(PLAIN["json"])
    auth = httpx2.BasicAuth("ann", "secret")
    with anyio.fail_after(10):
        async with answering(answer) as url, MCPClient(url, revision="legacy", auth=auth) as client:
            await client.call_tool(ADD, CONTEXT)
            sent = through_the_sdk(caplog)
            await client.call_tool(ADD, CONTEXT)

    assert through_the_sdk(caplog) > sent
