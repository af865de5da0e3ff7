"""Calls in the fast lane that last, break off, come in pieces, or come several at once."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from mcp.server import _streamable_http_modern as sdk_modern
from tests.servers.harness import builder
from tests.servers.lane.odd_requests import Odd, plain
from tests.servers.lane.slow import Slow, until
from tests.servers.lane.wire import Answer, asked

from toolyard.servers.lane import fast_lane
from toolyard.servers.tool_server import ToolServer


@asynccontextmanager
async def serving(box: Slow) -> AsyncGenerator[ToolServer]:
    async with builder(box).build() as server:
        yield server


def asking(tool: str, **arguments: Any) -> Odd:
    odd = plain("tools/call", {"name": tool, "arguments": arguments})
    odd.headers = [pair for pair in odd.headers if pair[0] != b"authorization"]
    return odd


def as_bytes(port: int, odd: Odd) -> bytes:
    headers = [(b"host", b"127.0.0.1:%d" % port), (b"content-length", b"%d" % len(odd.body))]
    lines = b"".join(b"%b: %b\r\n" % pair for pair in [*headers, *odd.headers])
    return b"POST /mcp HTTP/1.1\r\n%b\r\n%b" % (lines, odd.body)


async def test_a_call_that_outlives_the_way_to_the_sdk_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fast_lane, "LASTING_S", 0.02)
    box = Slow()
    async with serving(box) as server, await anyio.connect_tcp("127.0.0.1", server.port) as stream:
        server.long_way.is_running = False
        await stream.send(as_bytes(server.port, asking("wait")))
        with anyio.fail_after(5):
            said = await stream.receive()
        assert said.startswith(b"HTTP/1.1 503")
        assert b"The server is not running." in said
        box.go.set()


async def test_a_call_that_lasts_is_kept_alive_and_answered_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the SDK, which sends something now and then, so that no proxy hangs up."""
    monkeypatch.setattr(fast_lane, "LASTING_S", 0.02)
    monkeypatch.setattr(sdk_modern, "_SSE_PING_INTERVAL", 0.05)
    box = Slow()
    answers: list[Answer] = []
    async with serving(box) as server, anyio.create_task_group() as tasks:

        async def ask() -> None:
            answers.append(await asked(server.port, asking("wait")))

        tasks.start_soon(ask)
        await anyio.sleep(0.4)
        box.go.set()
    (answer,) = answers
    assert answer.headers["content-type"] == "text/event-stream"
    assert b": ping" in answer.body
    (message,) = answer.said
    assert message["result"]["structuredContent"] == {"result": "waited"}
    assert (box.begun, box.ended) == (["wait"], ["done"])


@pytest.mark.parametrize("lasting_s", [0.02, 60])
async def test_a_client_that_leaves_takes_its_call_along(
    monkeypatch: pytest.MonkeyPatch, lasting_s: float
) -> None:
    """Whether the call was handed over meanwhile or not."""
    monkeypatch.setattr(fast_lane, "LASTING_S", lasting_s)
    box = Slow()
    async with serving(box) as server:
        async with await anyio.connect_tcp("127.0.0.1", server.port) as connection:
            await connection.send(as_bytes(server.port, asking("wait")))
            await until(box, 1)
            await anyio.sleep(0.1)
        await until(box, 2)
        assert box.ended == ["cancelled"]
        assert server.registry.health()["tools"]["in_flight"] == 0
        if lasting_s == 60:
            await anyio.sleep(0.1)
            assert server.long_way.side is None  # nobody is there to be answered by the SDK


@pytest.mark.parametrize("lasting_s", [0.02, 60])
async def test_a_call_under_way_is_answered_when_the_server_stops(
    monkeypatch: pytest.MonkeyPatch, lasting_s: float
) -> None:
    monkeypatch.setattr(fast_lane, "LASTING_S", lasting_s)
    box = Slow()
    answers: list[Any] = []
    async with serving(box) as server, anyio.create_task_group() as tasks:

        async def ask() -> None:
            answers.append((await asked(server.port, asking("wait"))).said)

        tasks.start_soon(ask)
        await until(box, 1)
        await anyio.sleep(0.1)
        tasks.start_soon(server.stop, 5)
        await anyio.sleep(0.05)
        box.go.set()
    assert answers[0]["result"]["structuredContent"] == {"result": "waited"}


async def test_several_at_once_are_answered_in_their_order() -> None:
    box = Slow()
    async with serving(box) as server:
        requests = [asking("quick", number=number) for number in range(5)]
        requests[2] = asking("quick", number="2")  # the app answers that
        async with await anyio.connect_tcp("127.0.0.1", server.port) as connection:
            await connection.send(b"".join(as_bytes(server.port, odd) for odd in requests))
            said = b""
            with anyio.fail_after(5):
                while said.count(b"HTTP/1.1 200 OK") < 5 or not said.endswith(b"}"):
                    said += await connection.receive()
    texts = [
        json.loads(part[part.index(b"{") :].split(b"HTTP")[0])
        for part in said.split(b"\r\n\r\n")[1:]
    ]
    results = [each["result"].get("structuredContent") for each in texts]
    assert results == [{"result": 0}, {"result": 1}, None, {"result": 3}, {"result": 4}]


@pytest.mark.parametrize("sizes", [1, 7, 100])
async def test_a_request_in_pieces_is_answered(sizes: int) -> None:
    box = Slow()
    async with serving(box) as server:
        whole = as_bytes(server.port, asking("quick", number=7))
        async with await anyio.connect_tcp("127.0.0.1", server.port) as connection:
            for start in range(0, len(whole), sizes):
                await connection.send(whole[start : start + sizes])
            said = b""
            with anyio.fail_after(5):
                while b'"result":7' not in said:
                    said += await connection.receive()
    assert box.begun == ["quick 7"]


async def test_it_is_open_where_somebody_else_listens() -> None:
    box = Slow()
    server = builder(box).build()
    said: list[MutableMapping[str, Any]] = []
    odd = asking("quick", number=7)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": odd.body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "headers": [(b"host", b"127.0.0.1:8080"), *odd.headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8080),
    }
    app = server.asgi_app()
    async with server.lifespan():
        await anyio.wait_all_tasks_blocked()
        await app(scope, receive, send)
    assert (said[0]["status"], json.loads(said[1]["body"])["result"]["isError"]) == (200, False)
    assert box.begun == ["quick 7"]


async def test_a_connection_waits_for_its_next_request_after_any_answer() -> None:
    """As long as connections may be kept, not as long as a request may take to come in."""
    box = Slow()
    limited = builder(box).with_limits(header_s=0.2, body_s=0.2, keep_alive_s=20)
    listing = plain("tools/list", {})
    listing.headers = [pair for pair in listing.headers if pair[0] != b"authorization"]
    async with (
        limited.build() as server,
        await anyio.connect_tcp("127.0.0.1", server.port) as connection,
    ):
        for odd in (listing, asking("quick", number=1), listing, listing):
            await connection.send(as_bytes(server.port, odd))
            with anyio.fail_after(5):
                assert (await connection.receive()).startswith(b"HTTP/1.1 200 OK")
            await anyio.sleep(0.5)
