"""What a connection has sent before makes no difference to what it is answered now."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from anyio.abc import SocketStream
from tests.servers.harness import TOKEN, builder
from tests.servers.lane.odd_requests import CHANGES, Odd, plain
from tests.servers.lane.wire import Answer, answer_on, as_bytes, asked

from toolyard import Toolbox
from toolyard.security.token_lines import write_token
from toolyard.security.tokens import Token
from toolyard.servers.connection import GuardedProtocol
from toolyard.servers.tool_server import ToolServer

ADD = plain("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}})
SUM = plain("tools/call", {"name": "sum", "arguments": {"a": 1, "b": 2}})
LIST = plain("tools/list", {})
CLOSED = (anyio.EndOfStream, anyio.BrokenResourceError)


async def add(a: int, b: int) -> int:
    """Add; 20 takes a little longer."""
    if a == 20:
        await anyio.sleep(0.2)
    return a + b


async def add_at_once(a: int, b: int) -> int:
    """Add."""
    return a + b


def tools_of_both_kinds() -> Toolbox:
    tools = Toolbox()
    tools.add(add)
    tools.add(add_at_once, name="sum")
    return tools


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[ToolServer]:
    async with builder(tools_of_both_kinds()).with_bearer_token(TOKEN).build() as running:
        yield running


@pytest.fixture(scope="module")
async def another_server() -> AsyncGenerator[ToolServer]:
    """One that has not yet seen as many wrong tokens from here."""
    async with builder(tools_of_both_kinds()).with_bearer_token(TOKEN).build() as running:
        yield running


class Kept:
    """One connection for many requests; a new one where the server hung up."""

    def __init__(self, server: ToolServer) -> None:
        self._port = server.port
        self._open = AsyncExitStack()
        self._connection: SocketStream | None = None

    async def __aenter__(self) -> Kept:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def answer(self, odd: Odd) -> Answer:
        if self._connection is not None:
            try:
                return await self._asked(self._connection, odd)
            except CLOSED:
                await self._open.aclose()
        found = await anyio.connect_tcp("127.0.0.1", self._port)
        self._connection = await self._open.enter_async_context(found)
        return await self._asked(found, odd)

    async def _asked(self, connection: SocketStream, odd: Odd) -> Answer:
        await connection.send(as_bytes(self._port, odd))
        return await answer_on(connection)


def matters(answer: Answer) -> tuple[Any, ...]:
    return answer.status, answer.headers, answer.said


@pytest.mark.parametrize("change", CHANGES)
async def test_an_odd_request_is_answered_the_same_whatever_came_before(
    server: ToolServer, another_server: ToolServer, change: Callable[[Odd], Odd]
) -> None:
    for usual, served in ((ADD, server), (SUM, another_server), (LIST, server)):
        odd = change(usual)
        fresh, of_usual = [matters(await asked(served.port, each)) for each in (odd, usual)]
        async with Kept(served) as kept:
            for each, expected in ((usual, of_usual), (odd, fresh)) * 2:
                assert matters(await kept.answer(each)) == expected


@pytest.mark.parametrize("name", ["add", "sum"])
async def test_requests_that_differ_in_their_bodies_are_told_apart(
    server: ToolServer, name: str
) -> None:
    assert server._http is not None
    async with Kept(server) as kept:
        for number in (1, 10, 10**9, 2, 3):
            odd = plain("tools/call", {"name": name, "arguments": {"a": number, "b": number}})
            said = (await kept.answer(odd)).said
            assert said["result"]["structuredContent"] == {"result": 2 * number}
        connection = cast("GuardedProtocol", *server._http.server_state.connections)
        assert connection._familiar.find(as_bytes(server.port, odd)) is not None


async def test_familiar_requests_are_answered_in_order(server: ToolServer) -> None:
    async with await anyio.connect_tcp("127.0.0.1", server.port) as connection:
        for usual in (ADD, SUM):
            await connection.send(as_bytes(server.port, usual))
            await answer_on(connection)
        for number in range(20, 30):
            name = "add" if number % 2 == 0 else "sum"
            odd = plain("tools/call", {"name": name, "arguments": {"a": number, "b": 0}})
            await connection.send(as_bytes(server.port, odd))
            await anyio.sleep(0.01)  # so that it does not come with the next
        received = b""
        with anyio.fail_after(10):
            while received.count(b'"isError"') < 10:
                received += await connection.receive()
    sums = [part.partition(b"}")[0] for part in received.split(b'"structuredContent":{"result":')]
    assert sums[1:] == [b"%d" % number for number in range(20, 30)]


async def test_a_token_that_was_taken_back_is_refused_on_a_connection_that_used_it(
    tmp_path: Path,
) -> None:
    tools, file = tools_of_both_kinds(), tmp_path / "tokens"
    file.write_text(write_token(Token.of(TOKEN, "ann", ["*"])) + "\n")
    async with builder(tools).with_token_file(file).build() as server, Kept(server) as kept:
        assert [(await kept.answer(each)).status for each in (ADD, SUM) * 3] == [200] * 6
        file.write_text("")
        with anyio.fail_after(10):
            while (await kept.answer(SUM)).status == 200:
                pass
        assert [(await kept.answer(each)).status for each in (ADD, SUM)] == [401] * 2


@pytest.mark.parametrize("usual", [ADD, SUM])
async def test_a_familiar_head_carries_no_larger_body_than_others(usual: Odd) -> None:
    large = replace(usual, raw=usual.body + b" " * 1000)
    serving = builder(tools_of_both_kinds()).with_bearer_token(TOKEN).with_limits(body_bytes=1000)
    async with serving.build() as server, Kept(server) as kept:
        assert [(await kept.answer(usual)).status for _ in range(2)] == [200] * 2
        assert (await kept.answer(large)).status == 413


@pytest.mark.parametrize("usual", [ADD, SUM])
async def test_a_familiar_request_is_refused_while_the_server_stops(usual: Odd) -> None:
    serving = builder(tools_of_both_kinds()).with_bearer_token(TOKEN)
    async with serving.build() as stopping, Kept(stopping) as kept:
        assert [(await kept.answer(usual)).status for _ in range(2)] == [200] * 2
        stopping._front.draining = True
        assert (await kept.answer(usual)).status == 503


@pytest.mark.parametrize("usual", [ADD, SUM])
async def test_a_bug_of_ours_is_answered_and_the_connection_goes_on(
    usual: Odd, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = builder(tools_of_both_kinds()).with_bearer_token(TOKEN)
    async with serving.build() as server, Kept(server) as kept:
        assert server.lane is not None
        for _ in range(2):  # the second time it is familiar
            with monkeypatch.context() as patch:
                patch.setattr(server.lane, "begin", fail)
                assert (await kept.answer(usual)).status == 500
            assert (await kept.answer(usual)).status == 200


def fail(*_: object) -> None:
    raise KeyError
