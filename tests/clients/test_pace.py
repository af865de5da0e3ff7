"""Servers that would have us come back at once, for ever."""

import anyio
import pytest
from tests.clients.serving import Asked, OldServer, answering, http

from toolyard import CallContext, Change, MCPClient, ToolCall
from toolyard.clients.pace import Pace
from toolyard.core.errors import Unreachable

CONTEXT = CallContext()
AT_ONCE = http(200, b"retry: 0\nid: 1\ndata:\n\n", kind="text/event-stream")


class Hasty(OldServer):
    """Every stream ends at once, and may be opened again at once."""

    def __init__(self) -> None:
        super().__init__()
        self.streams: list[float] = []

    async def answer(self, asked: Asked) -> bytes:
        if asked.method == "GET":
            self.streams.append(anyio.current_time())
            return AT_ONCE
        if asked.method == "POST" and asked.body["method"] == "tools/call":
            return AT_ONCE
        return await super().answer(asked)


async def test_a_stream_of_notices_that_ends_at_once_is_opened_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolyard.clients.pace.FIRST_PAUSE_S", 0.1)
    server = Hasty()
    with anyio.fail_after(10):
        async with answering(server.answer) as url, MCPClient(url):
            while len(server.streams) < 4:  # noqa: ASYNC110  (the server tells of nothing)
                await anyio.sleep(0.01)
    assert server.streams[-1] - server.streams[0] > 0.5


async def test_a_call_whose_stream_ends_again_and_again_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolyard.clients.pace.FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("toolyard.clients.posts.MOST_RESUMPTIONS", 3)
    server = Hasty()
    with anyio.fail_after(10):
        async with answering(server.answer) as url, MCPClient(url) as client:
            with pytest.raises(Unreachable, match="again and again"):
                await client.call_tool(ToolCall("x"), CONTEXT)
            assert len(await client.list_tools(CONTEXT)) == 1


async def test_the_pace_slackens_and_a_try_that_lasts_restores_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolyard.clients.pace.FIRST_PAUSE_S", 0.1)
    monkeypatch.setattr("toolyard.clients.pace.LONGEST_PAUSE_S", 0.2)
    pace = Pace()

    async def waited_s() -> float:
        began = anyio.current_time()
        await pace.keep()
        return anyio.current_time() - began

    assert await waited_s() < 0.05
    for least_s in (0.09, 0.19, 0.19):
        assert await waited_s() > least_s
    monkeypatch.setattr("toolyard.clients.pace.STEADY_S", 0.0)
    assert await waited_s() < 0.05


class Breaking(OldServer):
    """Its streams of notices break off in the middle twice, and then one tells of a change."""

    def __init__(self) -> None:
        super().__init__()
        self.streams = 0

    async def answer(self, asked: Asked) -> bytes:
        if asked.method != "GET":
            return await super().answer(asked)
        self.streams += 1
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        if self.streams <= 2:
            return head
        change = b'data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n'
        return b"%s%x\r\n%s\r\n" % (head, len(change), change)


async def test_notices_are_heard_again_however_often_their_stream_breaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolyard.clients.pace.FIRST_PAUSE_S", 0.05)
    server, heard = Breaking(), anyio.Event()

    def hear(change: Change) -> None:
        if server.streams > 2:
            heard.set()

    with anyio.fail_after(10):
        async with answering(server.answer) as url, MCPClient(url) as client:
            client.subscribe(hear)
            await heard.wait()


class Packing(OldServer):
    """Its stream of notices is compressed, which nobody asked for."""

    async def answer(self, asked: Asked) -> bytes:
        if asked.method == "GET":
            packed = "Content-Encoding: gzip\r\n"
            return http(200, b"x", kind="text/event-stream", head=packed)
        return await super().answer(asked)


async def test_a_stream_that_cannot_be_read_is_none_that_is_heard() -> None:
    async with answering(Packing().answer) as url, MCPClient(url) as client:
        connection = client._link.connection
        assert connection is not None
        with anyio.fail_after(5):
            await connection.hearing.over.wait()


async def test_the_end_of_a_session_is_no_trouble(caplog: pytest.LogCaptureFixture) -> None:
    class Ending(OldServer):
        async def answer(self, asked: Asked) -> bytes:
            if asked.method == "DELETE":
                return http(200, b"", kind="text/plain")
            return await super().answer(asked)

    async with answering(Ending().answer) as url, MCPClient(url) as client:
        await client.list_tools(CONTEXT)
    assert "termination failed" not in caplog.text
