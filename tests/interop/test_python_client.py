"""The official Python client in each of its modes, and a host that changes its mind on stdio."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import httpx2
import mcp_types as types
import pytest
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from tests.support.nursery import nursery
from tests.support.process import Running, running
from tests.support.serving import Served, over_stdio

MODES = [("legacy", "2025-11-25"), ("auto", "2026-07-28"), ("2026-07-28", "2026-07-28")]
UNKNOWN_TOOL = -32602

Connect = Callable[[str], AbstractAsyncContextManager[Client]]


@asynccontextmanager
async def over_http(served: Served, mode: str) -> AsyncGenerator[Client]:
    headers = {"Authorization": served.authorization}
    with anyio.fail_after(30):
        async with httpx2.AsyncClient(headers=headers, trust_env=False) as http:
            transport = streamable_http_client(served.url, http_client=http)
            async with Client(transport, mode=mode) as client:
                yield client


@asynccontextmanager
async def over_pipes(mode: str) -> AsyncGenerator[Client]:
    program, *arguments = nursery().command(*over_stdio("calculator"))
    with anyio.fail_after(30):
        async with Client(
            StdioServerParameters(command=program, args=arguments), mode=mode
        ) as client:
            yield client


@pytest.fixture(params=["http", "stdio"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """A way to the calculator, given the client's mode."""
    if request.param == "stdio":
        return over_pipes
    calculator: Served = request.getfixturevalue("calculator")
    return lambda mode: over_http(calculator, mode)


@pytest.mark.parametrize(("mode", "revision"), MODES)
async def test_it_settles_on_a_revision_and_lists_the_tools(
    connect: Connect, mode: str, revision: str
) -> None:
    async with connect(mode) as client:
        assert client.protocol_version == revision
        listed = await client.list_tools()
    assert [tool.name for tool in listed.tools] == ["calculator"]


@pytest.mark.parametrize(("mode", "revision"), MODES)
async def test_it_calls_a_tool(connect: Connect, mode: str, revision: str) -> None:
    del revision
    async with connect(mode) as client:
        result = await client.call_tool("calculator", {"expression": "2^10"})
    assert result.structured_content == {"result": 1024}
    assert isinstance(result.content[0], types.TextContent)
    assert "1024" in result.content[0].text
    assert not result.is_error


@pytest.mark.parametrize(("mode", "revision"), MODES)
async def test_it_gets_the_protocols_error_for_an_unknown_tool(
    connect: Connect, mode: str, revision: str
) -> None:
    del revision
    async with connect(mode) as client:
        with pytest.raises(MCPError) as refused:
            await client.call_tool("no_such_tool", {})
    assert refused.value.code == UNKNOWN_TOOL


@pytest.mark.parametrize(("mode", "revision"), MODES)
async def test_it_receives_progress_before_the_result(
    slow_tools: Served, mode: str, revision: str
) -> None:
    del revision
    steps: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        steps.append((progress, total, message))

    async with over_http(slow_tools, mode) as client:
        arguments = {"n": 2, "run": f"python {mode}"}
        result = await client.call_tool("count_to", arguments, progress_callback=note)
    assert result.structured_content == {"result": 2}
    assert steps == [(1, 2, "at 1"), (2, 2, "at 2")]


@pytest.mark.parametrize(("mode", "revision"), MODES)
async def test_it_cancels_a_call_and_the_tool_stops(
    slow_tools: Served, mode: str, revision: str
) -> None:
    del revision
    started = anyio.Event()
    run = f"python {mode} cancelled"

    async def note(progress: float, total: float | None, message: str | None) -> None:
        del progress, total, message
        started.set()

    async def count(client: Client) -> None:
        await client.call_tool("count_to", {"n": 1000, "run": run}, progress_callback=note)

    async with over_http(slow_tools, mode) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(count, client)
            await started.wait()
            group.cancel_scope.cancel()
        with anyio.fail_after(5):
            ending = await client.call_tool("ending_of", {"run": run})
    assert ending.structured_content == {"result": "cancelled"}


def ask(server: Running, number: int, method: str, **params: Any) -> dict[str, Any]:
    """Send a request and give the answer."""
    request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    server.send(json.dumps(request))
    answer = json.loads(server.line())
    assert answer["id"] == number
    return answer


def test_a_host_may_discover_and_then_shake_hands_on_one_pipe() -> None:
    meta: dict[str, Any] = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "host", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    me: dict[str, Any] = {"clientInfo": {"name": "host", "version": "1"}, "capabilities": {}}
    with running(over_stdio("calculator")) as server:
        discovered = ask(server, 1, "server/discover", _meta=meta)
        assert "2026-07-28" in discovered["result"]["supportedVersions"]

        shaken = ask(server, 2, "initialize", protocolVersion="2025-11-25", **me)
        assert shaken["result"]["protocolVersion"] == "2025-11-25"
        server.send('{"jsonrpc": "2.0", "method": "notifications/initialized"}')

        called = ask(server, 3, "tools/call", name="calculator", arguments={"expression": "6*7"})
        assert called["result"]["structuredContent"] == {"result": 42}


def test_a_host_may_discover_and_go_on_without_a_handshake() -> None:
    meta: dict[str, Any] = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    with running(over_stdio("calculator")) as server:
        ask(server, 1, "server/discover", _meta=meta)
        call = {"name": "calculator", "arguments": {"expression": "6*7"}}
        called = ask(server, 2, "tools/call", **call, _meta=meta)
        assert called["result"]["structuredContent"] == {"result": 42}
        assert called["result"]["resultType"] == "complete"
