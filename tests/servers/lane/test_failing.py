"""Calls that fail in a source are told and logged once, in the fast lane as by the SDK's app."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from tests.servers.harness import INITIALIZE, builder, call, http_to, legacy, messages, open_session
from tests.servers.lane.odd_requests import plain, plain_legacy
from tests.servers.lane.wire import as_bytes

from toolyard import CallContext, Toolbox, ToolCall, ToolResult
from toolyard.core.errors import NotAllowed, RemoteFault, ToolError

LANES = pytest.mark.parametrize("fast_lane", [False, True])
PLACE = "/srv/inside"


class Wordless(ToolError):
    """Raises where its text is asked for."""

    def __str__(self) -> str:
        raise KeyError(PLACE)


class Scopeless(NotAllowed):
    """Lacks what its class holds."""

    def __init__(self) -> None:
        Exception.__init__(self, PLACE)


class Codeless(RemoteFault):
    """Lacks what its class holds."""

    def __init__(self) -> None:
        Exception.__init__(self, PLACE)


class Source(Toolbox):
    """One tool, whose calls do what a test wants, and nobody makes results of what they raise."""

    def __init__(self, work: Callable[[CallContext], Any]) -> None:
        super().__init__()
        self.work = work
        self.begun = anyio.Event()
        self.ended = anyio.Event()
        self.add(_nothing, name="work")

    def instant(self, name: str) -> None:
        """It always waits."""

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Do it."""
        self.begun.set()
        try:
            return await self.work(context)
        finally:
            self.ended.set()


async def _nothing() -> None:
    """Do nothing."""


def raising(error: type[Exception]) -> Callable[[CallContext], Any]:
    async def work(context: CallContext) -> ToolResult:
        del context
        raise error

    return work


def said_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged as an error."""
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]


FAILED = ["the tool 'work' failed unexpectedly"]


@LANES
@pytest.mark.parametrize("error", [Wordless, Scopeless, Codeless])
async def test_an_error_that_cannot_be_told_is_a_bug(
    caplog: pytest.LogCaptureFixture, error: type[Exception], fast_lane: bool
) -> None:
    server = builder(Source(raising(error))).with_fast_lane(fast_lane).build()
    async with server, http_to(server) as http:
        answer = await call(http, "work")
    assert answer.status_code == 200
    (message,) = messages(answer)
    assert message["result"]["isError"]
    assert PLACE not in answer.text
    assert said_of(caplog) == FAILED


@LANES
async def test_a_bug_is_logged_once_however_small_answers_must_be(
    caplog: pytest.LogCaptureFixture, fast_lane: bool
) -> None:
    built = builder(Source(raising(KeyError))).with_fast_lane(fast_lane)
    async with built.with_limits(answer_bytes=300).build() as server, http_to(server) as http:
        (message,) = messages(await call(http, "work"))
    assert message["result"]["isError"]
    assert said_of(caplog) == FAILED


@LANES
async def test_a_bug_is_logged_though_the_client_left(
    caplog: pytest.LogCaptureFixture, fast_lane: bool
) -> None:
    async def work(context: CallContext) -> ToolResult:
        del context
        try:
            await anyio.sleep_forever()
        finally:
            raise KeyError(PLACE)

    source = Source(work)
    async with builder(source).with_fast_lane(fast_lane).build() as server:
        odd = plain("tools/call", {"name": "work", "arguments": {}})
        odd.headers = [pair for pair in odd.headers if pair[0] != b"authorization"]
        async with await anyio.connect_tcp("127.0.0.1", server.port) as connection:
            await connection.send(as_bytes(server.port, odd))
            with anyio.fail_after(5):
                await source.begun.wait()
        with anyio.fail_after(5):
            await source.ended.wait()
            while not said_of(caplog):
                await anyio.lowlevel.checkpoint()
    assert said_of(caplog) == FAILED


@LANES
async def test_nobody_waits_for_a_call_that_cancelled_itself(fast_lane: bool) -> None:
    """As one does that waits for a task which somebody else has cancelled."""

    async def work(context: CallContext) -> ToolResult:
        del context
        raise asyncio.CancelledError

    async with builder(Source(work)).with_fast_lane(fast_lane).build() as server:
        odd = plain("tools/call", {"name": "work", "arguments": {}})
        odd.headers = [pair for pair in odd.headers if pair[0] != b"authorization"]
        async with await anyio.connect_tcp("127.0.0.1", server.port) as connection:
            await connection.send(as_bytes(server.port, odd))
            with anyio.fail_after(5), suppress(anyio.EndOfStream):
                assert b" 500 " in await connection.receive()
        assert server.registry.health()["tools"]["in_flight"] == 0


async def test_who_reports_after_the_client_left_keeps_nothing_of_its_call_under_way() -> None:
    late: list[asyncio.Task[None]] = []
    go = anyio.Event()

    async def report(context: CallContext) -> None:
        await go.wait()
        await context.progress(1, 2, "late")

    async def work(context: CallContext) -> ToolResult:
        late.append(asyncio.create_task(report(context)))
        await anyio.sleep_forever()
        return ToolResult()

    source = Source(work)
    async with builder(source).build() as server, http_to(server) as http:
        session = await open_session(http, INITIALIZE)
        odd = plain_legacy("tools/call", {"name": "work", "arguments": {}}, None)
        odd.message["params"]["_meta"]["progressToken"] = "t"
        odd.headers = [(name.encode(), value.encode()) for name, value in session.items()]
        while "json" not in (await _listed(http, session)).headers["content-type"]:
            await anyio.lowlevel.checkpoint()  # its handshake is not done yet
        before = len(asyncio.all_tasks())
        async with await anyio.connect_tcp("127.0.0.1", server.port) as connection:
            await connection.send(as_bytes(server.port, odd))
            with anyio.fail_after(5):
                await source.begun.wait()
        with anyio.fail_after(5):
            await source.ended.wait()
            await anyio.sleep(0.05)
            go.set()
            await late[0]
            await anyio.sleep(0.05)
        assert len(asyncio.all_tasks()) <= before
        # The number of the call is free again, or else the SDK would have to answer.
        assert "json" in (await _listed(http, session, number=7)).headers["content-type"]


async def _listed(http: Any, session: dict[str, str], number: int = 1) -> Any:
    content = legacy("tools/list", number=number)
    return await http.post("/mcp", content=content, headers=session)
