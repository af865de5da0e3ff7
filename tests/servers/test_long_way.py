"""The SDK is there for whoever needs it, and only then."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from tests.servers.harness import ACCEPT, INITIALIZE, MODERN, builder, http_to, legacy, request
from tests.support.process import Running, free_port, running
from tests.support.serving import COMMAND

from toolyard.core.toolbox import Toolbox

UNNEEDED = {
    *("mcp", "mcp_types", "starlette", "sse_starlette", "httpx2", "opentelemetry"),
    *("pydantic_settings", "jsonschema_rs", "referencing", "prometheus_client"),
    *("rich", "typer", "jwt", "cryptography", "redis", "sqlite3", "yaml"),
    *("click", "uvicorn.main", "uvicorn.supervisors", "multiprocessing", "socketserver"),
    *("importlib.metadata", "email.message", "zipfile", "shutil", "lzma", "netaddr"),
    *("tomllib", "difflib", "statistics", "pydantic.type_adapter"),
    *("toolyard.core.function_tool", "toolyard.core.document", "toolyard.core.prompt"),
    *("toolyard.core.explanation", "toolyard.registry.policies.large_results"),
    *("toolyard.config.imports", "toolyard.cli.approval", "toolyard.servers.workers"),
}
"""What a calculator that plain requests come to has no use for."""

INSIDE = """
import asyncio
import sys
from toolyard import Toolbox

tools = Toolbox()
NOTHING = {"type": "object", "properties": {}}


async def loaded(arguments):
    return {"loaded": sorted(sys.modules)}


async def spoil(arguments):
    sys.modules["mcp.server.subscriptions"] = None
    return {"done": True}


async def mend(arguments):
    del sys.modules["mcp.server.subscriptions"]
    return {"done": True}


async def fail(arguments):
    raise ValueError("/a/path")


async def fail_later(arguments):
    await asyncio.sleep(0)
    raise ValueError("/a/path")


for each in (loaded, spoil, mend, fail, fail_later):
    tools.add_schema(each.__name__, each, description="Do it.", input_schema=NOTHING)
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def served(tmp_path: Path, port: int) -> Generator[Running]:
    """A calculator, and tools that tell of the process and spoil it."""
    file = tmp_path / "inside.py"
    file.write_text(INSIDE)
    with running([COMMAND, "serve", "calculator", str(file), "--port", str(port)]) as server:
        server.answers(f"http://127.0.0.1:{port}/healthz")
        yield server


async def modern(port: int, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    headers = {**ACCEPT, "mcp-protocol-version": MODERN, "mcp-method": method}
    if "name" in params:
        headers["mcp-name"] = params["name"]
    async with httpx2.AsyncClient(trust_env=False, timeout=20) as http:
        url = f"http://127.0.0.1:{port}/mcp"
        answer = await http.post(url, json=request(method, params), headers=headers)
    assert answer.status_code == 200
    return answer.json()["result"]


async def ran(port: int, tool: str, **arguments: Any) -> Mapping[str, Any]:
    answer = await modern(port, "tools/call", {"name": tool, "arguments": arguments})
    return answer["structuredContent"]


@pytest.mark.usefixtures("served")
async def test_calls_that_fail_need_no_sdk(port: int) -> None:
    wrong = await modern(port, "tools/call", {"name": "calculator", "arguments": {"x": 1}})
    assert wrong["isError"]
    assert "expression" in wrong["content"][0]["text"]
    for tool in ("fail", "fail_later"):
        failed = await modern(port, "tools/call", {"name": tool, "arguments": {}})
        assert failed["isError"]
        said = f"The tool '{tool}' failed: it ran into an unexpected ValueError."
        assert failed["content"] == [{"type": "text", "text": said}]
    assert not {"mcp", "mcp_types", "starlette"} & set((await ran(port, "loaded"))["loaded"])


@pytest.mark.usefixtures("served")
async def test_plain_requests_need_no_sdk_and_a_client_with_a_handshake_gets_it(port: int) -> None:
    assert await ran(port, "calculator", expression="1 + 2") == {"result": 3}
    listed = await modern(port, "tools/list", {})
    assert {tool["name"] for tool in listed["tools"]} >= {"calculator", "loaded"}
    assert not UNNEEDED & set((await ran(port, "loaded"))["loaded"])

    transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp")
    with anyio.fail_after(20):
        async with Client(transport, mode="legacy", cache=None) as client:
            found = await client.call_tool("calculator", {"expression": "2 * 3"})
            assert found.structured_content == {"result": 6}
            assert {tool.name for tool in (await client.list_tools()).tools} >= {"calculator"}
    assert "mcp" in (await ran(port, "loaded"))["loaded"]


async def test_where_the_sdk_cannot_be_loaded_a_sentence_says_so_and_it_is_tried_again(
    served: Running, port: int
) -> None:
    opening: dict[str, Any] = {"content": legacy("initialize", INITIALIZE), "headers": ACCEPT}
    url = f"http://127.0.0.1:{port}/mcp"
    await ran(port, "spoil")
    async with httpx2.AsyncClient(trust_env=False, timeout=20) as http:
        refused = await http.post(url, **opening)
        assert refused.status_code == 500
        assert "its log says why" in refused.json()["error"]["message"]
        assert "mcp" not in refused.text
        assert await ran(port, "calculator", expression="1 + 2") == {"result": 3}
        await ran(port, "mend")
        assert (await http.post(url, **opening)).status_code == 200
    assert "the SDK could not be started" in served.output


async def test_many_first_requests_find_one_way_open() -> None:
    async with builder(Toolbox()).build() as server, http_to(server) as http:
        assert server.long_way.side is None
        statuses: list[int] = []
        sides: set[object] = set()

        async def open_session() -> None:
            opening = legacy("initialize", INITIALIZE)
            answer = await http.post("/mcp", content=opening, headers=ACCEPT)
            statuses.append(answer.status_code)
            sides.add(server.long_way.side)

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(open_session)
    assert statuses == [200] * 20
    assert len(sides) == 1


async def test_a_server_that_stops_while_it_opens_waits_for_nobody() -> None:
    with anyio.fail_after(20):
        async with (
            builder(Toolbox()).build() as server,
            http_to(server) as http,
            anyio.create_task_group() as tasks,
        ):
            opening = legacy("initialize", INITIALIZE)
            tasks.start_soon(lambda: http.post("/mcp", content=opening, headers=ACCEPT))
            while not server.long_way._wanted.is_set():
                await anyio.lowlevel.checkpoint()
            await server.stop(0)
            tasks.cancel_scope.cancel()
