"""Servers of the handshake revisions that ask their client on the stream of notices."""

from dataclasses import replace

import anyio
import pytest
from tests.clients.serving import Asked, OldServer, answering, http

from toolyard import CallContext, MCPClient, ToolCall

CONTEXT = CallContext()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class Slow(OldServer):
    """Takes its time to open the stream of notices, or to say that it has none."""

    def __init__(self, stream: bytes, after_s: float) -> None:
        super().__init__()
        self._stream, self._after_s = stream, after_s
        self.order: list[str] = []

    async def answer(self, asked: Asked) -> bytes:
        if asked.method == "GET":
            await anyio.sleep(self._after_s)
            self.order.append("GET")
            return self._stream
        if asked.method == "POST" and asked.body["method"] == "tools/call":
            self.order.append("call")
        return await super().answer(asked)


@pytest.mark.parametrize("stream", [HEAD, http(405), http(500)], ids=["there", "none", "broken"])
async def test_nothing_is_called_before_the_stream_is_answered(
    stream: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolyard.clients.connection.WAY_BACK_S", 60)
    server = Slow(stream, after_s=0.2)
    with anyio.fail_after(10):
        async with answering(server.answer) as url, MCPClient(url) as client:
            await client.call_tool(ToolCall("add"), CONTEXT)
    assert server.order[:2] == ["GET", "call"]


async def test_a_stream_that_is_never_answered_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolyard.clients.connection.WAY_BACK_S", 0.1)
    server = Slow(HEAD, after_s=3600)
    with anyio.fail_after(10):
        async with answering(server.answer) as url, MCPClient(url) as client:
            await client.call_tool(ToolCall("add"), CONTEXT)
    assert server.order == ["call"]


class Sessionless(Slow):
    """Gives no session, so that nobody asks it for a stream."""

    async def answer(self, asked: Asked) -> bytes:
        answer = await super().answer(
            replace(asked, headers={**asked.headers, "mcp-session-id": self._known})
        )
        return answer.replace(f"Mcp-Session-Id: {self._known}\r\n".encode(), b"")


async def test_a_server_without_sessions_is_called_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolyard.clients.connection.WAY_BACK_S", 3600)
    server = Sessionless(http(405), after_s=0)
    with anyio.fail_after(10):
        async with answering(server.answer) as url, MCPClient(url) as client:
            await client.call_tool(ToolCall("add"), CONTEXT)
    assert server.order == ["call"]
