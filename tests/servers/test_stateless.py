"""A server that keeps no sessions: each request of the handshake revisions stands for itself."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
from tests.servers.harness import (
    ACCEPT,
    INITIALIZE,
    TOKEN,
    ask,
    builder,
    client_of,
    http_to,
    legacy,
    messages,
)

from toolyard import CallContext, Toolbox
from toolyard.core.inputs import elicit
from toolyard.servers.tool_server import ToolServer


def talking() -> Toolbox:
    """Tools that say something meanwhile."""
    tools = Toolbox()

    @tools.tool
    async def tell(context: CallContext) -> str:
        """Tell how far it is."""
        await context.progress(1, 2, "half")
        return "told"

    @tools.tool
    async def who(context: CallContext) -> str:
        """Ask who it is."""
        return str(await context.ask("who", elicit("Who?", {"type": "object", "properties": {}})))

    @tools.resource("notes://today")
    async def today() -> str:
        """Today's notes."""
        return "nothing"

    assert tell
    assert who
    assert today
    return tools


@pytest.fixture(scope="module")
async def replicas() -> AsyncGenerator[list[ToolServer]]:
    async with AsyncExitStack() as running:
        yield [
            await running.enter_async_context(
                builder(talking()).with_bearer_token(TOKEN).with_stateless().build()
            )
            for _ in range(2)
        ]


async def post(http: httpx2.AsyncClient, method: str, params: Any = None) -> list[Any]:
    return messages(await http.post("/mcp", content=legacy(method, params), headers=ACCEPT))


async def test_any_replica_answers_any_request(replicas: list[ToolServer]) -> None:
    first, second = replicas
    async with http_to(first, TOKEN) as one, http_to(second, TOKEN) as other:
        opened = await one.post("/mcp", content=legacy("initialize", INITIALIZE), headers=ACCEPT)
        assert "mcp-session-id" not in opened.headers
        ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        assert (await other.post("/mcp", json=ready, headers=ACCEPT)).status_code == 202
        (listed,) = await post(other, "tools/list")
        (said,) = await post(one, "tools/call", {"name": "tell", "arguments": {}})
    assert [tool["name"] for tool in listed["result"]["tools"]] == ["tell", "who"]
    assert said["result"]["structuredContent"] == {"result": "told"}


async def test_progress_of_a_call_reaches_the_client(replicas: list[ToolServer]) -> None:
    params = {"name": "tell", "arguments": {}, "_meta": {"progressToken": "mine"}}
    async with http_to(replicas[0], TOKEN) as http:
        progress, answer = await post(http, "tools/call", params)
    assert progress["params"] == {
        "progressToken": "mine", "progress": 1, "total": 2, "message": "half",
    }  # fmt: skip
    assert answer["result"]["structuredContent"] == {"result": "told"}


async def test_nothing_is_promised_that_needs_a_session(replicas: list[ToolServer]) -> None:
    async with http_to(replicas[0], TOKEN) as http:
        (opened,) = await post(http, "initialize", INITIALIZE)
        (watched,) = await post(http, "resources/subscribe", {"uri": "notes://today"})
        modern = (await ask(http, "server/discover")).json()
    offered = opened["result"]["capabilities"]
    assert offered["tools"] == {"listChanged": False}
    assert offered["resources"] == {"listChanged": False, "subscribe": False}
    assert watched["error"]["code"] == -32601
    assert modern["result"]["capabilities"]["tools"] == {"listChanged": True}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_there_is_no_stream_to_open_and_no_session_to_end(
    replicas: list[ToolServer], method: str
) -> None:
    async with http_to(replicas[0], TOKEN) as http:
        answer = await http.request(method, "/mcp", headers=ACCEPT)
    assert answer.status_code == 405


async def test_a_question_in_the_middle_of_a_call_says_what_is_missing(
    replicas: list[ToolServer],
) -> None:
    async with http_to(replicas[0], TOKEN) as http:
        (answer,) = await post(http, "tools/call", {"name": "who", "arguments": {}})
    assert answer["result"]["isError"] is True
    assert "elicitation" in json.dumps(answer)


async def test_the_official_client_is_served(replicas: list[ToolServer]) -> None:
    async with client_of(replicas[0], "legacy", TOKEN) as client:
        answer = await client.call_tool("tell", {})
    assert answer.structured_content == {"result": "told"}
