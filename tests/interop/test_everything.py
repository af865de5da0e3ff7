"""Our client at `server-everything`, the official server of the handshake revisions."""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from tests.support.node import Node
from tests.support.process import free_port, running

from toolyard.clients.mcp_client import MCPClient
from toolyard.core.content import Image, Resource, ResourceLink, Text
from toolyard.core.context import CallContext, LogLevel
from toolyard.core.inputs import InputRequest
from toolyard.core.tool import ToolAnnotations, ToolCall, ToolResult

pytestmark = pytest.mark.node

TOOLS = {
    "echo",
    "get-annotated-message",
    "get-env",
    "get-resource-links",
    "get-resource-reference",
    "get-structured-content",
    "get-sum",
    "get-tiny-image",
    "gzip-file-as-resource",
    "simulate-research-query",
    "toggle-simulated-logging",
    "toggle-subscriber-updates",
    "trigger-long-running-operation",
}
"""What it offers to a client that cannot be asked anything."""

MakeClient = Callable[[], MCPClient]


Step = tuple[float, float | None]


@dataclass
class Recorder:
    """A caller's side that notes progress and cannot be asked anything."""

    capabilities: Mapping[str, Any] = field(default_factory=dict[str, Any])
    log_level: LogLevel | None = None
    wants_progress: bool = True
    can_ask: bool = False
    steps: list[tuple[float, float | None]] = field(
        default_factory=list[tuple[float, float | None]]
    )

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        del message
        self.steps.append((progress, total))

    async def log(self, level: str, data: Any, logger: str | None) -> None:
        del level, data, logger

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        raise AssertionError(f"nobody should be asked {request.method}")


@pytest.fixture(scope="module")
def http_url(node: Node) -> Generator[str]:
    port = free_port()
    command = node.everything("streamableHttp")
    with running(command, environment={"PORT": str(port)}) as server:
        url = f"http://127.0.0.1:{port}/mcp"
        server.answers(url)
        yield url


@pytest.fixture
def over_http(http_url: str) -> MakeClient:
    return lambda: MCPClient(http_url)


@pytest.fixture(params=["http", "stdio"])
def make_client(request: pytest.FixtureRequest, node: Node) -> MakeClient:
    """A client over each transport, for what the transport may spoil."""
    if request.param == "http":
        return request.getfixturevalue("over_http")
    return lambda: MCPClient.stdio(node.everything("stdio"))


@asynccontextmanager
async def connected(make_client: MakeClient) -> AsyncGenerator[MCPClient]:
    with anyio.fail_after(30):
        async with make_client() as client:
            yield client


async def call(make_client: MakeClient, tool: str, **arguments: Any) -> ToolResult:
    async with connected(make_client) as client:
        return await client.call_tool(ToolCall(tool, arguments), CallContext())


async def test_its_tools_are_listed_as_it_describes_them(make_client: MakeClient) -> None:
    async with connected(make_client) as client:
        tools = {tool.name: tool for tool in await client.list_tools(CallContext())}
    assert set(tools) == TOOLS
    echo = tools["echo"]
    assert echo.title == "Echo Tool"
    assert echo.input_schema["required"] == ["message"]
    assert echo.annotations == ToolAnnotations(
        read_only=True, destructive=False, idempotent=True, open_world=False
    )
    weather = tools["get-structured-content"].output_schema
    assert weather is not None
    assert set(weather["required"]) == {"temperature", "conditions", "humidity"}


async def test_text_comes_through(make_client: MakeClient) -> None:
    result = await call(make_client, "echo", message="grüß dich 👋")
    assert result == ToolResult(content=(Text("Echo: grüß dich 👋"),))


async def test_numbers_arrive_as_numbers(over_http: MakeClient) -> None:
    result = await call(over_http, "get-sum", a=2, b=40)
    assert result.text == "The sum of 2 and 40 is 42."


async def test_an_image_comes_through_as_its_bytes(make_client: MakeClient) -> None:
    result = await call(make_client, "get-tiny-image")
    (image,) = [block for block in result.content if isinstance(block, Image)]
    assert image.mime_type == "image/png"
    assert image.data.startswith(b"\x89PNG\r\n")


async def test_structured_content_comes_through_with_its_text(over_http: MakeClient) -> None:
    result = await call(over_http, "get-structured-content", location="New York")
    assert result.structured == {"temperature": 33, "conditions": "Cloudy", "humidity": 82}
    assert '"Cloudy"' in result.text


async def test_annotations_of_a_block_come_through(over_http: MakeClient) -> None:
    result = await call(over_http, "get-annotated-message", messageType="error")
    (block,) = result.content
    assert isinstance(block, Text)
    assert block.annotations == {"audience": ["user", "assistant"], "priority": 1}


async def test_links_and_documents_come_through(over_http: MakeClient) -> None:
    links = await call(over_http, "get-resource-links", count=2)
    assert [block.uri for block in links.content if isinstance(block, ResourceLink)] == [
        "demo://resource/dynamic/blob/1",
        "demo://resource/dynamic/text/2",
    ]
    document = await call(over_http, "get-resource-reference", resourceType="Blob", resourceId=1)
    (resource,) = [block for block in document.content if isinstance(block, Resource)]
    assert resource.uri == "demo://resource/dynamic/blob/1"
    assert resource.blob
    assert resource.text is None


async def test_its_complaint_about_arguments_is_a_result(over_http: MakeClient) -> None:
    result = await call(over_http, "get-sum", a="two")
    assert result.is_error
    assert "expected number" in result.text


async def test_its_complaint_about_an_unknown_tool_comes_through(over_http: MakeClient) -> None:
    result = await call(over_http, "no-such-tool")
    assert result.is_error
    assert "no-such-tool" in result.text


async def test_progress_reaches_the_callers_side(make_client: MakeClient) -> None:
    recorder = Recorder()
    slow = ToolCall("trigger-long-running-operation", {"duration": 0.1, "steps": 4})
    async with connected(make_client) as client:
        result = await client.call_tool(slow, CallContext(channel=recorder))
    assert "completed" in result.text
    assert recorder.steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


async def test_calls_that_run_together_do_not_mix_up(make_client: MakeClient) -> None:
    results: dict[int, str] = {}

    async def echo(client: MCPClient, number: int) -> None:
        result = await client.call_tool(ToolCall("echo", {"message": str(number)}), CallContext())
        results[number] = result.text

    async with connected(make_client) as client, anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(echo, client, number)
    assert results == {number: f"Echo: {number}" for number in range(20)}
