"""Servers that go away and come back."""

import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
import pytest
from anyio.abc import SocketStream
from tests.clients.serving import (
    ERAS,
    STDIO,
    Asked,
    OldServer,
    answering,
    asked_on,
    gone,
    handling,
    http,
    open_files,
    process_on,
    restartable,
    serving,
    url_of,
)
from tests.clients.tools import toolbox
from tests.support.process import free_port

from toolyard import CallContext, MCPClient, Toolbox, ToolCall, ToolResult
from toolyard.core.errors import RemoteFault, Unreachable

CONTEXT = CallContext()
ADD = ToolCall("add")
WAIT = ToolCall("wait", {"seconds": 60})


@asynccontextmanager
async def a_deadline() -> AsyncGenerator[None]:
    with anyio.fail_after(30):
        yield


async def process_id(client: MCPClient) -> int:
    result = await client.call_tool(ToolCall("process"), CONTEXT)
    return result.structured["result"]


@pytest.mark.parametrize("era", ERAS)
async def test_a_server_killed_during_a_call_is_told_at_once_and_used_when_it_is_back(
    era: str,
) -> None:
    port = free_port()
    async with (
        a_deadline(),
        process_on(port) as first,
        MCPClient(url_of(port), revision=era) as client,
    ):
        pid = await process_id(client)
        async with anyio.create_task_group() as tasks:
            lost = anyio.Event()

            async def call() -> None:
                with pytest.raises(Unreachable, match="may or may not have run"):
                    await client.call_tool(WAIT, CONTEXT)
                lost.set()

            tasks.start_soon(call)
            await process_id(client)
            first.send_signal(signal.SIGKILL)
            with anyio.fail_after(2):
                await lost.wait()
        await anyio.to_thread.run_sync(first.wait)
        with pytest.raises(Unreachable, match="Cannot reach"):
            await client.call_tool(WAIT, CONTEXT)
        async with process_on(port):
            assert await process_id(client) != pid
            assert await client.list_tools(CONTEXT) == await toolbox().list_tools(CONTEXT)


@pytest.mark.parametrize("era", ERAS)
async def test_a_server_restarted_between_calls_is_not_noticed(era: str) -> None:
    async with (
        a_deadline(),
        restartable(toolbox()) as server,
        MCPClient(server.url, revision=era) as client,
    ):
        await server.restart()
        assert (await client.call_tool(ToolCall("refuse"), CONTEXT)).text == "not today"
        await server.restart()
        assert await client.list_tools(CONTEXT) == await toolbox().list_tools(CONTEXT)


@pytest.mark.parametrize("era", ERAS)
async def test_a_killed_process_is_started_again(era: str) -> None:
    async with a_deadline(), MCPClient.stdio(STDIO, revision=era) as client:
        pid = await process_id(client)
        async with anyio.create_task_group() as tasks:

            async def call() -> None:
                with pytest.raises(Unreachable, match="may or may not have run"):
                    await client.call_tool(WAIT, CONTEXT)

            tasks.start_soon(call)
            await anyio.wait_all_tasks_blocked()
            os.kill(pid, signal.SIGKILL)
        pids: set[int] = set()
        async with anyio.create_task_group() as tasks:

            async def note() -> None:
                pids.add(await process_id(client))

            for _ in range(50):
                tasks.start_soon(note)
    assert len(pids) == 1
    assert pids != {pid}
    await gone(pids.pop())


FORGOTTEN = {
    "404": http(404, {"detail": "no such session"}),
    "404 in JSON-RPC": http(404, {"error": {"code": -32001, "message": "Session not found"}}),
    "400 in JSON-RPC": http(
        400, {"error": {"code": -32000, "message": "Bad Request: No valid session ID provided"}}
    ),
    "a missing id": http(400, {"error": {"message": "Bad Request: Missing session ID"}}),
    "not found": http(400, {"id": "server-error", "error": {"message": "Session not found"}}),
    "expired": http(400, {"id": None, "error": {"message": "Session 7f3e has expired"}}),
    "unknown": http(400, {"error": {"message": "Mcp-Session-Id header is required"}}),
    "not initialized": http(400, {"error": {"message": "Bad Request: Server not initialized"}}),
}


@pytest.mark.parametrize("forgotten", FORGOTTEN)
async def test_many_calls_in_a_lost_session_open_one_new_one_and_all_succeed(
    forgotten: str,
) -> None:
    server = OldServer(FORGOTTEN[forgotten])
    results: list[ToolResult] = []
    async with (
        a_deadline(),
        answering(server.answer) as url,
        MCPClient(url) as client,
        anyio.create_task_group() as tasks,
    ):

        async def call() -> None:
            results.append(await client.call_tool(ADD, CONTEXT))

        await call()
        server.forget()
        for _ in range(50):
            tasks.start_soon(call)
    assert [result.text for result in results] == ["ok"] * 51
    assert (server.sessions, server.calls) == (2, 51)


async def test_a_session_lost_again_and_again_is_not_chased() -> None:
    server = OldServer(always_forgets=True)
    async with a_deadline(), answering(server.answer) as url, MCPClient(url) as client:
        with pytest.raises(Unreachable):
            await client.call_tool(ADD, CONTEXT)
    assert server.sessions == 2


async def test_a_call_under_way_survives_that_another_finds_the_session_lost() -> None:
    server = OldServer()
    begun, go_on = anyio.Event(), anyio.Event()

    async def answer(asked: Asked) -> bytes:
        if asked.body and asked.body.get("params", {}).get("name") == "slow":
            begun.set()
            await go_on.wait()
            result = {"content": [{"type": "text", "text": "late"}]}
            return http(200, {"jsonrpc": "2.0", "id": asked.body["id"], "result": result})
        return await server.answer(asked)

    texts: list[str] = []
    async with (
        a_deadline(),
        answering(answer) as url,
        MCPClient(url) as client,
        anyio.create_task_group() as tasks,
    ):

        async def call(name: str) -> None:
            texts.append((await client.call_tool(ToolCall(name), CONTEXT)).text)

        tasks.start_soon(call, "slow")
        await begun.wait()
        server.forget()
        await call("add")
        go_on.set()
    assert texts == ["ok", "late"]


@pytest.mark.parametrize("era", ERAS)
async def test_nothing_is_left_after_leaving(era: str) -> None:
    async with a_deadline(), serving(toolbox()) as url:
        async with MCPClient(url, revision=era) as client:
            await client.list_tools(CONTEXT)
        tasks, files = len(anyio.get_running_tasks()), open_files()
        for _ in range(5):
            async with MCPClient(url, revision=era) as client:
                client.subscribe(lambda change: None)
                await client.list_tools(CONTEXT)
        await anyio.wait_all_tasks_blocked()
        assert len(anyio.get_running_tasks()) <= tasks
        assert open_files() <= files + 2  # the server may not have closed its end yet


@pytest.mark.parametrize("era", ERAS)
async def test_concurrent_calls_do_not_mix_their_results(era: str) -> None:
    async with a_deadline(), serving(toolbox()) as url, MCPClient(url, revision=era) as client:
        given: dict[int, object] = {}

        async def call(number: int) -> None:
            result = await client.call_tool(ToolCall("described", {"n": number}), CONTEXT)
            given[number] = result.structured

        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(call, number)
    assert given == {number: {"n": number} for number in range(100)}


async def test_a_cancelled_first_caller_does_not_keep_the_next_from_connecting() -> None:
    server = OldServer()
    hold = anyio.Event()

    async def answer(asked: Asked) -> bytes:
        if server.sessions and asked.body and asked.body.get("method") == "initialize":
            await hold.wait()
        return await server.answer(asked)

    async with (
        a_deadline(),
        answering(answer) as url,
        MCPClient(url, revision="legacy") as client,
    ):
        server.forget()
        with anyio.move_on_after(0.2):
            await client.call_tool(ADD, CONTEXT)
        hold.set()
        assert (await client.call_tool(ADD, CONTEXT)).text == "ok"


@pytest.mark.parametrize("begins", ["never", "with events"])
async def test_a_call_that_was_given_up_leaves_nothing_behind(
    begins: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolyard.clients.posts.GRACE_S", 0.1)
    server, taken_back = OldServer(), 0

    async def handle(stream: SocketStream) -> None:
        async with stream:
            asked = await asked_on(stream)
            if not asked.body or asked.body["method"] != "tools/call":
                nonlocal taken_back
                taken_back += bool(asked.body) and asked.body["method"].endswith("cancelled")
                await stream.send(await server.answer(asked))
                return
            if begins == "with events":
                head = "HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\n"
                await stream.send(f"{head}id: 1\ndata:\n\n".encode())
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await stream.receive()

    async with a_deadline(), handling(handle) as url, MCPClient(url) as client:
        await client.list_tools(CONTEXT)
        tasks = len(anyio.get_running_tasks())
        for _ in range(5):
            with anyio.move_on_after(0.2):
                await client.call_tool(ADD, CONTEXT)
        with anyio.fail_after(5):
            while len(anyio.get_running_tasks()) > tasks:  # noqa: ASYNC110  (nothing tells)
                await anyio.sleep(0.01)
    assert taken_back == 5


REFUSALS = {
    "a word in passing": (400, None, "Payment done but shopping session is closed"),
    "an answer": (400, "ours", "The session expired after the payment."),
    "an answer that nothing was found": (404, "ours", "Order not found."),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_call_that_may_have_run_is_not_repeated(refusal: str) -> None:
    server, calls = OldServer(), 0
    status, number, message = REFUSALS[refusal]

    async def answer(asked: Asked) -> bytes:
        if asked.body and asked.body.get("method") == "tools/call":
            nonlocal calls
            calls += 1
            ours = asked.body["id"] if number else None
            error = {"code": -32000, "message": message}
            return http(status, {"jsonrpc": "2.0", "id": ours, "error": error})
        return await server.answer(asked)

    async with a_deadline(), answering(answer) as url, MCPClient(url) as client:
        with pytest.raises((Unreachable, RemoteFault), match=message.removesuffix(".")):
            await client.call_tool(ADD, CONTEXT)
        assert calls == 1
        assert len(await client.list_tools(CONTEXT)) == 1
    assert server.sessions == 1 + (refusal == "an answer")


@pytest.mark.parametrize("revision", ["legacy", "2026-07-28"])
async def test_a_call_is_not_repeated_for_headers_where_there_are_none(revision: str) -> None:
    source, calls = Toolbox(), 0

    @source.tool
    def mismatched() -> None:
        """Complain of headers."""
        nonlocal calls
        calls += 1
        raise RemoteFault(-32020, "headers do not match")

    del mismatched
    async with a_deadline(), serving(source) as url, MCPClient(url, revision=revision) as client:
        with pytest.raises(RemoteFault, match="headers"):
            await client.call_tool(ToolCall("mismatched"), CONTEXT)
    assert calls == {"legacy": 1, "2026-07-28": 2}[revision]
