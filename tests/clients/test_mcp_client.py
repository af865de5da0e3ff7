"""What a remote tool says of itself and gives arrives unchanged, on every way to it."""

import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import mcp_types as types
import pytest
from mcp import Client
from mcp.server.lowlevel import Server
from tests.clients.serving import ERAS, TOOLS, Asked, OldServer, answering, http, serving
from tests.clients.tools import LARGE, RESULTS, toolbox
from tests.support.nursery import nursery

from toolyard import CallContext, MCPClient, Toolbox, ToolCall, ToolProtocol
from toolyard.clients.calls import Calls
from toolyard.core.content import Text
from toolyard.core.context import LogLevel
from toolyard.core.errors import (
    CallTimeout,
    ConfigError,
    InputRequired,
    InvalidArguments,
    RemoteFault,
    Unreachable,
)
from toolyard.core.inputs import InputRequest
from toolyard.core.protocol import ChangeProtocol
from toolyard.core.tool import ToolResult

WAYS = [(way, era) for way in ("http", "stdio") for era in ERAS]
FEWER = [("http", "auto"), ("http", "legacy"), ("stdio", "legacy")]
CONTEXT = CallContext()


@asynccontextmanager
async def connected(way: str, era: str, **options: Any) -> AsyncGenerator[MCPClient]:
    with anyio.fail_after(20):
        if way == "stdio":
            command = nursery().command(str(TOOLS), "--stdio")
            async with MCPClient.stdio(command, revision=era, **options) as client:
                yield client
            return
        async with serving(toolbox()) as url, MCPClient(url, revision=era, **options) as client:
            yield client


@pytest.mark.parametrize(("way", "era"), WAYS)
async def test_tools_and_results_come_through_unchanged(way: str, era: str) -> None:
    async with connected(way, era) as client:
        assert await client.list_tools(CONTEXT) == await toolbox().list_tools(CONTEXT)
        for name, served in RESULTS.items():
            assert await client.call_tool(ToolCall(name), CONTEXT) == served
        refused = await client.call_tool(ToolCall("refuse"), CONTEXT)
        assert (refused.is_error, refused.text) == (True, "not today")


@pytest.mark.parametrize("era", ERAS)
async def test_the_era_is_the_one_that_was_agreed_on(era: str) -> None:
    async with connected("http", era) as client:
        assert client.sdk.protocol_version == {"auto": "2026-07-28", "legacy": "2025-11-25"}[era]


def test_it_is_a_source_that_speaks_of_changes() -> None:
    client = MCPClient("http://127.0.0.1:1/mcp")
    assert isinstance(client, ToolProtocol)
    assert isinstance(client, ChangeProtocol)


@pytest.mark.parametrize("era", ERAS)
async def test_every_page_is_listed_in_order(era: str) -> None:
    async with serving(toolbox(), page_size=2) as url, MCPClient(url, revision=era) as client:
        assert await client.list_tools(CONTEXT) == await toolbox().list_tools(CONTEXT)


async def test_a_list_without_an_end_is_given_up() -> None:
    same = {"tools": [{"name": "a", "inputSchema": {"type": "object"}}], "nextCursor": "again"}

    async def list_tools(context: object, params: object) -> dict[str, Any]:
        del context, params
        return {"resultType": "complete", "ttlMs": 0, "cacheScope": "private", **same}

    endless: Server[Any] = Server("endless")
    endless.add_request_handler("tools/list", types.PaginatedRequestParams, list_tools)
    async with Client(endless, cache=None) as client:
        with anyio.fail_after(5), pytest.raises(RemoteFault, match="without an end"):
            await Calls(client, None, declared=None, is_http=False).tools()


async def test_an_argument_that_belongs_into_a_header_needs_no_listing_first() -> None:
    async with connected("http", "auto") as client:
        result = await client.call_tool(ToolCall("headed", {"region": "eu west"}), CONTEXT)
        assert result.structured == {"region": "eu west"}


@pytest.mark.parametrize(("way", "era"), FEWER)
async def test_progress_reaches_the_channel_of_the_call(way: str, era: str) -> None:
    steps: list[tuple[float, float | None, str | None]] = []

    class Channel:
        capabilities: Mapping[str, Any] = {}
        log_level: LogLevel | None = None
        wants_progress = True
        can_ask = False

        async def progress(self, progress: float, total: float | None, message: str | None) -> None:
            steps.append((progress, total, message))

        async def log(self, level: str, data: Any, logger: str | None) -> None:
            raise AssertionError((level, data, logger))

        async def ask(self, request: InputRequest) -> Mapping[str, Any]:
            raise AssertionError(request)

    async with connected(way, era) as client:
        context = CallContext(channel=Channel())
        result = await client.call_tool(ToolCall("count", {"to": 3}), context)
    assert result.structured == {"result": 3}
    assert steps == [(1, 3, "at 1"), (2, 3, "at 2"), (3, 3, "at 3")]


@pytest.mark.parametrize(("way", "era"), FEWER)
async def test_a_question_is_answered_where_there_is_an_answer(way: str, era: str) -> None:
    async def answer(request: InputRequest) -> Mapping[str, Any]:
        assert request.method == "elicitation/create"
        assert request.params["message"] == "Who are you?"
        return {"action": "accept", "content": {"name": "Ada"}}

    async with connected(way, era, answer=answer) as client:
        result = await client.call_tool(ToolCall("greet"), CONTEXT)
    assert result.text == "accept {'name': 'Ada'}"


async def test_a_question_without_an_answer_ends_the_call_and_the_next_try_answers_it() -> None:
    async with connected("http", "auto") as client:
        with pytest.raises(InputRequired) as asked:
            await client.call_tool(ToolCall("greet"), CONTEXT)
        assert asked.value.requests["who"].method == "elicitation/create"

        said = {"who": {"action": "decline"}}
        again = CallContext(inputs=said, state=asked.value.state)
        result = await client.call_tool(ToolCall("greet"), again)
    assert result.text == "decline None"


async def test_an_old_server_is_not_told_that_questions_have_answers() -> None:
    async with connected("http", "legacy") as client:
        result = await client.call_tool(ToolCall("greet"), CONTEXT)
    assert result.is_error
    assert "capability" in result.text


@pytest.mark.parametrize("era", ERAS)
async def test_an_answer_that_fails_fails_the_call_and_not_the_client(era: str) -> None:
    async def answer(request: InputRequest) -> Mapping[str, Any]:
        raise ValueError("a secret of ours")

    async with connected("http", era, answer=answer) as client:
        try:
            said = (await client.call_tool(ToolCall("greet"), CONTEXT)).text
        except RemoteFault as fault:
            said = str(fault)
        assert "secret" not in said
        assert (await client.call_tool(ToolCall("refuse"), CONTEXT)).is_error


@pytest.mark.parametrize("era", ERAS)
async def test_an_unknown_tool_is_the_servers_protocol_error(era: str) -> None:
    async with connected("http", era) as client:
        with pytest.raises(RemoteFault, match="'nobody'") as refused:
            await client.call_tool(ToolCall("nobody"), CONTEXT)
    assert refused.value.wire_code == -32602


CODES = (-32000, -32001, -32602, -32603, -32700, 4711)


@pytest.mark.parametrize("era", ERAS)
async def test_a_servers_error_keeps_its_code_message_and_details(era: str) -> None:
    source = Toolbox()
    details = {"why": ["this", None]}

    @source.tool
    def fail(code: int) -> None:
        """Fail."""
        raise RemoteFault(code, "as said upstream", details)

    async with serving(source) as url, MCPClient(url, revision=era) as client:
        for code in CODES:
            with pytest.raises(RemoteFault, match="as said upstream") as fault:
                await client.call_tool(ToolCall("fail", {"code": code}), CONTEXT)
            assert (fault.value.wire_code, fault.value.details) == (code, details)


@pytest.mark.parametrize(("way", "era"), FEWER)
async def test_the_deadline_ends_a_call_and_the_client_goes_on(way: str, era: str) -> None:
    async with connected(way, era) as client:
        began = anyio.current_time()
        soon = CallContext(deadline=anyio.current_time() + 0.2)
        with pytest.raises(CallTimeout):
            await client.call_tool(ToolCall("wait", {"seconds": 60}), soon)
        assert anyio.current_time() - began < 2
        assert (await client.call_tool(ToolCall("wait", {"seconds": 0}), CONTEXT)).text == "0.0"


async def test_a_deadline_that_has_passed_sends_nothing() -> None:
    calls: list[str] = []

    async def answer(asked: Asked) -> bytes:
        calls.append(asked.body["method"])
        return http(500)

    async with answering(answer) as url, MCPClient(url, revision="2026-07-28") as client:
        with pytest.raises(CallTimeout):
            await client.call_tool(ToolCall("x"), CallContext(deadline=anyio.current_time() - 1))
    assert calls == []


@pytest.mark.parametrize("era", ERAS)
async def test_the_tool_of_a_cancelled_call_is_cancelled(era: str) -> None:
    source = Toolbox()
    started, ended = anyio.Event(), anyio.Event()

    @source.tool
    async def hang() -> None:
        """Hang."""
        started.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    async with serving(source) as url, MCPClient(url, revision=era) as client:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, ToolCall("hang"), CONTEXT)
                await started.wait()
                tasks.cancel_scope.cancel()
            await ended.wait()
            assert await client.list_tools(CONTEXT) == await source.list_tools(CONTEXT)


UNFIT = {
    "half a character": ToolCall("wait", {"seconds": "\ud800"}),
    "half a character in the name": ToolCall("wait\ud800"),
    "not a number": ToolCall("wait", {"seconds": math.nan}),
    "an object": ToolCall("wait", {"seconds": object()}),
}


@pytest.mark.parametrize(("way", "era"), [("http", "auto"), ("stdio", "legacy")])
async def test_arguments_that_json_cannot_hold_harm_no_other_call(way: str, era: str) -> None:
    results: list[str] = []

    async with connected(way, era) as client, anyio.create_task_group() as tasks:

        async def call() -> None:
            said = await client.call_tool(ToolCall("wait", {"seconds": 0.2}), CONTEXT)
            results.append(said.text)

        tasks.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        for unfit in UNFIT.values():
            with pytest.raises(InvalidArguments, match="JSON"):
                await client.call_tool(unfit, CONTEXT)
    assert results == ["0.2"]


def nested(levels: int) -> object:
    return [nested(levels - 1)] if levels else 0


@pytest.mark.parametrize(("way", "era"), FEWER)
async def test_arguments_nested_too_deeply_are_refused_here(way: str, era: str) -> None:
    async with connected(way, era) as client:
        for levels in (199, 250, 600):
            with pytest.raises(InvalidArguments, match="200 deep"):
                await client.call_tool(ToolCall("described", {"n": nested(levels)}), CONTEXT)


async def test_broken_base64_is_a_fault_of_the_server() -> None:
    block = {"type": "image", "data": "abc", "mimeType": "image/png"}
    result = {"content": [block], "resultType": "complete"}

    async def answer(asked: Asked) -> bytes:
        return http(200, {"jsonrpc": "2.0", "id": asked.body["id"], "result": result})

    async with answering(answer) as url, MCPClient(url, revision="2026-07-28") as client:
        with pytest.raises(RemoteFault, match="unintelligible"):
            await client.call_tool(ToolCall("x"), CONTEXT)


async def test_it_can_be_entered_again_and_not_used_in_between() -> None:
    async with serving(toolbox()) as url:
        client = MCPClient(url)
        for _ in range(2):
            async with client:
                assert await client.call_tool(ToolCall("large"), CONTEXT) == ToolResult((LARGE,))
            with pytest.raises((RuntimeError, RemoteFault, Unreachable)):
                await client.list_tools(CONTEXT)


async def test_what_the_body_raises_passes_unchanged() -> None:
    async with serving(toolbox()) as url:
        with pytest.raises(KeyError, match="mine"):
            async with MCPClient(url):
                raise KeyError("mine")


def test_a_revision_that_nobody_speaks_is_refused() -> None:
    with pytest.raises(ConfigError, match="2025-11-25"):
        MCPClient("http://127.0.0.1:1/mcp", revision="2025-11-25")


async def test_what_a_tool_says_of_tasks_passes_through_where_the_revision_has_it() -> None:
    said = {"taskSupport": "optional"}
    listed = {"name": "long", "inputSchema": {"type": "object"}, "execution": said}
    upstream = OldServer()

    async def answer(asked: Asked) -> bytes:
        if asked.body and asked.body["method"] == "tools/list":
            result = {"tools": [listed]}
            return http(200, {"jsonrpc": "2.0", "id": asked.body["id"], "result": result})
        return await upstream.answer(asked)

    async with answering(answer) as url, serving(MCPClient(url)) as served:
        async with MCPClient(served, revision="legacy") as far:
            assert [tool.execution for tool in await far.list_tools(CONTEXT)] == [said]
        async with MCPClient(served) as far:
            assert [tool.execution for tool in await far.list_tools(CONTEXT)] == [None]


async def test_a_note_that_is_null_stays_null() -> None:
    block = {"type": "text", "text": "x", "annotations": {"priority": None}, "_meta": {"a": None}}

    async def answer(asked: Asked) -> bytes:
        result = {"content": [block], "resultType": "complete"}
        return http(200, {"jsonrpc": "2.0", "id": asked.body["id"], "result": result})

    async with answering(answer) as url, MCPClient(url, revision="2026-07-28") as client:
        result = await client.call_tool(ToolCall("x"), CONTEXT)
    assert result.content == (Text("x", {"priority": None}, {"a": None}),)
